//! The parts that need no venue.

use crate::upstream::Venues;
use crate::upstream::back_off::BackOff;
use crate::upstream::numbering::{Numbering, Unnumbered};
use crate::upstream::wanted::Wanted;
use hoga_engine::follow::Subscription;
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::{Catalogue, Instrument};
use hoga_scenarios::feed::OutsideBook;
use hoga_scenarios::listing;
use hoga_scenarios::rules::RuleBook;
use rust_decimal::Decimal;
use std::sync::Arc;
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

/// A book of a time that displays so much.
fn book(time_ns: u64, quantity: u32) -> Arc<OutsideBook> {
    let bids = vec![(Decimal::from(100), Decimal::from(quantity))];
    Arc::new(OutsideBook { received_ns: time_ns, time_ns, bids, asks: Vec::new() })
}

#[test]
fn numbers_are_the_venues_time_and_never_go_back() {
    let mut numbering = Numbering::default();
    let mut number = |ms: u64, quantity| numbering.number(&book(NOW + ms * MS, quantity), NOW);
    let first = number(1, 1).expect("a number");
    assert_eq!(first, NOW / 1_000 + 1_000);
    assert_eq!(number(1, 2), Ok(first + 1), "another of the same millisecond");
    assert_eq!(number(1, 2), Ok(first + 1), "the venue says it once more");
    assert_eq!(number(3, 2), Ok(first + 2_000), "it is so still, at a later time");
    assert_eq!(number(2, 1), Err(Unnumbered::Older));
    assert_eq!(number(60_001, 1), Err(Unnumbered::Clock), "it would shut out what follows");
    assert_eq!(number(4, 1), Ok(first + 3_000));
}

#[test]
fn two_connections_number_one_book_alike() {
    let (mut deposed, mut successor) = (Numbering::default(), Numbering::default());
    let (early, late) = (book(NOW, 1), book(NOW + 10 * MS, 1));
    let old = deposed.number(&early, NOW).expect("a number");
    let new = successor.number(&late, NOW + 10 * MS).expect("a number");
    assert!(old < new, "what the deposed one has on its way is dropped");
    assert_eq!(deposed.number(&late, NOW), Ok(new), "the same book is the same snapshot");
}

#[test]
fn a_depth_behind_a_code_is_not_repeated() {
    let mut catalogue = Catalogue::default();
    for (id, code) in [(1, "KRW-BTC.15"), (2, "KRW-BTC"), (3, "KRW-ETH")] {
        let mut listed = followed();
        listed.id = InstrumentId(id);
        let subscription = Subscription { venue: "upbit".into(), code: code.into() };
        listed.follow.as_mut().expect("it follows").subscription = Some(subscription);
        catalogue.instruments.insert(listed.id, listed);
    }
    let wanted = Wanted::of(&catalogue, "upbit");
    assert_eq!(wanted.followers("KRW-BTC"), [InstrumentId(2), InstrumentId(1)]);
    assert_eq!(wanted.followers("KRW-ETH"), [InstrumentId(3)]);
    assert_eq!(wanted.followers("KRW"), []);
}

/// The followed instrument that ships.
fn followed() -> Instrument {
    let rules = RuleBook::shipped("follow").expect("it ships").expect("it is sound");
    let market = listing::market(&rules, &Default::default()).expect("it can be listed");
    market.instruments[0].clone()
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
