//! A day of phases as accounts see it: what is taken when, what it holds, what is told.

use super::*;
use crate::amount::{Lots, Rate, Ticks};
use crate::instrument::{Call, Instrument, Phase};
use crate::order::{CancelReason, Status};
use crate::pit::tests::market::{LPJ_KRW, instruments};
use crate::session::Schedule;
use crate::session::tests::{krx, seoul};

/// A street whose LPJ-KRW has a day of phases, at a time of a Monday in Seoul.
fn day(hours: u64, minutes: u64) -> Pit {
    day_with(krx(), hours, minutes)
}

fn day_with(schedule: Schedule, hours: u64, minutes: u64) -> Pit {
    let mut pit = Pit::prompt(topology(), Record::default());
    pit.set_time(seoul(0, hours, minutes));
    crate::pit::tests::market::assets().iter().for_each(|asset| pit.add_asset(asset));
    let [lpj, btc] = instruments();
    let lpj = Instrument { schedule: Some(Box::new(schedule)), ..lpj };
    [lpj, btc].iter().for_each(|instrument| pit.list(instrument));
    people(pit)
}

fn at_market(order: OrderRequest) -> OrderRequest {
    OrderRequest { price: None, ..order }
}

fn force(time_in_force: TimeInForce, order: OrderRequest) -> OrderRequest {
    OrderRequest { time_in_force, ..order }
}

fn phase(pit: &Pit) -> Phase {
    let now = pit.listing(LPJ_KRW).expect("it is listed").instrument().phase;
    let known = pit.desks().map(|desk| desk.catalogue.instruments[&LPJ_KRW].phase);
    known.for_each(|known| assert_eq!(known, now, "everybody knows the phase"));
    now
}

fn stands(pit: &Pit, who: &str, number: u64) -> (Status, u64, u64) {
    let state = order(pit, who, number);
    (state.status, state.filled.0, state.cancelled.0)
}

#[test]
fn everybody_hears_of_each_phase_at_its_time() {
    let mut pit = day(8, 0);
    assert_eq!(phase(&pit), Phase::Closed);
    for (hour, minute, next) in [
        (8, 30, Phase::Call(Call::Opening)),
        (9, 0, Phase::Continuous),
        (15, 20, Phase::Call(Call::Closing)),
        (15, 30, Phase::Closed),
    ] {
        let edge = seoul(0, hour, minute);
        assert_eq!(pit.next_alarm(), Some((edge, LPJ_KRW)));
        pit.set_time(edge);
        assert_eq!(phase(&pit), next, "{hour}:{minute}");
    }
    assert_eq!(pit.next_alarm(), Some((seoul(1, 8, 30), LPJ_KRW)));
}

#[test]
fn orders_collect_and_trade_at_one_price() {
    let mut pit = day(8, 30);
    place(&mut pit, "alice", "a", buy(10, 105));
    place(&mut pit, "bob", "b", sell(4, 95));
    place(&mut pit, "carol", "c", sell(3, 100));
    assert_eq!(stands(&pit, "alice", 1), (Status::Open, 0, 0));
    let indicated = pit.listing(LPJ_KRW).expect("it is listed").indicated();
    pit.set_time(seoul(0, 8, 31));
    let indicated = indicated.or(pit.listing(LPJ_KRW).expect("it is listed").indicated());
    assert!(indicated.is_some(), "what it would come to is told before it ends");
    sound(&pit);
    pit.set_time(seoul(0, 9, 0));
    // 7 trade anywhere from 100 to 105; the base is 100.
    let trades: Vec<_> = pit.tap().trades.iter().map(|t| (t.price.0, t.quantity.0)).collect();
    assert_eq!(trades, [(100, 4), (100, 3)]);
    assert!(pit.tap().trades.iter().all(|trade| trade.taker.is_none()));
    assert_eq!(stands(&pit, "alice", 1), (Status::PartiallyFilled, 7, 0));
    assert_eq!(stands(&pit, "bob", 1).0, Status::Filled);
    // Nobody made the price: both sides pay what takers pay.
    assert!(pit.tap().fills.iter().all(|fill| !fill.is_maker));
    let fees: Vec<_> = pit.tap().fills.iter().map(|fill| (fill.side, fill.fee)).collect();
    assert_eq!(fees[0], (Side::Buy, 1));
    sound(&pit);
    // What is left goes on.
    place(&mut pit, "bob", "s", ioc(sell(5, 105)));
    assert_eq!(stands(&pit, "alice", 1), (Status::Filled, 10, 0));
    sound(&pit);
}

