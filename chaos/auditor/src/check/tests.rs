//! Every checker accepts the honest day and catches what is planted in it.

use super::sample::{DAY, LISTED, case, number, with, with_line};
use super::{Case, all};
use crate::number::Number;

/// The ids of the invariants that do not hold.
fn broken(case: &Case) -> Vec<&'static str> {
    all(case).invariants.iter().filter(|line| !line.ok).map(|line| line.id).collect()
}

/// Plants something into the export; the invariant must be among those that break.
fn plant(id: &str, spoil: impl FnOnce(&mut Case)) {
    let mut case = case();
    spoil(&mut case);
    let found = broken(&case);
    assert!(found.contains(&id), "{id} did not notice; noticed: {found:?}");
}

/// Plants something into what clients saw.
fn plant_line(id: &str, from: &str, to: &str) {
    let found = broken(&with_line(from, to));
    assert!(found.contains(&id), "{id} did not notice; noticed: {found:?}");
}

#[test]
fn the_honest_day_passes_and_every_checker_looked_at_it() {
    let mut case = case();
    // Two nodes that say the same of a partition at the same index.
    let replica = crate::export::Replica {
        applied: 7,
        hash: "00".into(),
        entities: 3,
        partition: case.export.partitions[0].clone(),
    };
    case.export.views = ["nodes/n1", "nodes/n2"]
        .map(|node| crate::export::View { node: node.into(), replicas: vec![replica.clone()] })
        .into();
    let report = all(&case);
    for line in &report.invariants {
        assert!(line.ok && line.checked > 0, "{} ({}): {}", line.id, line.checked, line.detail);
    }
    assert!(report.ok);
}

#[test]
fn cash_1_notices_money_out_of_nothing() {
    plant("CASH-1", |case| case.export.accounts[0].balances[0].available += Number::from(1));
    plant("CASH-1", |case| case.export.partitions[0].totals[0].fees = Number::ZERO);
    plant("CASH-1", |case| case.export.partitions[1].totals[0].clearing = Number::ZERO);
    plant("CASH-1", |case| case.export.accounts[1].rows[1].commission = Number::ZERO);
    plant("CASH-1", |case| {
        case.export.accounts[0].rows.remove(0);
    });
}

/// The day as if its trades were made of one level of an outside book that displayed so much.
fn followed(displayed: &str) -> Case {
    let mut case = case();
    case.export.instruments[0].follows = true;
    for fill in case.export.accounts.iter_mut().flat_map(|account| &mut account.fills) {
        (fill.outside_snapshot, fill.outside_level) = (5, 1);
    }
    let level = (number("100"), number(displayed));
    let snapshot = crate::export::Snapshot {
        instrument: LISTED.into(),
        number: 5,
        bids: vec![level],
        asks: vec![level],
    };
    case.with_snapshots(vec![snapshot])
}

#[test]
fn fill_4_notices_a_level_of_which_more_was_filled_than_it_displayed() {
    let fill_4 = |case: &Case| broken(case).contains(&"FILL-4");
    assert!(!fill_4(&followed("12")));
    assert!(fill_4(&followed("11")));
    let mut unnamed = followed("12");
    unnamed.export.accounts[0].fills[0].outside_level = 0;
    assert!(fill_4(&unnamed));
    let mut unknown = followed("12");
    unknown.snapshots.clear();
    assert!(!fill_4(&unknown), "what nobody wrote down is left out");
    plant("FILL-4", |case| case.export.accounts[0].fills[0].outside_snapshot = 3);
}

