//! ORD-2: after a cancel was acknowledged no match of that order follows; after a cancel-all, no
//! order stands that was acknowledged before it was asked for.

use super::{Case, Verdict};
use crate::export::Order;
use crate::history::{Attempt, End, Request};
use std::collections::HashMap;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let orders: HashMap<(&str, &str), &Order> = case
        .export
        .orders()
        .map(|order| ((crate::export::owner(&order.name), order.client_order_id.as_str()), order))
        .collect();
    for attempt in &case.history.attempts {
        let End::Ok { answer, .. } = &attempt.end else { continue };
        match &attempt.request {
            Request::CancelOrder { account, order: id, .. } => {
                let Some(order) = orders.get(&(account.as_str(), id.as_str())) else {
                    verdict.expect(false, || format!("{} cancelled no order: {id}", attempt.op));
                    continue;
                };
                let said = answer.order.as_ref().and_then(|said| said.filled);
                let is_final = order.state == "CANCELLED" && order.remaining.is_zero();
                let is_still = said.is_none_or(|filled| filled == order.filled);
                verdict.expect(is_final && is_still, || {
                    let (said, filled) = (said.unwrap_or_default(), order.filled);
                    let (name, state) = (&order.name, &order.state);
                    format!("{name}: cancelled with {said} filled, now {state} with {filled}")
                });
            }
            Request::CancelAll { account, instrument, id } => {
                let since = first_asked(case, account, id, attempt);
                for earlier in acknowledged_before(case, account, instrument, since) {
                    let Some(order) = orders.get(&(account.as_str(), earlier)) else { continue };
                    verdict.expect(!order.is_open(), || {
                        format!("{} stands after the cancel-all {}", order.name, attempt.op)
                    });
                }
            }
            _ => {}
        }
    }
    verdict
}

/// Client ids of orders that the account knew to be taken before the cancel-all was asked for.
fn acknowledged_before<'c>(
    case: &'c Case,
    account: &'c str,
    instrument: &'c str,
    since: u64,
) -> impl Iterator<Item = &'c str> {
    case.history.attempts.iter().filter_map(move |attempt| {
        let Request::CreateOrder(asked) = &attempt.request else { return None };
        let End::Ok { time, .. } = &attempt.end else { return None };
        let is_meant = instrument.is_empty() || asked.instrument == instrument;
        let is_before = *time < since;
        (asked.account == account && is_meant && is_before).then_some(asked.id.as_str())
    })
}

/// When the id of a cancel-all was asked first: a try with an unknown outcome may have been the
/// one that was done, and a later one then gets its answer, as does one after an answer.
fn first_asked(case: &Case, account: &str, id: &str, attempt: &Attempt) -> u64 {
    let same = case.history.attempts.iter().filter(|other| {
        matches!(&other.request, Request::CancelAll { account: of, id: other_id, .. }
            if of == account && other_id == id)
    });
    same.map(|other| other.invoked).min().unwrap_or(attempt.invoked)
}