#[test]
fn orders_at_market_come_first_and_end_with_the_call() {
    let mut pit = day_with(krx(), 8, 30);
    let banded = Instrument {
        band: Some((Ticks(70), Ticks(130))),
        ..pit.listing(LPJ_KRW).expect("it is listed").instrument().clone()
    };
    pit.change(&Instrument { phase: Phase::Continuous, ..banded });
    place(&mut pit, "alice", "a", buy(5, 110));
    place(&mut pit, "bob", "b", at_market(buy(5, 1)));
    // The upper limit of the day, 650 and 1.625 of fee.
    assert_eq!(balance(&pit, "bob", KRW).1, 652);
    place(&mut pit, "carol", "c", sell(4, 100));
    pit.set_time(seoul(0, 9, 0));
    assert_eq!(stands(&pit, "bob", 1), (Status::Cancelled, 4, 1));
    assert_eq!(order(&pit, "bob", 1).reason, Some(CancelReason::NoLiquidity));
    assert_eq!(stands(&pit, "alice", 1), (Status::Open, 0, 0));
    assert_eq!(balance(&pit, "bob", KRW).1, 0);
    sound(&pit);
}

#[test]
fn without_a_band_an_order_at_market_is_priced_by_what_traded_and_not_by_what_stands_in_a_call() {
    let mut pit = day(8, 30);
    let based = Instrument {
        base_price: Some(Ticks(100)),
        ..pit.listing(LPJ_KRW).expect("it is listed").instrument().clone()
    };
    pit.change(&Instrument { phase: Phase::Continuous, ..based });
    // A tenth of the price is as far as an order at market may go.
    place(&mut pit, "carol", "c", sell(1, 10));
    place(&mut pit, "bob", "b", at_market(buy(5, 1)));
    assert_eq!(order(&pit, "bob", 1).limit, Ticks(110));
    place(&mut pit, "alice", "a", sell(4, 100));
    pit.set_time(seoul(0, 9, 0));
    assert_eq!(stands(&pit, "bob", 1), (Status::Filled, 5, 0));
    sound(&pit);
}

#[test]
fn a_call_takes_what_can_wait_for_its_price() {
    let mut pit = day(8, 40);
    for (id, order) in
        [("ioc", ioc(buy(1, 100))), ("fok", fok(buy(1, 100))), ("post", post_only(buy(1, 100)))]
    {
        let request = place(&mut pit, "alice", id, order);
        assert_eq!(refusal(&pit, request), Some("NOT_IN_THIS_PHASE"), "{id}");
    }
    place(&mut pit, "alice", "rests", buy(10, 100));
    pit.amend("alice", no(1), Some(8), Some(120));
    assert_eq!(order(&pit, "alice", 1).limit, Ticks(120));
    pit.cancel("alice", no(1));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
}

#[test]
fn an_order_outside_the_hours_waits_for_the_open_in_the_order_of_arrival() {
    let mut pit = day(7, 0);
    place(&mut pit, "alice", "a", buy(5, 100));
    place(&mut pit, "bob", "b", buy(5, 100));
    place(&mut pit, "alice", "gone", buy(5, 100));
    assert_eq!(stands(&pit, "alice", 1), (Status::Reserved, 0, 0));
    assert_eq!(balance(&pit, "alice", KRW).1, 2 * 502);
    sound(&pit);
    // More of it goes behind; less keeps its place.
    pit.amend("alice", no(1), Some(3), None);
    pit.cancel("alice", no(2));
    assert_eq!(stands(&pit, "alice", 2), (Status::Cancelled, 0, 5));
    assert_eq!(balance(&pit, "alice", KRW).1, 301);
    let ioc = place(&mut pit, "carol", "ioc", ioc(sell(5, 100)));
    assert_eq!(refusal(&pit, ioc), Some("NOT_IN_THIS_PHASE"));
    sound(&pit);
    pit.set_time(seoul(0, 8, 30));
    assert_eq!(stands(&pit, "alice", 1), (Status::Open, 0, 0));
    place(&mut pit, "carol", "c", sell(4, 100));
    pit.set_time(seoul(0, 9, 0));
    assert_eq!(stands(&pit, "alice", 1), (Status::Filled, 3, 0));
    assert_eq!(stands(&pit, "bob", 1), (Status::PartiallyFilled, 1, 0));
    sound(&pit);
}

#[test]
fn a_reserved_order_gives_up_after_a_day() {
    let mut pit = day(15, 30);
    pit.set_time(seoul(4, 16, 0));
    place(&mut pit, "alice", "a", buy(5, 100));
    pit.set_time(seoul(5, 15, 59));
    assert_eq!(order(&pit, "alice", 1).status, Status::Reserved);
    pit.set_time(seoul(5, 16, 0));
    assert_eq!(stands(&pit, "alice", 1), (Status::Expired, 0, 5));
    assert_eq!(order(&pit, "alice", 1).reason, Some(CancelReason::Expired));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
}

