//! The parts that need no venue.

use crate::upstream::Venues;
use crate::upstream::back_off::BackOff;
use crate::upstream::numbering::{Numbering, Unnumbered};
use std::time::Duration;

const MS: u64 = 1_000_000;
const NOW: u64 = 1_700_000_000_000 * MS;

#[test]
fn pauses_double_up_to_a_bound_and_begin_anew_after_success() {
    let ms = Duration::from_millis;
    let mut back_off = BackOff::between(ms(100), ms(450));
    for whole in [100, 200, 400, 450, 450] {
        let pause = back_off.pause(u64::MAX / 3);
        assert!((ms(whole / 2)..=ms(whole)).contains(&pause), "{pause:?} of {whole}");
    }
    back_off.reset();
    assert_eq!(back_off.pause(0), ms(50), "the dice say the least");
    let mut others = BackOff::between(ms(100), ms(450));
    assert_ne!(others.pause(1_000_000), ms(50), "other dice, another pause");
}

#[test]
fn numbers_are_the_venues_time_and_never_go_back() {
    let mut numbering = Numbering::default();
    let mut number = |ms: u64| numbering.number(NOW + ms * MS, NOW);
    let first = number(1).expect("a number");
    assert_eq!(first, NOW / 1_000 + 1_000);
    assert_eq!(number(1), Ok(first + 1), "another of the same millisecond");
    assert_eq!(number(3), Ok(first + 2_000));
    assert_eq!(number(2), Err(Unnumbered::Older));
    assert_eq!(number(60_001), Err(Unnumbered::Clock), "it would shut out what follows");
    assert_eq!(number(4), Ok(first + 3_000));
}

#[test]
fn two_connections_number_one_book_alike() {
    let (mut deposed, mut successor) = (Numbering::default(), Numbering::default());
    let old = deposed.number(NOW, NOW).expect("a number");
    let new = successor.number(NOW + 10 * MS, NOW + 10 * MS).expect("a number");
    assert!(old < new, "what the deposed one has on its way is dropped");
    assert_eq!(deposed.number(NOW + 10 * MS, NOW), Ok(new), "the same book is the same snapshot");
}

#[test]
fn venues_are_read_as_they_are_shown() {
    let venues = Venues::parse("upbit, other=ws://127.0.0.1:9000/v1").expect("two venues");
    let shown = "other=ws://127.0.0.1:9000/v1, upbit=wss://api.upbit.com/websocket/v1";
    assert_eq!(venues.to_string(), shown);
    assert_eq!(Venues::parse(shown), Ok(venues));
    assert_eq!(Venues::parse("none"), Ok(Venues::default()));
    for (wrong, why) in [
        ("binance", "write NAME=URL"),
        ("upbit=http://x", "is not an address"),
        ("upbit=ws://user@x", "is not an address"),
        ("Up=ws://x", "is not a venue name"),
        ("a=ws://x,a=ws://y", "named twice"),
    ] {
        let said = Venues::parse(wrong).expect_err(wrong);
        assert!(said.contains(why), "{wrong}: {said}");
    }
}
