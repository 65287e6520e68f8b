//! The memory of client ids: a retry gets the first answer, for a day.

use super::*;
use crate::account::memory::{REMEMBERED_MAX, REMEMBERED_NS};
use crate::request::AccountRequest;
use crate::time::Time;

#[test]
fn a_retry_gets_the_first_answer_and_nothing_else_happens() {
    let mut pit = street();
    let first = place(&mut pit, "alice", "a", buy(10, 100));
    let said = answer(&pit, first);
    place(&mut pit, "bob", "b", sell(10, 100));
    let again = place(&mut pit, "alice", "a", buy(10, 100));
    assert_eq!(answer(&pit, again), said, "not how it stands today");
    assert_eq!(account(&pit, "alice").orders(), OrderNo(1));
    assert_eq!(balance(&pit, "alice", LPJ), (1010, 0));
}

#[test]
fn another_body_under_the_same_id_is_refused_and_the_first_stays() {
    let mut pit = street();
    let first = place(&mut pit, "alice", "a", buy(10, 100));
    let other = place(&mut pit, "alice", "a", buy(11, 100));
    assert_eq!(refusal(&pit, other), Some("CLIENT_ORDER_ID_REUSED"));
    let alice = pit.find("alice").expect("opened");
    let deposit = AccountRequest::Deposit { asset: KRW, amount: 1 };
    let other = pit.ask(alice, "a", &deposit);
    assert_eq!(refusal(&pit, other), Some("CLIENT_ORDER_ID_REUSED"));
    let again = place(&mut pit, "alice", "a", buy(10, 100));
    assert_eq!(answer(&pit, again), answer(&pit, first));
}

#[test]
fn refusals_are_remembered_too() {
    let mut pit = street();
    let first = place(&mut pit, "alice", "a", buy(1_000_000, 100));
    assert_eq!(refusal(&pit, first), Some("INSUFFICIENT_FUNDS"));
    pit.deposit("alice", KRW, 1_000_000_000);
    let again = place(&mut pit, "alice", "a", buy(1_000_000, 100));
    assert_eq!(answer(&pit, again), answer(&pit, first), "though there is enough now");
    assert_eq!(account(&pit, "alice").orders(), OrderNo(0));
}

#[test]
fn a_retry_while_it_is_under_way_waits_for_the_same_answer() {
    let mut pit = slow_street();
    let first = place(&mut pit, "alice", "a", buy(10, 100));
    let again = place(&mut pit, "alice", "a", buy(10, 100));
    let asks = pit.place("alice", "a", buy(10, 100), Ack::Accepted);
    assert!(matches!(answer(&pit, asks), Answer::Accepted(_)), "taken it is already");
    assert_eq!(pit.tap().answers_to(again).count(), 0);
    pit.settle_down();
    assert_eq!(answer(&pit, again), answer(&pit, first));
    assert_eq!(account(&pit, "alice").orders(), OrderNo(1));
}

#[test]
fn many_who_ask_the_same_at_once_are_all_answered() {
    let mut pit = slow_street();
    let tries: Vec<u64> = (0..64).map(|_| place(&mut pit, "alice", "a", buy(10, 100))).collect();
    pit.settle_down();
    let first = answer(&pit, tries[0]);
    assert!(tries.iter().all(|request| answer(&pit, *request) == first));
    assert_eq!(account(&pit, "alice").orders(), OrderNo(1));
}

