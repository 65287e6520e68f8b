//! The naive book against trades that are right and trades that are not.

use super::super::Case;
use super::super::sample::{DAY, case, number, with, with_line};
use super::check;
use crate::export::Order;
use crate::history::{Asked, Attempt, End, Request};

fn faults(case: &Case) -> Vec<String> {
    check(case).faults
}

#[track_caller]
fn noticed(case: &Case, text: &str) {
    let faults = faults(case);
    assert!(faults.iter().any(|fault| fault.contains(text)), "{text} in {faults:?}");
}

#[track_caller]
fn passes(case: &Case) {
    assert_eq!(faults(case), Vec::<String>::new());
}

/// Exchanges the makers of the two trades, as if the younger order had gone first.
fn younger_first(case: &mut Case) {
    for (fill, order) in case.export.accounts[1].fills.iter_mut().zip(["2", "1"]) {
        fill.order = format!("accounts/bob/orders/{order}");
    }
}

fn attempt_of<'c>(case: &'c mut Case, op: &str) -> &'c mut Attempt {
    case.history.attempts.iter_mut().find(|attempt| attempt.op == op).expect("an attempt")
}

fn answer_of<'c>(case: &'c mut Case, op: &str) -> &'c mut crate::history::Answer {
    let End::Ok { answer, .. } = &mut attempt_of(case, op).end else { panic!("not answered") };
    answer
}

/// Nobody was answered this one.
fn lose(case: &mut Case, op: &str) {
    attempt_of(case, op).end = End::Unknown;
}

fn order_of<'c>(case: &'c mut Case, name: &str) -> &'c mut Order {
    let mut orders = case.export.accounts.iter_mut().flat_map(|account| &mut account.orders);
    orders.find(|order| order.name.ends_with(name)).expect("an order")
}

#[test]
fn the_honest_day_runs_through() {
    let verdict = check(&case());
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!((verdict.checked, verdict.left_out), (2, 0));
    assert_eq!(verdict.note, "6 commands in their places, 0 without one");
}

#[test]
fn a_younger_order_that_goes_first_is_noticed() {
    let mut case = case();
    younger_first(&mut case);
    noticed(&case, "accounts/bob/orders/2 at 100 before accounts/bob/orders/1");
    // With what it met, so that the report alone tells the story.
    noticed(&case, "[3: accounts/ann/orders/1 Buy 12@101] met bids nothing; asks 10@100");
}

