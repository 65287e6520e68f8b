//! A halt and other bands, while orders rest.

use super::*;
use crate::amount::{Rate, Ticks};
use crate::instrument::{Instrument, Phase};
use crate::order::Status;
use crate::pit::tests::market::{BTC, BTC_KRW, LPJ_KRW};
use crate::terms::{StopAsked, TermsAsked};

fn change(pit: &mut Pit, change: impl FnOnce(&mut Instrument)) {
    let mut instrument = pit.listing(LPJ_KRW).expect("it is listed").instrument().clone();
    change(&mut instrument);
    pit.change(&instrument);
}

#[test]
fn while_an_instrument_is_halted_only_cancels_work() {
    let mut pit = street();
    pit.deposit("bob", BTC, 1_000);
    change(&mut pit, |i| i.band = Some((Ticks(90), Ticks(110))));
    for (id, price) in [("a", 95), ("b", 96), ("c", 97)] {
        place(&mut pit, "alice", id, buy(5, price));
    }
    change(&mut pit, |i| i.phase = Phase::Halted);
    // The halt comes before the band, and before the funds.
    for (id, price) in [("in", 100), ("out", 111)] {
        let request = place(&mut pit, "alice", id, buy(1_000_000, price));
        assert_eq!(refusal(&pit, request), Some("INSTRUMENT_HALTED"));
    }
    let request = pit.amend("alice", no(1), Some(4), None);
    assert_eq!(refusal(&pit, request), Some("INSTRUMENT_HALTED"));
    let elsewhere = OrderRequest { instrument: BTC_KRW, ..sell(10, 100_000) };
    place(&mut pit, "bob", "btc", elsewhere);
    assert_eq!(order(&pit, "bob", 1).status, Status::Open, "others are not affected");
    pit.cancel("alice", no(1));
    assert_eq!(order(&pit, "alice", 1).status, Status::Cancelled);
    pit.cancel_all("alice", None);
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
    change(&mut pit, |i| i.phase = Phase::Continuous);
    place(&mut pit, "alice", "again", buy(5, 95));
    assert_eq!(order(&pit, "alice", 4).status, Status::Open);
}

#[test]
fn a_stop_waits_through_a_halt() {
    let mut pit = street();
    let terms =
        TermsAsked { stop: Some(StopAsked::At(100)), display: None, other: None, expires: None };
    let stop = OrderRequest { terms: Some(Box::new(terms)), ..buy(1, 120) };
    place(&mut pit, "alice", "s", stop);
    place(&mut pit, "bob", "b", sell(5, 105));
    change(&mut pit, |i| i.phase = Phase::Halted);
    place(&mut pit, "carol", "c", buy(1, 105));
    change(&mut pit, |i| i.phase = Phase::Continuous);
    assert_eq!(order(&pit, "alice", 1).status, Status::Untriggered);
    place(&mut pit, "carol", "d", buy(1, 105));
    assert_eq!(order(&pit, "alice", 1).status, Status::Filled);
    sound(&pit);
}

#[test]
fn resting_orders_survive_another_band_and_market_orders_stop_at_it() {
    let mut pit = street();
    change(&mut pit, |i| {
        i.band = Some((Ticks(90), Ticks(110)));
        i.collar = Rate(500_000_000);
    });
    place(&mut pit, "bob", "low", sell(1, 100));
    place(&mut pit, "bob", "edge", sell(1, 110));
    let request = place(&mut pit, "bob", "out", sell(1, 111));
    assert_eq!(refusal(&pit, request), Some("PRICE_OUT_OF_BAND"));
    change(&mut pit, |i| i.band = Some((Ticks(90), Ticks(105))));
    assert_eq!(order(&pit, "bob", 2).status, Status::Open);
    place(&mut pit, "alice", "m", OrderRequest { price: None, ..buy(5, 1) });
    let bought = order(&pit, "alice", 1);
    assert_eq!((bought.limit, bought.filled.0), (Ticks(105), 1));
    sound(&pit);
}

#[test]
fn a_stop_at_market_fires_inside_the_band_that_is_then() {
    let mut pit = street();
    let terms =
        TermsAsked { stop: Some(StopAsked::At(100)), display: None, other: None, expires: None };
    let stop = OrderRequest { terms: Some(Box::new(terms)), price: None, ..buy(5, 1) };
    place(&mut pit, "alice", "s", stop);
    assert_eq!(order(&pit, "alice", 1).limit, Ticks(110));
    for (id, price) in [("a", 100), ("b", 104), ("c", 106)] {
        place(&mut pit, "bob", id, sell(1, price));
    }
    change(&mut pit, |i| i.band = Some((Ticks(90), Ticks(105))));
    place(&mut pit, "carol", "c", buy(1, 100));
    let fired = order(&pit, "alice", 1);
    assert_eq!((fired.limit, fired.filled.0, fired.status), (Ticks(105), 1, Status::Cancelled));
    sound(&pit);
}

#[test]
fn another_limit_of_open_orders_counts_what_is_open() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(1, 95));
    place(&mut pit, "alice", "b", buy(1, 95));
    change(&mut pit, |i| i.open_orders_max = 2);
    let request = place(&mut pit, "alice", "c", buy(1, 95));
    assert_eq!(refusal(&pit, request), Some("TOO_MANY_OPEN_ORDERS"));
    pit.cancel("alice", no(1));
    place(&mut pit, "alice", "d", buy(1, 95));
    assert_eq!(order(&pit, "alice", 3).status, Status::Open);
}