#[test]
fn what_the_open_refuses_is_given_back() {
    let mut pit = day(7, 0);
    place(&mut pit, "alice", "a", buy(5, 150));
    let listed = pit.listing(LPJ_KRW).expect("it is listed").instrument().clone();
    let banded = Instrument { band: Some((Ticks(70), Ticks(130))), ..listed };
    pit.change(&Instrument { phase: Phase::Continuous, ..banded });
    pit.set_time(seoul(0, 8, 30));
    assert_eq!(stands(&pit, "alice", 1), (Status::Rejected, 0, 5));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
}

#[test]
fn a_band_that_moves_moves_orders_at_market_and_leaves_those_that_stand() {
    let mut pit = day(10, 0);
    let listed = pit.listing(LPJ_KRW).expect("it is listed").instrument().clone();
    let banded = |low, high| Instrument {
        band: Some((Ticks(low), Ticks(high))),
        phase: Phase::Continuous,
        base_price: Some(Ticks(100)),
        ..listed.clone()
    };
    pit.change(&banded(70, 130));
    place(&mut pit, "alice", "a", buy(5, 75));
    place(&mut pit, "bob", "b", force(TimeInForce::AtOpen, at_market(buy(5, 1))));
    assert_eq!(balance(&pit, "bob", KRW).1, 652);
    pit.change(&banded(80, 120));
    let less = pit.amend("alice", no(1), Some(3), None);
    assert_eq!(refusal(&pit, less), None);
    let beyond = pit.amend("alice", no(1), None, Some(76));
    assert_eq!(refusal(&pit, beyond), Some("PRICE_OUT_OF_BAND"));
    assert_eq!(order(&pit, "alice", 1).ordered, Lots(3));
    pit.set_time(seoul(1, 8, 30));
    assert_eq!(order(&pit, "bob", 1).limit, Ticks(120));
    // 600, and 1.5 of fee.
    assert_eq!(balance(&pit, "bob", KRW).1, 602);
    sound(&pit);
}

#[test]
fn orders_for_a_call_wait_for_it_and_end_with_it() {
    let mut pit = day(10, 0);
    place(&mut pit, "alice", "c", force(TimeInForce::AtClose, buy(5, 100)));
    place(&mut pit, "bob", "o", force(TimeInForce::AtOpen, buy(5, 100)));
    assert_eq!(order(&pit, "alice", 1).status, Status::Reserved);
    place(&mut pit, "carol", "s", ioc(sell(1, 100)));
    assert_eq!(stands(&pit, "alice", 1), (Status::Reserved, 0, 0), "it waits");
    pit.set_time(seoul(0, 15, 20));
    assert_eq!(stands(&pit, "alice", 1), (Status::Open, 0, 0));
    place(&mut pit, "carol", "t", force(TimeInForce::Day, sell(3, 100)));
    pit.set_time(seoul(0, 15, 30));
    assert_eq!(stands(&pit, "alice", 1), (Status::Cancelled, 3, 2));
    assert_eq!(order(&pit, "bob", 1).status, Status::Reserved);
    pit.set_time(seoul(1, 8, 30));
    assert_eq!(order(&pit, "bob", 1).status, Status::Open);
    pit.set_time(seoul(1, 9, 0));
    assert_eq!(stands(&pit, "bob", 1), (Status::Cancelled, 0, 5));
    sound(&pit);
    let mut always = street();
    let none = place(&mut always, "alice", "n", force(TimeInForce::AtClose, buy(5, 100)));
    assert_eq!(refusal(&always, none), Some("NO_CALL_AUCTION"));
}

#[test]
fn the_close_ends_the_day_and_is_the_base_of_the_next() {
    let band = Some(Rate(300_000_000));
    let mut pit = day_with(Schedule { band, ..krx() }, 10, 0);
    place(&mut pit, "alice", "d", force(TimeInForce::Day, buy(5, 90)));
    place(&mut pit, "alice", "g", buy(5, 80));
    place(&mut pit, "bob", "x", sell(5, 120));
    place(&mut pit, "carol", "y", ioc(buy(5, 120)));
    pit.set_time(seoul(0, 15, 30));
    assert_eq!(stands(&pit, "alice", 1), (Status::Cancelled, 0, 5));
    assert_eq!(order(&pit, "alice", 1).reason, Some(CancelReason::MarketClosed));
    assert_eq!(stands(&pit, "alice", 2), (Status::Open, 0, 0));
    let rules = pit.listing(LPJ_KRW).expect("it is listed").instrument();
    assert_eq!(rules.base_price, Some(Ticks(120)));
    assert_eq!(rules.band, Some((Ticks(84), Ticks(156))));
    let known = pit.desks().map(|desk| desk.catalogue.instruments[&LPJ_KRW].band);
    known.for_each(|band| assert_eq!(band, Some((Ticks(84), Ticks(156)))));
    sound(&pit);
}

