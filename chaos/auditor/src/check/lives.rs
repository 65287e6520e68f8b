//! LIFE-1: nothing outlives its time. A GTD order is gone when its time is over and a DAY order
//! when its market has closed; neither trades behind that. What waits for a call is filled in that
//! call or not at all.

use super::{Case, Verdict};
use crate::export::{Fill, Order};
use std::collections::HashMap;

/// How long after its time an order may still be seen open: books look by themselves four times a
/// second, and what they say has to arrive.
const SEEN_WITHIN: u64 = 5_000_000_000;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let times = case.export.fills().map(|fill| fill.time);
    let now = times.chain(case.export.orders().map(|order| order.created)).max();
    let now = now.unwrap_or_default();
    let mut fills: HashMap<&str, Vec<&Fill>> = HashMap::new();
    for fill in case.export.fills() {
        fills.entry(&fill.order).or_default().push(fill);
    }
    let none = Vec::new();
    for order in case.export.orders() {
        let fills = fills.get(order.name.as_str()).unwrap_or(&none);
        dated(order, fills, now, &mut verdict);
        let is_for_call = matches!(order.time_in_force.as_str(), "AT_OPEN" | "AT_CLOSE");
        if is_for_call {
            // Of a call both sides took.
            let taken = fills.iter().all(|fill| !fill.is_maker);
            verdict.expect(taken, || format!("{}: it was for a call", order.name));
        }
    }
    verdict
}

fn dated(order: &Order, fills: &[&Fill], now: u64, verdict: &mut Verdict) {
    let (name, is_dated) = (&order.name, order.time_in_force == "GTD");
    verdict.expect(order.terms.expires.is_some() == is_dated, || {
        format!("{name}: {} with the end {:?}", order.time_in_force, order.terms.expires)
    });
    let Some(end) = order.terms.expires else { return };
    let last = fills.iter().map(|fill| fill.time).max().unwrap_or_default();
    verdict.expect(last < end, || format!("{name}: traded at {last}, its time was over at {end}"));
    verdict.expect(!order.is_open() || end + SEEN_WITHIN > now, || {
        format!("{name}: is {} at {now}, its time was over at {end}", order.state)
    });
}
