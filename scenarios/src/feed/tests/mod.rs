//! Recorded streams: small generated ones of the project's own, and whole days where there are any.

mod recorded;

use super::{
    Counted, OutsideBook, Reader, Unfit, UpbitFrame, read_all, since, snapshot, trimmed,
    upbit_frame,
};
use crate::listing;
use crate::rules::RuleBook;
use hoga_engine::amount::{Lots, Ticks};
use rust_decimal::Decimal;
use std::str::FromStr;

const UPBIT: &str = include_str!("../../../data/upbit-small.capture");
const BINANCE: &str = include_str!("../../../data/binance-small.stream");

fn number(text: &str) -> Decimal {
    Decimal::from_str(text).expect("a number")
}

fn read(text: &str, symbol: &str) -> (Vec<OutsideBook>, Counted) {
    read_all("small", text.as_bytes(), symbol, 15).expect("a recorded stream")
}

#[test]
fn an_upbit_capture_is_whole_books_of_the_wanted_instrument() {
    let (books, counted) = read(UPBIT, "BTC-KRW");
    assert_eq!((counted.books, counted.trades, counted.gaps), (60, 20, 0));
    assert_eq!(books.len(), 60);
    assert!(books.iter().all(|book| book.bids.len() == 8 && book.asks.len() == 8));
    assert!(books.iter().all(|book| !book.is_crossed()));
    assert!(books.is_sorted_by_key(|book| book.received_ns));
    assert_eq!(books, read(UPBIT, "KRW-BTC").0, "under its outside name as well");
    let none = read_all("small", UPBIT.as_bytes(), "ETH-KRW", 15).expect_err("no such book");
    assert!(none.to_string().contains("no book of ETH-KRW"), "{none}");
}

#[test]
fn both_of_upbits_formats_are_read() {
    let short = "1618678263.105828: b'{\"ty\":\"orderbook\",\"cd\":\"KRW-BTC\",\"tms\":1618678262640,\
                 \"obu\":[{\"ap\":127.0,\"bp\":126.5,\"as\":25752275.55420627,\"bs\":0.1}]}'";
    let long = short
        .replace("\"ty\"", "\"type\"")
        .replace("\"cd\"", "\"code\"")
        .replace("\"tms\"", "\"timestamp\"")
        .replace("\"obu\"", "\"orderbook_units\"")
        .replace("\"ap\"", "\"ask_price\"")
        .replace("\"bp\"", "\"bid_price\"")
        .replace("\"as\"", "\"ask_size\"")
        .replace("\"bs\"", "\"bid_size\"");
    let [one, other] = [short, &long].map(|line| {
        let book = Reader::new("BTC-KRW", 15).read(line).expect("a frame");
        book.expect("a book")
    });
    assert_eq!(one, other);
    // Exactly as it is written: no float has seen it.
    assert_eq!(one.asks, [(number("127.0"), number("25752275.55420627"))]);
    assert_eq!(
        (one.received_ns, one.time_ns),
        (1_618_678_263_105_828_000, 1_618_678_262_640_000_000)
    );
}

#[test]
fn a_short_side_of_upbits_is_filled_up_with_nothing() {
    let frame = r#"{"type":"orderbook","code":"KRW-BTC","timestamp":5,"orderbook_units":[
        {"ask_price":101,"bid_price":100,"ask_size":2,"bid_size":1},
        {"ask_price":102,"bid_price":0,"ask_size":3,"bid_size":0}]}"#;
    let Ok(UpbitFrame::Book { book, .. }) = upbit_frame(frame, 7) else { panic!("a book") };
    assert_eq!((book.bids.len(), book.asks.len()), (1, 2));
    let none = frame
        .replace("\"ask_price\":101", "\"ask_price\":0")
        .replace("\"ask_size\":2", "\"ask_size\":0");
    let Ok(UpbitFrame::Book { book, .. }) = upbit_frame(&none, 7) else { panic!("a book") };
    assert_eq!((book.asks.len(), book.is_crossed()), (1, false));
}

