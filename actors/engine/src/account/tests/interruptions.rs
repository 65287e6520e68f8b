//! Interruptions as accounts see them: what is told, what it holds, how the day goes on.

use super::*;
use crate::amount::{Lots, Rate, Ticks};
use crate::candle::Base;
use crate::instrument::{Call, Calls, Instrument, Phase};
use crate::order::{CancelReason, Status};
use crate::pit::tests::market::{LPJ_KRW, instruments};
use crate::session::tests::{krx, seoul};
use crate::session::{BreakerLevel, Interruption, PlannedPhase, Schedule, Span};
use crate::terms::{StopAsked, TermsAsked};
use crate::time::Time;

const MINUTE: u64 = 60 * Time::SECOND;

fn rule() -> Interruption {
    let percent = |n: i64| Some(Rate(n * 10_000_000));
    Interruption { dynamic: percent(3), fixed: percent(10), call_ns: 2 * MINUTE }
}

fn lpj(schedule: Schedule) -> Instrument {
    let [lpj, _] = instruments();
    let calls = Calls { interruption: Some(rule()), ..Calls::default() };
    Instrument { schedule: Some(Box::new(schedule)), calls, ..lpj }
}

/// A street whose LPJ-KRW is interrupted, at a time of a Monday in Seoul.
fn street_at(schedule: Schedule, hours: u64, minutes: u64) -> Pit {
    let mut pit = Pit::prompt(topology(), Record::default());
    pit.set_time(seoul(0, hours, minutes));
    crate::pit::tests::market::assets().iter().for_each(|asset| pit.add_asset(asset));
    let [_, btc] = instruments();
    [lpj(schedule), btc].iter().for_each(|instrument| pit.list(instrument));
    people(pit)
}

fn phase(pit: &Pit) -> (Phase, Option<Time>) {
    let listed = pit.listing(LPJ_KRW).expect("it is listed").instrument();
    let now = (listed.phase, listed.phase_until);
    for desk in pit.desks() {
        let known = &desk.catalogue.instruments[&LPJ_KRW];
        assert_eq!((known.phase, known.phase_until), now, "everybody knows the phase");
    }
    now
}

fn interrupted(until: Time) -> (Phase, Option<Time>) {
    (Phase::Call(Call::Interruption), Some(until))
}

/// Bob's 5 at 100 have traded, his 5 at 103 are offered.
fn traded(mut pit: Pit) -> Pit {
    place(&mut pit, "bob", "b100", sell(5, 100));
    place(&mut pit, "alice", "a100", buy(5, 100));
    place(&mut pit, "bob", "b103", sell(5, 103));
    pit
}

fn stands(pit: &Pit, who: &str, number: u64) -> (Status, u64, u64) {
    let state = order(pit, who, number);
    (state.status, state.filled.0, state.cancelled.0)
}

#[test]
fn case_55_instead_of_the_print_a_call_of_two_minutes() {
    let mut pit = traded(street_at(krx(), 10, 0));
    let trades = pit.tap().trades.len();
    place(&mut pit, "alice", "a103", buy(5, 103));
    assert_eq!(pit.tap().trades.len(), trades, "no print");
    assert_eq!(phase(&pit), interrupted(seoul(0, 10, 2)));
    assert_eq!(stands(&pit, "alice", 2), (Status::Open, 0, 0));
    // The rest of the queue collects, and what cannot is refused.
    place(&mut pit, "carol", "c", sell(5, 101));
    let late = place(&mut pit, "carol", "ioc", ioc(buy(1, 103)));
    assert_eq!(refusal(&pit, late), Some("NOT_IN_THIS_PHASE"));
    sound(&pit);
    pit.set_time(Time(seoul(0, 10, 2).0 - 1));
    assert_eq!(pit.tap().trades.len(), trades);
    pit.set_time(seoul(0, 10, 2));
    assert_eq!(phase(&pit), (Phase::Continuous, Some(seoul(0, 15, 20))));
    // 5 trade at any price from 101 to 103: the nearest to the last, which was 100.
    let last = pit.tap().trades.last().expect("the call traded");
    assert_eq!((last.price, last.quantity, last.taker), (Ticks(101), Lots(5), None));
    sound(&pit);
    // And any number of times a day.
    place(&mut pit, "alice", "again", buy(5, 105));
    assert_eq!(stands(&pit, "alice", 3), (Status::Filled, 5, 0), "103 is near to 101");
    place(&mut pit, "bob", "b110", sell(5, 110));
    place(&mut pit, "alice", "a110", buy(5, 110));
    assert_eq!(phase(&pit), interrupted(seoul(0, 10, 4)));
    sound(&pit);
}