#[test]
fn cash_2_notices_a_negative_balance_wherever_it_was_seen() {
    plant("CASH-2", |case| case.export.accounts[0].balances[0].held = number("-0.00000001"));
    plant("CASH-2", |case| case.export.accounts[1].rows[2].after = number("-1"));
    plant_line("CASH-2", r#""available":"10000""#, r#""available":"-10000""#);
}

#[test]
fn cash_3_notices_a_hold_that_is_off_by_the_smallest_unit() {
    let smallest = number("0.00000001");
    plant("CASH-3", |case| case.export.accounts[0].balances[0].held += smallest);
    plant("CASH-3", |case| case.export.accounts[0].balances[0].held = number("546"));
    // A refund was forgotten: the order is gone and its hold is not.
    plant("CASH-3", |case| case.export.accounts[0].orders[1].state = "CANCELLED".into());
}

#[test]
fn cash_4_notices_a_broken_chain_and_a_one_sided_transaction() {
    plant("CASH-4", |case| case.export.accounts[0].rows[3].before = number("9000"));
    plant("CASH-4", |case| case.export.accounts[0].rows[3].amount = number("-199"));
    plant("CASH-4", |case| case.export.accounts[0].rows.swap(1, 3));
    plant("CASH-4", |case| {
        case.export.accounts[1].rows.pop();
    });
    plant("CASH-4", |case| case.export.accounts[1].rows[3].amount = number("201"));
    plant("CASH-4", |case| case.export.accounts[1].balances[1].available = number("87"));
}

#[test]
fn fill_1_notices_an_over_fill() {
    plant("FILL-1", |case| case.export.accounts[0].orders[0].filled = number("13"));
    plant("FILL-1", |case| case.export.accounts[1].orders[1].cancelled = number("2"));
    plant("FILL-1", |case| case.export.accounts[1].fills[1].quantity = number("3"));
    plant("FILL-1", |case| case.export.accounts[0].orders[1].remaining = number("-6"));
    plant("FILL-1", |case| {
        case.export.accounts[0].orders.remove(0);
    });
}

#[test]
fn fill_2_notices_legs_that_do_not_match() {
    plant("FILL-2", |case| case.export.accounts[0].fills[0].quantity = number("9"));
    plant("FILL-2", |case| case.export.accounts[0].fills[0].is_maker = true);
    // Both legs agree on a price that the maker never asked for.
    plant("FILL-2", |case| {
        for account in &mut case.export.accounts {
            account.fills[0].price = number("101");
        }
    });
    plant("FILL-2", |case| {
        case.export.accounts[1].fills.pop();
    });
    plant("FILL-2", |case| case.export.trades[1].quantity = number("1"));
}

/// The taker's limit is read from the order, too: both have to be spoilt.
#[test]
fn fill_2_notices_a_trade_beyond_the_takers_limit() {
    let mut case = with_line(r#""quantity":"12","price":"101""#, r#""quantity":"12","price":"99""#);
    case.history.attempts.retain(|attempt| attempt.op != "a4");
    case.export.accounts[0].orders[0].limit = number("99");
    assert!(broken(&case).contains(&"FILL-2"));
}

#[test]
fn fill_3_notices_a_leg_that_settled_twice_or_never() {
    plant("FILL-3", |case| {
        let again = case.export.accounts[0].rows[2].clone();
        case.export.accounts[0].rows.push(again);
    });
    plant("FILL-3", |case| {
        let again = case.export.accounts[1].fills[1].clone();
        case.export.accounts[1].fills.push(again);
    });
    plant("FILL-3", |case| {
        case.export.accounts[1].rows.remove(4);
    });
    plant("FILL-3", |case| {
        case.export.accounts[0].fills.pop();
    });
}

#[test]
fn book_2_notices_a_crossed_book() {
    plant("BOOK-2", |case| {
        case.export.books[0].asks = vec![(number("91"), number("1"))];
    });
    plant_line(
        "BOOK-2",
        r#""bids":[["91","6"]],"asks":[],"seq"#,
        r#""bids":[["91","6"]],"asks":[["90","1"]],"seq"#,
    );
    plant_line(
        "BOOK-2",
        r#""last":7,"bids":[["91","6"]],"asks":[]"#,
        r#""last":7,"bids":[["91","6"]],"asks":[["91","1"]]"#,
    );
}

#[test]
fn book_3_notices_a_ladder_that_is_not_its_orders_or_its_deltas() {
    plant("BOOK-3", |case| case.export.books[0].bids[0].1 = number("5"));
    plant("BOOK-3", |case| case.export.accounts[0].orders[1].remaining = number("4"));
    plant_line("BOOK-3", r#""first":6,"last":7"#, r#""first":7,"last":7"#);
    plant_line("BOOK-3", r#""last":7,"bids":[["91","6"]]"#, r#""last":7,"bids":[["91","5"]]"#);
}

#[test]
fn ord_1_notices_a_second_order_a_second_answer_and_a_second_body() {
    plant("ORD-1", |case| {
        let mut again = case.export.accounts[0].orders[0].clone();
        again.name = "accounts/ann/orders/3".into();
        case.export.accounts[0].orders.push(again);
    });
    plant_line(
        "ORD-1",
        r#"{"repeated":true,"order":{"name":"accounts/ann/orders/1""#,
        r#"{"repeated":true,"order":{"name":"accounts/ann/orders/3""#,
    );
    plant_line(
        "ORD-1",
        r#"{"event":"fail","time":38,"client":"a","op":"a4","reason":"CLIENT_ORDER_ID_REUSED"}"#,
        r#"{"event":"ok","time":38,"client":"a","op":"a4","answer":{}}"#,
    );
    plant_line("ORD-1", "CLIENT_ORDER_ID_REUSED", "INSUFFICIENT_FUNDS");
}

#[test]
fn ord_2_notices_a_match_after_the_cancel() {
    plant("ORD-2", |case| {
        let order = &mut case.export.accounts[1].orders[1];
        (order.filled, order.cancelled) = (number("3"), number("2"));
    });
    plant("ORD-2", |case| case.export.accounts[1].orders[1].state = "OPEN".into());
}

#[test]
fn ord_2_notices_an_order_that_survived_a_cancel_all() {
    let cancel_all = r#"
{"event":"invoke","time":70,"client":"a","op":"a11","request":{"kind":"cancel_all","account":"accounts/ann","id":"x1","instrument":""}}
{"event":"ok","time":72,"client":"a","op":"a11","answer":{"order_count":1}}"#;
    assert!(broken(&with(&format!("{DAY}{cancel_all}"))).contains(&"ORD-2"));
}

#[test]
fn log_1_notices_what_is_lost() {
    // An acknowledged deposit, order, amend, transfer.
    plant("LOG-1", |case| case.export.accounts[0].rows[0].request_id.clear());
    plant("LOG-1", |case| {
        case.export.accounts[0].orders.remove(1);
    });
    plant("LOG-1", |case| case.export.accounts[0].orders[1].limit = number("90"));
    plant("LOG-1", |case| {
        case.export.accounts[1].rows.pop();
    });
    plant("LOG-1", |case| case.export.accounts[0].orders[0].filled = number("11"));
    plant_line("LOG-1", "accounts/ann\",\"id\":\"open\"", "accounts/eve\",\"id\":\"open\"");
}

#[test]
fn log_1_notices_what_is_done_twice_or_by_nobody() {
    let with_row = |id: &str, amount: &str| {
        let (id, amount) = (id.to_owned(), number(amount));
        move |case: &mut Case| {
            let mut row = case.export.accounts[0].rows[0].clone();
            (row.request_id, row.amount) = (id, amount);
            case.export.accounts[0].rows.push(row);
        }
    };
    plant("LOG-1", with_row("d1", "10000"));
    plant("LOG-1", with_row("nobody", "5"));
    // Of unknown outcome: once is right, with another amount is not.
    let mut once = case();
    with_row("u1", "7")(&mut once);
    assert!(!broken(&once).contains(&"LOG-1"));
    plant("LOG-1", with_row("u1", "14"));
}

#[test]
fn log_1_notices_a_refused_order_that_was_placed_and_a_lost_fill() {
    plant("LOG-1", |case| {
        let mut order = case.export.accounts[1].orders[0].clone();
        (order.name, order.client_order_id) = ("accounts/ann/orders/3".into(), "r1".into());
        case.export.accounts[0].orders.push(order);
    });
    plant_line(
        "LOG-1",
        r#""settles":{"partition":3,"sequence":1},"order":{"name":"accounts/ann/orders/1""#,
        r#""trades":["instruments/LPJ-KRW/trades/3"],"order":{"name":"accounts/ann/orders/1""#,
    );
}

#[test]
fn log_4_notices_a_position_that_goes_back() {
    plant_line(
        "LOG-4",
        r#""position":{"partition":1,"index":6},"book_position":{"partition":3,"index":6}"#,
        r#""position":{"partition":1,"index":6},"book_position":{"partition":3,"index":5}"#,
    );
    plant_line(
        "LOG-4",
        r#"{"position":{"partition":1,"index":8}}"#,
        r#"{"position":{"partition":1,"index":6}}"#,
    );
    // A read that shows less than its client has seen.
    plant_line(
        "LOG-4",
        r#""position":{"partition":3,"index":7},"book":"#,
        r#""position":{"partition":3,"index":4},"book":"#,
    );
}

#[test]
fn live_1_notices_what_is_stuck() {
    plant("LIVE-1", |case| case.export.partitions[0].suspended.push(LISTED.into()));
    plant("LIVE-1", |case| case.export.accounts[0].orders[1].state = "PENDING".into());
}
