//! The naive book against trades that are right and trades that are not.

use super::super::Case;
use super::super::sample::{case, number, with_line};
use super::check;
use crate::history::{Attempt, End};

fn faults(case: &Case) -> Vec<String> {
    check(case).faults
}

/// Exchanges the makers of the two trades, as if the younger order had gone first.
fn younger_first(case: &mut Case) {
    for (fill, order) in case.export.accounts[1].fills.iter_mut().zip(["2", "1"]) {
        fill.order = format!("accounts/bob/orders/{order}");
    }
}

fn answer_of<'c>(case: &'c mut Case, op: &str) -> &'c mut crate::history::Answer {
    let attempt: &mut Attempt =
        case.history.attempts.iter_mut().find(|attempt| attempt.op == op).expect("an attempt");
    let End::Ok { answer, .. } = &mut attempt.end else { panic!("{op} was not answered") };
    answer
}

#[test]
fn the_honest_day_runs_through() {
    let verdict = check(&case());
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(
        (verdict.checked, verdict.note.as_str()),
        (2, "6 commands in their places, 0 orders without one")
    );
}

#[test]
fn a_younger_order_that_goes_first_is_noticed() {
    let mut case = case();
    younger_first(&mut case);
    assert!(faults(&case)[0].contains("before accounts/bob/orders/1"), "{:?}", faults(&case));
}

#[test]
fn a_worse_price_that_goes_first_is_noticed() {
    let case = with_line(r#""quantity":"5","price":"100""#, r#""quantity":"5","price":"99""#);
    assert!(faults(&case)[0].contains("before accounts/bob/orders/2 at 99"), "{:?}", faults(&case));
}

#[test]
fn a_maker_that_gives_less_than_it_has_is_noticed() {
    let mut case = case();
    for account in &mut case.export.accounts {
        account.fills[0].quantity = number("9");
    }
    assert!(faults(&case)[0].contains("9@100 instead of 10@100"));
}

#[test]
fn a_taker_that_stops_too_early_is_noticed() {
    let mut case = case();
    for account in &mut case.export.accounts {
        account.fills.pop();
    }
    assert!(faults(&case)[0].contains("did not trade with"), "{:?}", faults(&case));
}

#[test]
fn a_trade_after_the_cancel_is_noticed() {
    let mut case = case();
    // The book cancelled before the buy came.
    let cancel = answer_of(&mut case, "b4");
    cancel.book_position.as_mut().expect("a position").index = 2;
    cancel.order.as_mut().expect("an order").filled = Some(number("0"));
    assert!(faults(&case)[0].contains("was not there"), "{:?}", faults(&case));
}

#[test]
fn an_answer_that_says_another_fill_is_noticed() {
    let mut case = case();
    let said = answer_of(&mut case, "a2").order.as_mut().expect("an order");
    said.filled = Some(number("11"));
    assert!(faults(&case)[0].contains("had 12 filled"), "{:?}", faults(&case));
}

#[test]
fn an_order_that_does_not_rest_where_it_should_is_noticed() {
    let mut case = case();
    case.export.accounts[0].orders[1].remaining = number("5");
    assert!(faults(&case)[0].contains("5 open, 6 rests"), "{:?}", faults(&case));
}

#[test]
fn a_kill_that_could_have_filled_is_noticed() {
    let mut case = with_line(
        r#""side":"BUY","quantity":"4","price":"90""#,
        r#""side":"BUY","quantity":"3","price":"100","time_in_force":"FOK""#,
    );
    case.history.attempts.retain(|attempt| !matches!(attempt.op.as_str(), "a6" | "b4"));
    // Bob's second order still has 3 at 100.
    let order = &mut case.export.accounts[1].orders[1];
    (order.remaining, order.cancelled) = (number("3"), number("0"));
    assert!(faults(&case)[0].contains("is FOK of 3, 3 was there"), "{:?}", faults(&case));
}

#[test]
fn a_post_only_that_would_have_traded_is_noticed() {
    let case = with_line(
        r#""quantity":"12","price":"101""#,
        r#""post_only":true,"quantity":"12","price":"101""#,
    );
    assert!(faults(&case)[0].contains("post-only"), "{:?}", faults(&case));
}

#[test]
fn two_partitions_in_one_record_may_have_come_in_either_order() {
    // All of Bob's and Ann's commands up to the trade in one record: Ann's queue stands first, and
    // only Bob's orders before her buy explain the trades.
    let mut case = case();
    for op in ["b2", "b3", "a2"] {
        answer_of(&mut case, op).book_position.as_mut().expect("a position").index = 1;
    }
    assert_eq!(faults(&case), Vec::<String>::new());
    // Within one partition the order is known.
    younger_first(&mut case);
    assert_eq!(faults(&case).len(), 1);
}

#[test]
fn an_order_without_a_place_is_loose_and_the_others_are_not() {
    let mut case = case();
    answer_of(&mut case, "b3").book_position = None;
    let verdict = check(&case);
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert!(verdict.note.contains("1 orders without one"), "{}", verdict.note);
    // The firm maker still has to go before nobody it was older than.
    answer_of(&mut case, "b3").book_position = None;
    case.export.accounts[0].orders[1].remaining = number("1");
    assert_eq!(faults(&case).len(), 1);
}

#[test]
fn own_orders_end_the_taker_as_its_mode_says() {
    // Bob's second order is Ann's own: her buy stops there, by the default mode.
    let mut case = case();
    let mut own = case.export.accounts[1].orders[1].clone();
    own.name = "accounts/ann/orders/3".into();
    (own.filled, own.cancelled, own.remaining) = (number("0"), number("5"), number("0"));
    case.export.accounts[0].orders.push(own);
    case.export.accounts[1].orders.pop();
    for account in &mut case.export.accounts {
        account.fills.pop();
    }
    for attempt in &mut case.history.attempts {
        match &mut attempt.request {
            crate::history::Request::CreateOrder(asked) if asked.id == "s2" => {
                asked.account = "accounts/ann".into();
            }
            crate::history::Request::CancelOrder { account, .. } => {
                *account = "accounts/ann".into();
            }
            _ => {}
        }
    }
    for (op, filled) in [("a2", "10"), ("b4", "0")] {
        let said = answer_of(&mut case, op).order.as_mut().expect("an order");
        said.filled = Some(number(filled));
    }
    assert_eq!(faults(&case), Vec::<String>::new());
}

#[test]
fn a_loose_takers_trade_comes_behind_an_answer_that_does_not_know_of_it() {
    // Instead of cancelling the rest, Bob amends his second order to 2, of which nothing had
    // filled when he was answered; Ann's buy has no place and took those 2 afterwards.
    let mut case = with_line(
        r#"{"kind":"cancel_order","account":"accounts/bob","id":"c1","order":"s2"}"#,
        r#"{"kind":"amend_order","account":"accounts/bob","id":"c1","order":"s2","quantity":"2"}"#,
    );
    answer_of(&mut case, "a2").book_position = None;
    let said = answer_of(&mut case, "b4").order.as_mut().expect("an order");
    (said.filled, said.remaining) = (Some(number("0")), Some(number("2")));
    let order = &mut case.export.accounts[1].orders[1];
    (order.quantity, order.cancelled) = (Some(number("2")), number("0"));
    assert_eq!(faults(&case), Vec::<String>::new());
}
