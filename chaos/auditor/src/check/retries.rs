//! ORD-1: one id, one request: at most one order, one answer however often it is asked, and no
//! other body under the same id.

use super::asking::binds;
use super::{Case, Verdict};
use crate::history::{Answer, Attempt, End};
use crate::number::Number;
use std::collections::BTreeMap;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut orders: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for order in case.export.orders() {
        let key = (crate::export::owner(&order.name), order.client_order_id.as_str());
        *orders.entry(key).or_default() += 1;
    }
    for ((account, id), count) in orders {
        verdict.expect(count == 1, || format!("{account} has {count} orders with the id {id}"));
    }
    for ((account, id), attempts) in case.history.requests() {
        if attempts.len() > 1 {
            look(&format!("{account} {id}"), &attempts, &mut verdict);
        }
    }
    verdict
}

fn look(name: &str, attempts: &[&Attempt], verdict: &mut Verdict) {
    let answered = |attempt: &&&Attempt| attempt.answer().is_some();
    let Some(first) = attempts.iter().find(answered) else {
        return look_refusals(name, attempts, verdict);
    };
    let End::Ok { time: heard, .. } = &first.end else { return };
    let is_same = |attempt: &Attempt| attempt.request == first.request;
    let said = first.answer().and_then(|answer| answer.order.as_ref());
    let was_undecided = said.is_some_and(|order| order.state == "PENDING");
    for attempt in attempts.iter().filter(|attempt| attempt.op != first.op) {
        let op = &attempt.op;
        match &attempt.end {
            End::Ok { answer, .. } => {
                verdict.expect(is_same(attempt), || {
                    format!("{name}: {op} has another body and was taken")
                });
                if let Some(first) = first.answer() {
                    verdict.expect(is_first(first, answer), || {
                        format!("{name}: {op} got another answer than {}", first_name(first))
                    });
                }
            }
            // Accepted by the account: the book could still refuse it, and did.
            End::Fail { .. } if was_undecided && is_same(attempt) => {}
            End::Fail { reason } if attempt.invoked > *heard && is_same(attempt) => {
                verdict.expect(!binds(&attempt.request, reason), || {
                    format!("{name}: {op} was refused ({reason}) after it had been taken")
                });
            }
            End::Fail { reason } if attempt.invoked > *heard => {
                // A name that is not known is said before an id that is.
                let comes_before = reason == "ORDER_NOT_FOUND";
                verdict.expect(comes_before || !binds(&attempt.request, reason), || {
                    format!("{name}: another body was refused for {reason}, not for its id")
                });
            }
            End::Fail { .. } | End::Unknown => {}
        }
    }
}

/// Nobody was answered: refusals that bind have to be the same.
fn look_refusals(name: &str, attempts: &[&Attempt], verdict: &mut Verdict) {
    let mut binding = attempts.iter().filter_map(|attempt| match &attempt.end {
        End::Fail { reason } if binds(&attempt.request, reason) => Some((&attempt.request, reason)),
        _ => None,
    });
    let Some((request, first)) = binding.next() else { return };
    for (_, reason) in binding.filter(|(other, _)| *other == request) {
        verdict.expect(reason == first, || format!("{name}: refused for {first}, then {reason}"));
    }
}

fn first_name(answer: &Answer) -> &str {
    answer.order.as_ref().map_or("the first", |order| &order.name)
}

/// Whether an answer says what the first one said. An answer may have come before the book had
/// decided (its order is PENDING): then only the order's name can be compared. What one of the two
/// left out cannot be compared either: the decision is told even when the order cannot be read.
fn is_first(first: &Answer, other: &Answer) -> bool {
    let (Some(one), Some(two)) = (&first.order, &other.order) else {
        let balances = first.balances == other.balances;
        return first.order == other.order && first.order_count == other.order_count && balances;
    };
    if one.state == "PENDING" || two.state == "PENDING" {
        return one.name == two.name;
    }
    let number = |one: u64, two: u64| one == 0 || two == 0 || one == two;
    let decimal =
        |one: Option<Number>, two: Option<Number>| one.is_none() || two.is_none() || one == two;
    (&one.name, &one.state) == (&two.name, &two.state)
        && decimal(one.filled, two.filled)
        && decimal(one.remaining, two.remaining)
        && number(one.arrival, two.arrival)
        && number(one.last_arrival, two.last_arrival)
}
