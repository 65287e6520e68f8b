//! Orders that go by themselves, as their owners see them.

use super::*;
use crate::instrument::{Instrument, Phase};
use crate::order::{CancelReason, Status};
use crate::pit::tests::market::instruments;
use crate::terms::{StopAsked, TermsAsked};
use crate::time::Time;

/// The order, gone from this time on.
fn until(time: u64, order: OrderRequest) -> OrderRequest {
    let mut terms = order.terms.clone().unwrap_or_default();
    terms.expires = Some(Time(time));
    OrderRequest { time_in_force: TimeInForce::Gtd, terms: Some(terms), ..order }
}

fn day(order: OrderRequest) -> OrderRequest {
    OrderRequest { time_in_force: TimeInForce::Day, ..order }
}

fn in_phase(phase: Phase) -> Instrument {
    Instrument { phase, ..instruments()[0].clone() }
}

fn end_of(pit: &Pit, who: &str, number: u64) -> (Status, Option<CancelReason>, u64, u64) {
    let state = order(pit, who, number);
    (state.status, state.reason, state.filled.0, state.cancelled.0)
}

#[test]
fn an_order_expires_at_its_time_and_gives_back_what_it_held() {
    let mut pit = street();
    pit.set_time(Time(1_000));
    place(&mut pit, "alice", "a", until(2_000, buy(10, 100)));
    place(&mut pit, "bob", "b", ioc(sell(4, 100)));
    assert_ne!(balance(&pit, "alice", KRW).1, 0);
    pit.set_time(Time(1_999));
    assert_eq!(order(&pit, "alice", 1).status, Status::PartiallyFilled);
    pit.set_time(Time(5_000));
    let expired = Some(CancelReason::Expired);
    assert_eq!(end_of(&pit, "alice", 1), (Status::Expired, expired, 4, 6));
    assert_eq!(order(&pit, "alice", 1).updated, Time(2_000), "at its time, not later");
    assert_eq!(balance(&pit, "alice", KRW).1, 0);
    assert_eq!(account(&pit, "alice").open_orders().count(), 0);
    sound(&pit);
}

#[test]
fn nobody_trades_with_what_has_expired() {
    let mut pit = slow_street();
    pit.set_time(Time(1_000));
    place(&mut pit, "alice", "a", until(2_000, sell(10, 100)));
    pit.settle_down();
    place(&mut pit, "bob", "b", ioc(buy(10, 100)));
    pit.set_time(Time(2_000));
    pit.settle_down();
    assert_eq!(end_of(&pit, "alice", 1).0, Status::Expired);
    assert_eq!(order(&pit, "bob", 1).filled.0, 0);
    sound(&pit);
}

#[test]
fn an_order_that_comes_too_late_is_expired_before_it_trades() {
    let mut pit = slow_street();
    pit.set_time(Time(1_000));
    place(&mut pit, "bob", "b", sell(10, 100));
    pit.settle_down();
    place(&mut pit, "alice", "a", until(2_000, buy(10, 100)));
    pit.set_time(Time(2_000));
    pit.settle_down();
    let expired = Some(CancelReason::Expired);
    assert_eq!(end_of(&pit, "alice", 1), (Status::Expired, expired, 0, 10));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
}

#[test]
fn a_time_that_is_past_is_no_time() {
    let mut pit = street();
    pit.set_time(Time(1_000));
    let late = place(&mut pit, "alice", "late", until(1_000, buy(10, 100)));
    assert_eq!(refusal(&pit, late), Some("MALFORMED"));
    let none = OrderRequest { time_in_force: TimeInForce::Gtd, ..buy(10, 100) };
    let none = place(&mut pit, "alice", "none", none);
    assert_eq!(refusal(&pit, none), Some("MALFORMED"));
    let market = OrderRequest { price: None, ..day(buy(10, 100)) };
    let market = place(&mut pit, "alice", "market", market);
    assert_eq!(refusal(&pit, market), Some("MALFORMED"));
}

#[test]
fn the_close_ends_the_orders_of_the_day() {
    let mut pit = street();
    place(&mut pit, "alice", "d", day(buy(10, 100)));
    place(&mut pit, "alice", "g", buy(10, 99));
    let stop = TermsAsked { stop: Some(StopAsked::At(90)), ..TermsAsked::default() };
    let stop = OrderRequest { price: None, terms: Some(Box::new(stop)), ..day(sell(5, 1)) };
    place(&mut pit, "alice", "s", stop);
    assert_eq!(order(&pit, "alice", 3).status, Status::Untriggered);
    pit.change(&in_phase(Phase::Closed));
    let closed = Some(CancelReason::MarketClosed);
    assert_eq!(end_of(&pit, "alice", 1), (Status::Cancelled, closed, 0, 10));
    assert_eq!(end_of(&pit, "alice", 3), (Status::Cancelled, closed, 0, 5));
    assert_eq!(order(&pit, "alice", 2).status, Status::Open);
    // 990 and the fee bound of the order that stays.
    assert_eq!(balance(&pit, "alice", KRW).1, 993);
    assert_eq!(balance(&pit, "alice", LPJ).1, 0);
    sound(&pit);
}

#[test]
fn both_legs_of_two_go_at_one_time() {
    let mut pit = street();
    pit.set_time(Time(1_000));
    let second = crate::client_id::ClientId::parse("other").expect("a good id");
    let other = crate::terms::OtherAsked { id: second, stop: StopAsked::At(90), price: None };
    let pair = TermsAsked { other: Some(other), ..TermsAsked::default() };
    let asked = OrderRequest { terms: Some(Box::new(pair)), ..sell(10, 110) };
    place(&mut pit, "alice", "a", until(2_000, asked));
    assert_eq!(order(&pit, "alice", 2).status, Status::Untriggered);
    pit.set_time(Time(2_000));
    let expired = Some(CancelReason::Expired);
    assert_eq!(end_of(&pit, "alice", 1), (Status::Expired, expired, 0, 10));
    assert_eq!(end_of(&pit, "alice", 2), (Status::Expired, expired, 0, 10));
    assert_eq!(balance(&pit, "alice", LPJ), (1000, 0));
    sound(&pit);
}