#[test]
fn an_interruption_that_the_closing_call_meets_becomes_that() {
    let mut pit = traded(street_at(krx(), 10, 0));
    pit.set_time(seoul(0, 15, 19));
    place(&mut pit, "alice", "a103", buy(5, 103));
    assert_eq!(phase(&pit), interrupted(seoul(0, 15, 20)), "the table ends it before its time");
    pit.set_time(seoul(0, 15, 20));
    assert_eq!(phase(&pit).0, Phase::Call(Call::Closing));
    pit.set_time(seoul(0, 15, 22));
    assert_eq!(stands(&pit, "alice", 2), (Status::Open, 0, 0), "the close makes its price");
    pit.set_time(seoul(0, 15, 30));
    assert_eq!(stands(&pit, "alice", 2), (Status::Filled, 5, 0));
    assert_eq!(phase(&pit).0, Phase::Closed);
    sound(&pit);
}

#[test]
fn at_a_close_without_a_call_its_price_is_made_then() {
    let mut simple = krx();
    simple.spans.retain(|span| span.phase == PlannedPhase::Continuous);
    let mut pit = traded(street_at(simple, 10, 0));
    pit.set_time(seoul(0, 15, 19));
    place(
        &mut pit,
        "alice",
        "a103",
        OrderRequest { time_in_force: TimeInForce::Day, ..buy(9, 103) },
    );
    pit.set_time(seoul(0, 15, 20));
    assert_eq!(stands(&pit, "alice", 2), (Status::Cancelled, 5, 4), "traded, then of the day");
    assert_eq!(order(&pit, "alice", 2).reason, Some(CancelReason::MarketClosed));
    let rules = pit.listing(LPJ_KRW).expect("it is listed").instrument();
    assert_eq!(rules.base_price, Some(Ticks(103)));
    sound(&pit);
}

#[test]
fn a_halt_holds_an_interruption_up() {
    let mut pit = traded(street_at(krx(), 10, 0));
    place(&mut pit, "alice", "a103", buy(5, 103));
    let listed = pit.listing(LPJ_KRW).expect("it is listed").instrument().clone();
    pit.change(&Instrument { phase: Phase::Halted, ..listed.clone() });
    pit.set_time(seoul(0, 10, 30));
    assert_eq!(phase(&pit), (Phase::Halted, None));
    assert_eq!(stands(&pit, "alice", 2), (Status::Open, 0, 0));
    pit.change(&Instrument { phase: Phase::Continuous, ..listed });
    assert_eq!(stands(&pit, "alice", 2), (Status::Filled, 5, 0));
    assert_eq!(phase(&pit).0, Phase::Continuous);
    sound(&pit);
}

/// A market order waits at the worst price that it may pay; what the call leaves of it goes.
#[test]
fn what_cannot_wait_is_given_back() {
    let mut pit = traded(street_at(krx(), 10, 0));
    place(&mut pit, "carol", "ioc", ioc(buy(5, 103)));
    assert_eq!(stands(&pit, "carol", 1), (Status::Cancelled, 0, 5));
    assert_eq!(order(&pit, "carol", 1).reason, Some(CancelReason::Interrupted));
    assert_eq!(balance(&pit, "carol", KRW).1, 0);
    assert_eq!(phase(&pit).0, Phase::Call(Call::Interruption));
    pit.set_time(seoul(0, 10, 2));
    place(&mut pit, "carol", "m", OrderRequest { price: None, ..ioc(buy(8, 0)) });
    assert_eq!(stands(&pit, "carol", 2), (Status::Open, 0, 0));
    sound(&pit);
    pit.set_time(seoul(0, 10, 4));
    assert_eq!(stands(&pit, "carol", 2), (Status::Cancelled, 5, 3));
    assert_eq!(balance(&pit, "carol", KRW).1, 0);
    sound(&pit);
}

/// Stops that the price of a call fires are matched behind it, and may leap again.
#[test]
fn a_stop_that_leaps_waits_for_the_next_call() {
    let mut pit = traded(street_at(krx(), 10, 0));
    let stop = TermsAsked { stop: Some(StopAsked::At(103)), ..Default::default() };
    place(&mut pit, "carol", "s", OrderRequest { terms: Some(Box::new(stop)), ..buy(2, 120) });
    place(&mut pit, "bob", "b110", sell(5, 110));
    place(&mut pit, "alice", "a103", buy(5, 103));
    assert_eq!(order(&pit, "carol", 1).status, Status::Untriggered);
    pit.set_time(seoul(0, 10, 2));
    assert_eq!(stands(&pit, "alice", 2), (Status::Filled, 5, 0));
    assert_eq!(stands(&pit, "carol", 1), (Status::Open, 0, 0), "110 is far from 103");
    assert_eq!(phase(&pit), interrupted(seoul(0, 10, 4)));
    sound(&pit);
    pit.set_time(seoul(0, 10, 4));
    assert_eq!(stands(&pit, "carol", 1), (Status::Filled, 2, 0));
    sound(&pit);
}