#[test]
fn every_kind_of_request_is_done_once() {
    let mut pit = slow_street();
    place(&mut pit, "alice", "o1", buy(10, 100));
    place(&mut pit, "alice", "o2", buy(10, 99));
    pit.settle_down();
    let alice = pit.find("alice").expect("opened");
    let requests = [
        AccountRequest::Deposit { asset: KRW, amount: 100 },
        AccountRequest::Withdraw { asset: KRW, amount: 50 },
        AccountRequest::Transfer { to: "bob".into(), asset: KRW, amount: 30 },
        AccountRequest::Transfer { to: "nobody".into(), asset: KRW, amount: 30 },
        AccountRequest::Amend { order: no(1), quantity: Some(5), price: None },
        AccountRequest::Cancel { order: no(2) },
        AccountRequest::CancelAll { instrument: None },
        AccountRequest::Reset { amounts: vec![(KRW, 500)] },
    ];
    for (nth, request) in requests.iter().enumerate() {
        let id = format!("r{nth}");
        let tries = [0; 3].map(|_| pit.ask(alice, &id, request));
        pit.settle_down();
        let late = pit.ask(alice, &id, request);
        for again in tries.into_iter().chain([late]) {
            assert_eq!(answer(&pit, again), answer(&pit, tries[0]), "{request:?}");
        }
    }
    assert_eq!(balance(&pit, "bob", KRW), (RICH + 30, 0));
    assert_eq!(balance(&pit, "alice", KRW), (500, 0));
    sound(&pit);
}

#[test]
fn closed_ids_are_forgotten_after_a_day_and_open_ones_never() {
    let mut pit = street();
    let begin = pit.now();
    place(&mut pit, "alice", "open", buy(10, 100));
    let closed = place(&mut pit, "alice", "closed", ioc(buy(10, 100)));
    pit.set_time(Time(begin.0 + REMEMBERED_NS - 1));
    let again = place(&mut pit, "alice", "closed", ioc(buy(10, 100)));
    assert_eq!(answer(&pit, again), answer(&pit, closed));
    pit.set_time(Time(begin.0 + REMEMBERED_NS));
    place(&mut pit, "alice", "closed", ioc(buy(10, 100)));
    place(&mut pit, "alice", "open", buy(10, 100));
    assert_eq!(account(&pit, "alice").orders(), OrderNo(3), "only the closed one came again");
}

#[test]
fn what_was_sent_before_memory_begins_is_never_executed() {
    let mut pit = street();
    let begin = pit.now();
    place(&mut pit, "alice", "a", ioc(buy(10, 100)));
    let alice = pit.find("alice").expect("opened");
    let (order, ack, market_price) = (ioc(buy(10, 100)), Ack::Result, None);
    let request = AccountRequest::Place { order, ack, market_price };
    pit.set_time(Time(begin.0 + REMEMBERED_NS));
    let late = pit.ask_sent_at(alice, "a", &request, Some(begin));
    assert_eq!(refusal(&pit, late), Some("CLIENT_ORDER_ID_TOO_OLD"));
    let fresh = pit.ask_sent_at(alice, "a", &request, Some(Time(begin.0 + 1)));
    assert_eq!(refusal(&pit, fresh), None);
    assert_eq!(account(&pit, "alice").orders(), OrderNo(2));
}

#[test]
fn memory_is_bounded_by_the_number_of_closed_ids() {
    let mut pit = street();
    let alice = pit.find("alice").expect("opened");
    let open = place(&mut pit, "alice", "open", buy(10, 100));
    let first = AccountRequest::Deposit { asset: KRW, amount: 1 };
    pit.ask(alice, "first", &first);
    // Two ids of the beginning and the first one are closed already.
    for nth in 0..REMEMBERED_MAX - 3 {
        pit.set_time(Time(pit.now().0 + 1));
        pit.ask(alice, &format!("n{nth}"), &first);
    }
    let before = balance(&pit, "alice", KRW);
    pit.ask(alice, "first", &first);
    assert_eq!(balance(&pit, "alice", KRW), before, "still remembered");
    for nth in 0..4 {
        pit.ask(alice, &format!("more{nth}"), &first);
    }
    let late = pit.ask_sent_at(alice, "first", &first, Some(Time(1)));
    assert_eq!(refusal(&pit, late), Some("CLIENT_ORDER_ID_TOO_OLD"));
    let again = place(&mut pit, "alice", "open", buy(10, 100));
    assert_eq!(answer(&pit, again), answer(&pit, open), "an open order is always remembered");
}
