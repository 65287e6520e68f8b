//! What the owner of an order hears, and when.

use super::*;
use crate::ids::OrderKey;
use crate::order::Status;
use crate::pit::tests::market::{BTC, BTC_KRW, LPJ_KRW};

#[test]
fn accepted_is_said_before_the_book_has_seen_the_order() {
    let mut pit = slow_street();
    let request = pit.place("alice", "a", buy(10, 100), Ack::Accepted);
    let key = OrderKey { account: pit.find("alice").expect("opened"), no: OrderNo(1) };
    assert_eq!(answer(&pit, request), Answer::Accepted(key));
    assert_eq!(order(&pit, "alice", 1).status, Status::Pending);
    pit.settle_down();
    assert_eq!(answer(&pit, request), Answer::Accepted(key));
    assert_eq!(order(&pit, "alice", 1).status, Status::Open);
}

#[test]
fn result_is_said_by_book_and_account_alike() {
    let mut pit = street();
    place(&mut pit, "bob", "b", sell(4, 100));
    let request = place(&mut pit, "alice", "a", buy(10, 100));
    assert_eq!(pit.tap().answers_to(request).count(), 2);
    let Answer::Decided { outcome, .. } = answer(&pit, request) else {
        panic!("decided");
    };
    assert_eq!((outcome.status, outcome.filled.0), (Status::PartiallyFilled, 4));
}

#[test]
fn full_comes_with_the_settled_fills() {
    let mut pit = street();
    place(&mut pit, "bob", "b1", sell(4, 100));
    place(&mut pit, "bob", "b2", sell(4, 101));
    let request = pit.place("alice", "a", buy(10, 101), Ack::Full);
    let Answer::Settled { outcome, fills } = answer(&pit, request) else {
        panic!("settled");
    };
    assert_eq!(outcome.filled.0, 8);
    let paid: Vec<_> = fills.iter().map(|fill| (fill.quantity.0, fill.notional)).collect();
    assert_eq!(paid, [(4, 400), (4, 404)]);
}

#[test]
fn orders_are_cancelled_by_number_and_by_the_clients_id() {
    let mut pit = street();
    place(&mut pit, "alice", "mine", buy(10, 100));
    place(&mut pit, "alice", "other", buy(10, 99));
    let id = crate::client_id::ClientId::parse("mine").expect("an id");
    let requests = [pit.cancel("alice", OrderRef::ClientId(id)), pit.cancel("alice", no(2))];
    for (request, number) in requests.into_iter().zip(1..) {
        let Answer::Decided { outcome, .. } = answer(&pit, request) else {
            panic!("cancelled");
        };
        assert_eq!((outcome.order.no, outcome.status), (OrderNo(number), Status::Cancelled));
    }
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    let request = pit.cancel("alice", no(2));
    assert_eq!(refusal(&pit, request), Some("ORDER_NOT_OPEN"));
}

#[test]
fn a_cancel_that_comes_after_the_fill_is_refused_and_the_fill_stands() {
    let mut pit = slow_street();
    place(&mut pit, "alice", "a", buy(10, 100));
    pit.settle_down();
    place(&mut pit, "bob", "b", sell(10, 100));
    let request = pit.cancel("alice", no(1));
    pit.settle_down();
    let state = order(&pit, "alice", 1);
    match refusal(&pit, request) {
        Some(reason) => assert_eq!((reason, state.filled.0), ("ORDER_NOT_OPEN", 10)),
        None => assert_eq!((state.status, state.filled.0), (Status::Cancelled, 0)),
    }
    sound(&pit);
}

#[test]
fn cancel_all_answers_when_every_book_has() {
    let mut pit = slow_street();
    pit.deposit("alice", BTC, 1000);
    for nth in 0..3 {
        place(&mut pit, "alice", &format!("lpj{nth}"), buy(1, 90 + nth));
    }
    let btc = OrderRequest { instrument: BTC_KRW, ..sell(10, 200_000) };
    place(&mut pit, "alice", "btc", btc);
    pit.settle_down();
    let request = pit.cancel_all("alice", None);
    assert_eq!(pit.tap().answers_to(request).count(), 0);
    // One of them is filled before its cancel arrives, or after: both are right.
    place(&mut pit, "bob", "b", sell(1, 92));
    pit.settle_down();
    let filled = account(&pit, "bob").open_orders().count() == 0;
    let orders = if filled { 3 } else { 4 };
    assert_eq!(answer(&pit, request), Answer::CancelledAll { orders });
    assert_eq!(account(&pit, "alice").open_orders().count(), 0);
    sound(&pit);
}

#[test]
fn cancel_all_of_one_instrument_leaves_the_others() {
    let mut pit = street();
    pit.deposit("alice", BTC, 1000);
    place(&mut pit, "alice", "lpj", buy(1, 90));
    place(&mut pit, "alice", "btc", OrderRequest { instrument: BTC_KRW, ..sell(10, 200_000) });
    let request = pit.cancel_all("alice", Some(LPJ_KRW));
    assert_eq!(answer(&pit, request), Answer::CancelledAll { orders: 1 });
    let request = pit.cancel_all("alice", Some(LPJ_KRW));
    assert_eq!(answer(&pit, request), Answer::CancelledAll { orders: 0 });
    assert_eq!(account(&pit, "alice").open_orders().count(), 1);
}