#[test]
fn an_interruption_outlives_a_snapshot() {
    let mut pit = traded(street_at(krx(), 10, 0));
    place(&mut pit, "alice", "a103", buy(5, 103));
    let listing = pit.listing(LPJ_KRW).expect("it is listed");
    let mut again = crate::book::Listing::restore(listing.state());
    assert_eq!(again.state(), listing.state());
    let mut said = Vec::new();
    again.tick(seoul(0, 10, 2), &mut said);
    assert_eq!(again.last(), Some(Ticks(103)));
    assert_eq!(again.instrument().phase, Phase::Continuous);
}

/// A new listing collects for its opening, and trades on from there.
#[test]
fn a_listing_opens_by_a_call() {
    let mut pit = Pit::prompt(topology(), Record::default());
    pit.set_time(seoul(0, 3, 0));
    crate::pit::tests::market::assets().iter().for_each(|asset| pit.add_asset(asset));
    let [lpj, btc] = instruments();
    let calls = Calls { opening_ns: 10 * MINUTE, ..Calls::default() };
    let lpj = Instrument { calls, ..lpj };
    [lpj, btc].iter().for_each(|instrument| pit.list(instrument));
    let mut pit = people(pit);
    assert_eq!(phase(&pit), (Phase::Call(Call::Opening), Some(seoul(0, 3, 10))));
    place(
        &mut pit,
        "alice",
        "a",
        OrderRequest { time_in_force: TimeInForce::AtOpen, ..buy(8, 105) },
    );
    place(&mut pit, "bob", "b", sell(5, 95));
    assert!(pit.tap().trades.is_empty());
    pit.set_time(seoul(0, 3, 10));
    assert_eq!(phase(&pit), (Phase::Continuous, None));
    assert_eq!(stands(&pit, "alice", 1), (Status::Cancelled, 5, 3));
    assert_eq!(stands(&pit, "bob", 1), (Status::Filled, 5, 0));
    sound(&pit);
}

/// Both instruments stop and open together, as the mean of both falls.
#[test]
fn a_market_that_falls_stops_as_one() {
    let mut pit = Pit::prompt(topology(), Record::default());
    pit.set_time(seoul(0, 10, 0));
    crate::pit::tests::market::assets().iter().for_each(|asset| pit.add_asset(asset));
    let level = |percent: i64, closes_day| BreakerLevel {
        fall: Rate(percent * 10_000_000),
        halt_ns: 20 * MINUTE,
        call_ns: 10 * MINUTE,
        closes_day,
    };
    let breaker = vec![level(8, false), level(15, false), level(20, true)];
    let calls = Calls { breaker, ..Calls::default() };
    for instrument in instruments() {
        let schedule = Some(Box::new(krx()));
        let listed = Instrument { schedule, calls: calls.clone(), ..instrument };
        listed.check().expect("it is sound");
        pit.list(&listed);
    }
    let mut pit = people(pit);
    let print = |pit: &mut Pit, price: Amount| {
        place(pit, "bob", &format!("s{price}"), sell(1, price));
        place(pit, "alice", &format!("b{price}"), buy(1, price));
    };
    let phases = |pit: &Pit| {
        let listed = |id| pit.listing(id).expect("it is listed").instrument().phase;
        instruments().map(|instrument| listed(instrument.id))
    };
    let halted = [Phase::Halted; 2];
    // The base of LPJ is 100; the other stands still, so that each counts for half.
    print(&mut pit, 85);
    assert_eq!(phases(&pit), [Phase::Continuous; 2]);
    pit.set_time(seoul(0, 10, 1));
    print(&mut pit, 84);
    assert_eq!(phases(&pit), halted, "-8 %");
    assert_eq!(phase(&pit), (Phase::Halted, Some(seoul(0, 10, 21))));
    let refused = place(&mut pit, "carol", "c", buy(1, 84));
    assert_eq!(refusal(&pit, refused), Some("INSTRUMENT_HALTED"));
    pit.set_time(seoul(0, 10, 21));
    assert_eq!(phases(&pit), [Phase::Call(Call::Reopening); 2]);
    print(&mut pit, 70);
    pit.set_time(seoul(0, 10, 31));
    assert_eq!(phases(&pit), halted, "the call has made -15 %");
    pit.set_time(seoul(0, 10, 51));
    pit.set_time(seoul(0, 11, 1));
    assert_eq!(phases(&pit), [Phase::Continuous; 2]);
    pit.set_time(seoul(0, 12, 0));
    print(&mut pit, 60);
    assert_eq!(phases(&pit), [Phase::Closed; 2], "-20 % ends the day");
    pit.set_time(seoul(0, 15, 20));
    assert_eq!(phases(&pit), [Phase::Closed; 2], "whatever the table says");
    // An operator's change of other rules does not open it again.
    let listed = pit.listing(LPJ_KRW).expect("it is listed").instrument().clone();
    pit.change(&Instrument { phase: Phase::Continuous, open_orders_max: 50, ..listed });
    assert_eq!(phases(&pit), [Phase::Closed; 2]);
    pit.set_time(seoul(1, 8, 30));
    assert_eq!(phases(&pit), [Phase::Call(Call::Opening); 2]);
    let listed = pit.listing(LPJ_KRW).expect("it is listed").instrument();
    assert_eq!(listed.base_price, Some(Ticks(60)));
    sound(&pit);
    // A new day counts from its own base.
    pit.set_time(seoul(1, 10, 0));
    print(&mut pit, 51);
    assert_eq!(phases(&pit), [Phase::Continuous; 2], "-7.5 %");
    pit.set_time(seoul(1, 10, 1));
    print(&mut pit, 50);
    assert_eq!(phases(&pit), halted);
}