#[test]
fn a_worse_price_that_goes_first_is_noticed() {
    let case = with_line(r#""quantity":"5","price":"100""#, r#""quantity":"5","price":"99""#);
    noticed(&case, "before accounts/bob/orders/2 at 99");
}

#[test]
fn a_maker_that_gives_less_than_it_has_is_noticed() {
    let mut case = case();
    for account in &mut case.export.accounts {
        account.fills[0].quantity = number("9");
    }
    noticed(&case, "9@100 instead of 10@100");
}

#[test]
fn a_taker_that_stops_too_early_is_noticed() {
    let mut case = case();
    for account in &mut case.export.accounts {
        account.fills.pop();
    }
    noticed(&case, "did not trade with accounts/bob/orders/2; no trade was to come");
}

#[test]
fn a_trade_after_the_cancel_is_noticed() {
    let mut case = case();
    // The book cancelled before the buy came, and traded with what was gone.
    order_of(&mut case, "bob/orders/2").last_arrival = 3;
    let buy = order_of(&mut case, "ann/orders/1");
    (buy.arrival, buy.last_arrival) = (4, 4);
    lose(&mut case, "b4");
    lose(&mut case, "a2");
    lose(&mut case, "a3");
    noticed(&case, "trade 2 of accounts/ann/orders/1 came from nothing");
    attempt_of(&mut case, "a2").request = match &attempt_of(&mut case, "a2").request {
        Request::CreateOrder(asked) => Request::CreateOrder(Box::new(Asked {
            time_in_force: "IOC".into(),
            ..(**asked).clone()
        })),
        _ => panic!("an order"),
    };
    case.history.attempts.retain(|attempt| attempt.op != "a3");
    noticed(&case, "trade 2: accounts/bob/orders/2 was not there");
}

#[test]
fn an_answer_that_says_another_fill_is_noticed() {
    let mut case = case();
    answer_of(&mut case, "a2").order.as_mut().expect("an order").filled = Some(number("11"));
    noticed(&case, "had 12 filled");
}

#[test]
fn an_order_that_does_not_rest_where_it_should_is_noticed() {
    let mut case = case();
    order_of(&mut case, "ann/orders/2").remaining = number("5");
    noticed(&case, "5 open, 6 rests");
}

#[test]
fn a_kill_that_could_have_filled_is_noticed() {
    let mut case = with_line(
        r#""side":"BUY","quantity":"4","price":"90""#,
        r#""side":"BUY","quantity":"3","price":"100","time_in_force":"FOK""#,
    );
    case.history.attempts.retain(|attempt| !matches!(attempt.op.as_str(), "a6" | "b4"));
    // Bob's second order still has 3 at 100.
    let order = order_of(&mut case, "bob/orders/2");
    (order.remaining, order.cancelled, order.last_arrival) = (number("3"), number("0"), 2);
    order.state = "PARTIALLY_FILLED".into();
    order_of(&mut case, "ann/orders/2").last_arrival = 5;
    noticed(&case, "is FOK and could have been filled");
}

#[test]
fn a_post_only_that_would_have_traded_is_noticed() {
    let case = with_line(
        r#""quantity":"12","price":"101""#,
        r#""post_only":true,"quantity":"12","price":"101""#,
    );
    noticed(&case, "post-only and would have traded");
}

#[test]
fn a_post_only_that_was_refused_for_nothing_is_noticed() {
    // Ann's bid at 90 stands alone; nothing is on the other side any more.
    let mut case = with_line(
        r#""side":"BUY","quantity":"4","price":"90""#,
        r#""side":"BUY","quantity":"4","price":"90","post_only":true"#,
    );
    case.history.attempts.retain(|attempt| attempt.op != "a6");
    attempt_of(&mut case, "a5").end = End::Fail { reason: "POST_ONLY_WOULD_TRADE".into() };
    let order = order_of(&mut case, "ann/orders/2");
    (order.state, order.remaining, order.last_arrival) = ("REJECTED".into(), number("0"), 5);
    noticed(&case, "refused as post-only, and nothing stood there");
}

/// Ann's buy, by amount: 1,200.6 pays 12 at 100 with the fee, and not 13.
fn by_amount(amount: &str) -> Case {
    let asked = format!(r#""side":"BUY","quote_amount":"{amount}""#);
    let mut case = with_line(r#""side":"BUY","quantity":"12","price":"101""#, &asked);
    case.history.attempts.retain(|attempt| attempt.op != "a4");
    let order = order_of(&mut case, "ann/orders/1");
    (order.is_market, order.quote_amount) = (true, Some(number(amount)));
    case
}

#[test]
fn an_order_by_amount_takes_what_it_can_pay() {
    passes(&by_amount("1200.6"));
    passes(&by_amount("1300.64999999"));
    noticed(&by_amount("1200.59999999"), "trade 2: 2@100 is not what");
    noticed(&by_amount("1300.65"), "trade 2: 2@100 is not what");
    let mut early = by_amount("1200.6");
    for account in &mut early.export.accounts {
        account.fills.pop();
    }
    noticed(&early, "could pay for more");
}

#[test]
fn lost_answers_change_nothing() {
    let mut case = case();
    for op in ["b2", "b3", "a2", "a3", "b4", "a5", "a6"] {
        lose(&mut case, op);
    }
    let verdict = check(&case);
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!((verdict.checked, verdict.left_out), (2, 0));
    assert_eq!(verdict.note, "6 commands in their places, 0 without one");
    younger_first(&mut case);
    noticed(&case, "before accounts/bob/orders/1");
}

#[test]
fn the_number_decides_and_not_when_an_answer_came() {
    // Everybody asked at once, in one record of the log; only the numbers tell who came first.
    let mut case = case();
    for op in ["b2", "b3", "a2"] {
        attempt_of(&mut case, op).invoked = 20;
        answer_of(&mut case, op).book_position.as_mut().expect("a position").index = 1;
    }
    passes(&case);
    for (order, op, number) in [("bob/orders/1", "b2", 2), ("bob/orders/2", "b3", 1)] {
        let order = order_of(&mut case, order);
        order.arrival = number;
        order.last_arrival = order.last_arrival.max(number);
        lose(&mut case, op);
    }
    order_of(&mut case, "bob/orders/1").last_arrival = 2;
    noticed(&case, "accounts/bob/orders/1 at 100 before accounts/bob/orders/2 at 100");
}

#[test]
fn a_cancel_all_has_its_place_in_the_order() {
    let mut case = with_line(
        r#"{"kind":"cancel_order","account":"accounts/bob","id":"c1","order":"s2"}"#,
        r#"{"kind":"cancel_all","account":"accounts/bob","id":"c1","instrument":""}"#,
    );
    answer_of(&mut case, "b4").order = None;
    passes(&case);
    assert_eq!(check(&case).note, "6 commands in their places, 0 without one");
}

/// A second amend of Ann's bid, to 3, behind the one of unknown outcome.
fn amended_twice() -> Case {
    let second = r#"
{"event":"invoke","time":70,"client":"a","op":"a11","request":{"kind":"amend_order","account":"accounts/ann","id":"m2","order":"b2","quantity":"3"}}
{"event":"ok","time":72,"client":"a","op":"a11","answer":{"order":{"name":"accounts/ann/orders/2","state":"OPEN","filled":"0","remaining":"3","last_arrival":9}}}"#;
    let mut case = with(&format!("{DAY}{second}"));
    let order = order_of(&mut case, "ann/orders/2");
    (order.quantity, order.remaining, order.last_arrival) = (Some(number("3")), number("3"), 9);
    case
}

#[test]
fn what_may_have_any_of_several_places_is_left_out_and_counted() {
    let mut case = amended_twice();
    passes(&case);
    lose(&mut case, "a6");
    let verdict = check(&case);
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.note, "6 commands in their places, 1 without one");
    // It was asked when 5 commands were known: what came before them is judged all the same.
    assert_eq!((verdict.checked, verdict.left_out), (2, 0));
    younger_first(&mut case);
    noticed(&case, "before accounts/bob/orders/1");
    // Asked before everything else: nothing is left that could be judged.
    for op in ["a5", "a6"] {
        attempt_of(&mut case, op).invoked = 18;
    }
    order_of(&mut case, "ann/orders/2").arrival = 1;
    lose(&mut case, "a5");
    order_of(&mut case, "bob/orders/1").arrival = 5;
    order_of(&mut case, "bob/orders/1").last_arrival = 5;
    lose(&mut case, "b2");
    let verdict = check(&case);
    assert_eq!((verdict.faults, verdict.left_out), (Vec::new(), 2));
}

#[test]
fn an_amend_that_was_refused_later_has_no_place() {
    let mut case = amended_twice();
    lose(&mut case, "a6");
    let again = attempt_of(&mut case, "a6").clone();
    let end = End::Fail { reason: "ORDER_NOT_OPEN".into() };
    case.history.attempts.push(Attempt { op: "a12".into(), invoked: 62, end, ..again });
    let order = order_of(&mut case, "ann/orders/2");
    // The price of the first amend never was.
    order.limit = number("90");
    let verdict = check(&case);
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.note, "6 commands in their places, 0 without one");
}

#[test]
fn numbers_that_cannot_be_an_order_are_noticed() {
    let mut twice = case();
    order_of(&mut twice, "bob/orders/2").arrival = 1;
    noticed(&twice, "one number for two: 1: accounts/bob/orders/1");
    noticed(&twice, "its entry is 1, its answer said 2");

    // Ann's bid was asked for when 4 was known.
    let mut early = case();
    lose(&mut early, "a6");
    let bid = order_of(&mut early, "ann/orders/2");
    (bid.arrival, bid.last_arrival) = (3, 4);
    noticed(&early, "asked when 4 was known to be decided");

    let mut record = case();
    answer_of(&mut record, "a5").book_position.as_mut().expect("a position").index = 3;
    noticed(&record, "decided in record 3, and command 4 in 4");

    let mut channel = case();
    answer_of(&mut channel, "a5").settles.as_mut().expect("a place").sequence = 1;
    noticed(&channel, "its outcome is 1 to partition 1, one before is 1");
}

#[test]
fn a_command_that_nobody_asked_for_is_noticed() {
    let mut case = case();
    order_of(&mut case, "ann/orders/2").last_arrival = 7;
    case.history.attempts.retain(|attempt| attempt.op != "a6");
    noticed(&case, "nobody asked for its last command, 7");
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
            Request::CreateOrder(asked) if asked.id == "s2" => {
                asked.account = "accounts/ann".into();
            }
            Request::CancelOrder { account, .. } => {
                *account = "accounts/ann".into();
            }
            _ => {}
        }
    }
    for (op, filled) in [("a2", "10"), ("b4", "0")] {
        let answer = answer_of(&mut case, op);
        answer.order.as_mut().expect("an order").filled = Some(number(filled));
        answer.settles = None;
    }
    answer_of(&mut case, "b3").settles = None;
    passes(&case);
    // Where its mode says that they trade, they have to.
    case.export.instruments[0].self_match = "NONE".into();
    noticed(&case, "did not trade with accounts/ann/orders/3");
}