#[test]
fn what_is_no_frame_is_said_with_its_line() {
    let whole = UPBIT.lines().nth(2).expect("a line");
    for length in [30, 60, whole.len() - 1] {
        let text = format!("{}\n", &whole[..length]);
        let error = read_all("small", text.as_bytes(), "BTC-KRW", 15).expect_err("cut off");
        assert!(error.to_string().starts_with("small"), "{error}");
    }
}

#[test]
fn binances_changes_make_a_book() {
    let (books, counted) = read(BINANCE, "BTC-USDT");
    assert_eq!((counted.books, counted.gaps), (40, 0));
    assert_eq!((counted.trades, counted.trade_gaps), (20, 0));
    assert!(books.iter().all(|book| !book.is_crossed()));
    let is_sorted = |book: &OutsideBook| {
        book.bids.is_sorted_by(|one, next| one.0 > next.0)
            && book.asks.is_sorted_by(|one, next| one.0 < next.0)
    };
    assert!(books.iter().all(is_sorted));
}

#[test]
fn a_lost_change_is_one_gap_and_what_follows_is_right_again() {
    let lines: Vec<&str> = BINANCE.lines().collect();
    let changes: Vec<usize> =
        (0..lines.len()).filter(|at| lines[*at].contains("depthUpdate")).collect();
    let lost = changes[10];
    let text: Vec<&str> =
        lines.iter().enumerate().filter(|(at, _)| *at != lost).map(|(_, line)| *line).collect();
    let (books, counted) = read(&text.join("\n"), "BTC-USDT");
    assert_eq!((counted.books, counted.gaps), (39, 1));
    // Behind the gap nothing is known but what was told since: never what was lost.
    let (whole, _) = read(BINANCE, "BTC-USDT");
    for (known, all) in books[10..].iter().zip(&whole[11..]) {
        for (side, complete) in [(&known.bids, &all.bids), (&known.asks, &all.asks)] {
            assert!(side.iter().all(|level| complete.contains(level)));
        }
    }
}

#[test]
fn a_book_becomes_a_snapshot_in_ticks_and_whole_lots() {
    let rules = RuleBook::shipped("follow").expect("it ships").expect("it is sound");
    let market = listing::market(&rules, &Default::default()).expect("it can be listed");
    let instrument = &market.instruments[0];
    let book = |bid: &str, ask: &str| OutsideBook {
        received_ns: 7_000_000_000,
        time_ns: 5,
        bids: vec![(number(bid), number("0.12345678")), (number("99998000"), number("0.00001"))],
        asks: vec![(number(ask), number("2"))],
    };
    let good = book("99999000", "100000000.0");
    let read = snapshot(&good, 3, instrument).expect("it fits");
    assert_eq!((read.number, read.time.0), (3, 5));
    // Never more than was displayed; less than a lot is nothing.
    assert_eq!(read.bids.iter().map(|l| l.quantity).collect::<Vec<_>>(), [Lots(1234)]);
    assert_eq!(read.asks[0].price, Ticks(2_000_000));
    assert_eq!(trimmed(&good, number("0.0001"), 5).bids, [(number("99999000"), number("0.1234"))]);
    let crossed = snapshot(&book("100000000", "100000000"), 3, instrument);
    assert_eq!(crossed, Err(Unfit::Crossed));
    let off = snapshot(&book("99999500", "100000000"), 3, instrument);
    assert_eq!(off, Err(Unfit::OffTick(number("99999500"))));
    // What nothing is displayed at is no level, whatever its price.
    let mut padded = good.clone();
    padded.asks.push((number("0"), number("0")));
    padded.bids.push((number("12345"), number("0")));
    assert_eq!(snapshot(&padded, 3, instrument).expect("it fits"), read);
    // Numbers that nobody's books have are no reason to stop.
    let huge = number("79228162514264337593543950335");
    let mut large = good.clone();
    large.asks[0].1 = huge;
    assert_eq!(snapshot(&large, 3, instrument).expect("it fits").asks[0].quantity, Lots::MAX);
    large.asks[0].0 = huge;
    assert_eq!(snapshot(&large, 3, instrument), Err(Unfit::OffTick(huge)));
    let later = OutsideBook { received_ns: 8_500_000_000, ..good.clone() };
    assert_eq!(since(&good, &later).0, 1_500);
}
