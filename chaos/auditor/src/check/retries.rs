//! ORD-1: one id, one request: at most one order, one answer however often it is asked, and no
//! other body under the same id.

use super::{Case, Verdict};
use crate::history::{Answer, Attempt, End};
use std::collections::BTreeMap;

/// Refusals that were made before the log and bind nobody: the same request may be taken later.
const NOT_REMEMBERED: [&str; 9] = [
    "MALFORMED",
    "NOT_SERVED",
    "EXCHANGE_BUSY",
    "DISK_FULL",
    "TOO_MANY_SESSIONS",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "ACCOUNT_NOT_FOUND",
    "CLIENT_ORDER_ID_TOO_OLD",
];
/// Of a request whose id another one has.
const REUSED: &str = "CLIENT_ORDER_ID_REUSED";

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
                verdict.expect(NOT_REMEMBERED.contains(&reason.as_str()), || {
                    format!("{name}: {op} was refused ({reason}) after it had been taken")
                });
            }
            End::Fail { reason } if attempt.invoked > *heard => {
                let is_known = reason == REUSED || NOT_REMEMBERED.contains(&reason.as_str());
                verdict.expect(is_known, || {
                    format!("{name}: another body was refused for {reason}, not for its id")
                });
            }
            End::Fail { .. } | End::Unknown => {}
        }
    }
}

/// Nobody was answered: refusals that bind have to be the same.
fn look_refusals(name: &str, attempts: &[&Attempt], verdict: &mut Verdict) {
    let binding = attempts.iter().filter_map(|attempt| match &attempt.end {
        End::Fail { reason } if reason != REUSED => Some((&attempt.request, reason)),
        _ => None,
    });
    let mut binding = binding.filter(|(_, reason)| !NOT_REMEMBERED.contains(&reason.as_str()));
    let Some((request, first)) = binding.next() else { return };
    for (_, reason) in binding.filter(|(other, _)| *other == request) {
        verdict.expect(reason == first, || format!("{name}: refused for {first}, then {reason}"));
    }
}

fn first_name(answer: &Answer) -> &str {
    answer.order.as_ref().map_or("the first", |order| &order.name)
}

/// Whether an answer says what the first one said. An answer may have come before the book had
/// decided (its order is PENDING): then only the order's name can be compared.
fn is_first(first: &Answer, other: &Answer) -> bool {
    let (Some(one), Some(two)) = (&first.order, &other.order) else {
        let balances = first.balances == other.balances;
        return first.order == other.order && first.order_count == other.order_count && balances;
    };
    let is_pending = one.state == "PENDING" || two.state == "PENDING";
    let is_equal = one.state == two.state && one.filled == two.filled;
    one.name == two.name && (is_pending || (is_equal && one.remaining == two.remaining))
}