/// Opening call until 1:00, closing call from 23:50 to midnight, every day of the week.
fn around_the_clock() -> Schedule {
    let span = |phase, from, to| Span { phase, from, to };
    let spans = vec![
        span(PlannedPhase::OpeningCall, 0, 60),
        span(PlannedPhase::Continuous, 60, 1_430),
        span(PlannedPhase::ClosingCall, 1_430, 1_440),
    ];
    Schedule { weekends: true, spans, ..krx() }
}

#[test]
fn a_day_that_ends_as_the_next_begins_ends() {
    let mut pit = traded(street_at(around_the_clock(), 10, 0));
    let day = OrderRequest { time_in_force: TimeInForce::Day, ..buy(1, 90) };
    place(&mut pit, "alice", "day", day);
    pit.set_time(seoul(0, 23, 55));
    place(&mut pit, "alice", "a103", buy(5, 103));
    pit.set_time(Time(seoul(1, 0, 0).0 - 1));
    assert_eq!(stands(&pit, "alice", 3), (Status::Open, 0, 0));
    pit.set_time(seoul(1, 0, 0));
    assert_eq!(phase(&pit).0, Phase::Call(Call::Opening));
    assert_eq!(stands(&pit, "alice", 3), (Status::Filled, 5, 0), "the close made its price");
    assert_eq!(order(&pit, "alice", 2).reason, Some(CancelReason::MarketClosed));
    let listing = pit.listing(LPJ_KRW).expect("it is listed");
    assert_eq!(listing.instrument().base_price, Some(Ticks(103)));
    let newest = listing.candles(Base::Day).newest;
    let is_of_that_day = newest.is_none_or(|(bar, _)| bar.start < seoul(1, 0, 0));
    assert!(is_of_that_day, "the close is no candle of the next day: {newest:?}");
    sound(&pit);
}

#[test]
fn a_changed_band_leaves_the_base_of_the_day() {
    let mut pit = traded(street_at(krx(), 10, 0));
    pit.set_time(seoul(0, 15, 21));
    place(&mut pit, "alice", "a103", buy(5, 103));
    pit.set_time(seoul(1, 10, 0));
    let base = |pit: &Pit| pit.listing(LPJ_KRW).expect("it is listed").instrument().base_price;
    assert_eq!(base(&pit), Some(Ticks(103)));
    // What operators change is what was listed.
    let listed = lpj(krx());
    let band = Some((Ticks(80), Ticks(130)));
    pit.change(&Instrument { band, ..listed.clone() });
    assert_eq!(base(&pit), Some(Ticks(103)));
    assert_eq!(pit.listing(LPJ_KRW).expect("it is listed").instrument().band, band);
    let base_price = Some(Ticks(110));
    pit.change(&Instrument { band, base_price, ..listed });
    assert_eq!(base(&pit), base_price);
}
