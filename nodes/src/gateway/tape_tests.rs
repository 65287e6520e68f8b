//! What a strip keeps, and what it makes of a day.

use super::{MINUTE, MINUTES_MAX, Print, Strip, TRADES_MAX, Tape};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::ids::{InstrumentId, TradeNo};
use hoga_engine::order::Side;
use hoga_engine::time::Time;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use tokio::sync::watch;

fn print(no: u64, price: u32, minute: u64) -> Print {
    let time = Time(minute * MINUTE + 1);
    Print { no: TradeNo(no), price: Ticks(price), quantity: Lots(2), taker: Some(Side::Buy), time }
}

fn tape(prints: impl IntoIterator<Item = Print>) -> Tape {
    let mut strip = Strip::default();
    prints.into_iter().for_each(|print| strip.push(print));
    let strips = HashMap::from([(InstrumentId(0), strip)]);
    Tape { strips: Mutex::new(strips), news: watch::channel(0).0, tasks: OnceLock::new() }
}

#[test]
fn pages_go_back_from_the_newest() {
    let tape = tape((1..=10).map(|no| print(no, 100, no)));
    let numbers = |before, most| -> Vec<u64> {
        tape.page(InstrumentId(0), before, most, |_| true).iter().map(|p| p.no.0).collect()
    };
    assert_eq!(numbers(u64::MAX, 3), [10, 9, 8]);
    assert_eq!(numbers(8, 3), [7, 6, 5]);
    assert_eq!(numbers(1, 3), Vec::<u64>::new());
}

#[test]
fn a_strip_is_bounded() {
    let count = TRADES_MAX as u64 + 10;
    let tape = tape((1..=count).map(|no| print(no, 100, no)));
    let kept = tape.page(InstrumentId(0), u64::MAX, usize::MAX, |_| true);
    assert_eq!((kept.len(), kept[0].no.0), (TRADES_MAX, count));
    assert_eq!(tape.strips()[&InstrumentId(0)].minutes.len(), MINUTES_MAX);
}

#[test]
fn a_day_knows_its_extremes_and_what_came_before() {
    let day = 24 * 60;
    let tape =
        tape([print(1, 50, 0), print(2, 100, day), print(3, 90, day), print(4, 95, day + 5)]);
    let seen = tape.day(InstrumentId(0), Time((day + 10) * MINUTE));
    assert_eq!(
        (seen.before, seen.high, seen.low),
        (Some(Ticks(50)), Some(Ticks(100)), Some(Ticks(90)))
    );
    assert_eq!((seen.volume, seen.value, seen.trades), (6, 2 * (100 + 90 + 95), 3));
    let later = tape.day(InstrumentId(0), Time((2 * day + 10) * MINUTE));
    assert_eq!((later.before, later.high, later.trades), (Some(Ticks(95)), None, 0));
}

#[test]
fn a_trade_is_taken_once_and_a_gap_starts_the_strip_anew() {
    let mut strip = Strip::default();
    assert!(strip.extend(Some(print(4, 100, 1))));
    assert!(strip.extend(Some(print(5, 100, 1))));
    assert!(!strip.extend(Some(print(5, 100, 1))), "it is there already");
    assert_eq!(strip.trades.len(), 2);
    assert!(strip.extend(Some(print(9, 100, 2))));
    assert_eq!(strip.trades.len(), 1, "6 to 8 are missing, so what is before them goes");
    assert_eq!(strip.minutes.len(), 2, "what was seen of the day stays");
}

#[tokio::test]
async fn what_is_kept_is_read_and_damage_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let tape = std::sync::Arc::new(tape((1..=3).map(|no| print(no, 100 + no as u32, no))));
    super::kept::keep(&tape, directory.path().into()).await;
    let read = || super::kept::read(directory.path(), InstrumentId(0));
    let strip = read().expect("it was just written");
    let same = tape.strips()[&InstrumentId(0)].trades == strip.trades;
    assert!(same && strip.minutes.len() == 3);
    let file = directory.path().join("0");
    let mut bytes = std::fs::read(&file).expect("a file");
    *bytes.last_mut().expect("not empty") ^= 1;
    std::fs::write(&file, bytes).expect("written");
    assert!(read().is_none());
}

#[test]
fn a_strip_whose_book_came_farther_elsewhere_starts_anew() {
    let tape = tape((1..=3).map(|no| print(no, 100, no)));
    let reaches = |no| {
        let mut strips = tape.strips();
        let strip = strips.get_mut(&InstrumentId(0)).expect("it is there");
        strip.reaches(TradeNo(no));
        strip.trades.len()
    };
    assert_eq!(reaches(3), 3, "nothing was missed");
    assert_eq!(reaches(5), 0);
    assert_eq!(tape.last(InstrumentId(0)), None, "nobody waits for what never comes");
}