#[test]
fn a_halt_holds_a_call_up_until_it_is_over() {
    let mut pit = day(8, 45);
    place(&mut pit, "alice", "a", buy(5, 100));
    place(&mut pit, "bob", "b", sell(5, 100));
    let [lpj, _] = instruments();
    let lpj = Instrument { schedule: Some(Box::new(krx())), ..lpj };
    pit.change(&Instrument { phase: Phase::Halted, ..lpj.clone() });
    pit.set_time(seoul(0, 9, 10));
    assert_eq!(phase(&pit), Phase::Halted);
    assert_eq!(stands(&pit, "alice", 1), (Status::Open, 0, 0));
    pit.change(&lpj);
    assert_eq!(phase(&pit), Phase::Continuous);
    assert_eq!(stands(&pit, "alice", 1), (Status::Filled, 5, 0));
    sound(&pit);
}

#[test]
fn a_stop_that_the_close_fires_is_matched_when_trading_goes_on() {
    let mut pit = day(15, 20);
    let stop = crate::terms::TermsAsked {
        stop: Some(crate::terms::StopAsked::At(110)),
        ..Default::default()
    };
    place(&mut pit, "carol", "s", OrderRequest { terms: Some(Box::new(stop)), ..buy(2, 120) });
    place(&mut pit, "alice", "a", buy(5, 110));
    place(&mut pit, "bob", "b", sell(5, 110));
    pit.set_time(seoul(0, 15, 30));
    assert_eq!(order(&pit, "bob", 1).status, Status::Filled);
    assert_eq!(order(&pit, "carol", 1).status, Status::Untriggered);
    pit.set_time(seoul(1, 8, 30));
    assert_eq!(order(&pit, "carol", 1).status, Status::Open, "it enters the call");
    sound(&pit);
}

#[test]
fn a_day_outlives_a_snapshot() {
    let mut pit = day(7, 0);
    place(&mut pit, "alice", "a", buy(5, 100));
    pit.set_time(seoul(0, 8, 40));
    place(&mut pit, "bob", "b", sell(3, 99));
    let listing = pit.listing(LPJ_KRW).expect("it is listed");
    let state = listing.state();
    let again = crate::book::Listing::restore(state.clone());
    assert_eq!(again.state(), state);
    assert_eq!(again.book().collects(), listing.book().collects());
    assert_eq!(Lots(3), again.book().quantity_at(Side::Sell, Ticks(99)));
}

/// Case 57: money and goods are where they were, whatever rounding does.
#[test]
fn rounding_never_makes_money() {
    let mut pit = day(8, 30);
    let whole = |pit: &Pit, asset| -> Amount {
        let accounts = ["alice", "bob", "carol"].iter();
        let held: Amount = accounts
            .map(|who| {
                let (free, held) = balance(pit, who, asset);
                free + held
            })
            .sum();
        let street = topology();
        let partitions = street.partitions().map(|(id, _)| id);
        let postings = partitions.flat_map(|id| pit.sub_accounts(id).to_vec());
        let kept = postings.filter(|posting| posting.asset == asset);
        held + kept.map(|p| p.fee + p.tax + p.clearing).sum::<Amount>()
    };
    let before = [whole(&pit, KRW), whole(&pit, LPJ)];
    for nth in 0..7 {
        place(&mut pit, "alice", &format!("a{nth}"), buy(1 + nth, 101 + nth));
        place(&mut pit, "bob", &format!("b{nth}"), sell(2 + nth, 97 + nth));
        assert_eq!([whole(&pit, KRW), whole(&pit, LPJ)], before);
        sound(&pit);
    }
    pit.set_time(seoul(0, 9, 0));
    assert_eq!([whole(&pit, KRW), whole(&pit, LPJ)], before);
    for nth in 0..5 {
        place(&mut pit, "carol", &format!("c{nth}"), ioc(buy(1 + nth, 110)));
        assert_eq!([whole(&pit, KRW), whole(&pit, LPJ)], before);
    }
    assert!(pit.tap().trades.len() > 5);
    sound(&pit);
}
