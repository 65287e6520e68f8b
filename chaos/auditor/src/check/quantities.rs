//! FILL-1: filled + cancelled + remaining is what was ordered, and filled is what the fills say.

use super::{Case, Verdict};
use crate::export::{Fill, Order};
use crate::number::Number;
use std::collections::HashMap;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut fills: HashMap<&str, Vec<&Fill>> = HashMap::new();
    // A house trades without orders.
    for fill in case.export.fills().filter(|fill| !fill.order.is_empty()) {
        fills.entry(&fill.order).or_default().push(fill);
    }
    for order in case.export.orders() {
        let fills = fills.remove(order.name.as_str()).unwrap_or_default();
        look(order, &fills, &mut verdict);
    }
    for order in fills.keys() {
        verdict.expect(false, || format!("fills of {order}, which does not exist"));
    }
    verdict
}

fn look(order: &Order, fills: &[&Fill], verdict: &mut Verdict) {
    let Order { name, filled, cancelled, remaining, state, .. } = order;
    let parts = [*filled, *cancelled, *remaining];
    verdict.expect(parts.iter().all(|part| !part.is_negative()), || {
        format!("{name}: filled {filled}, cancelled {cancelled}, remaining {remaining}")
    });
    let sum: Number = parts.into_iter().sum();
    if order.quote_amount.is_none() {
        let quantity = order.quantity.unwrap_or_default();
        verdict.expect(sum == quantity, || {
            format!("{name}: {filled} + {cancelled} + {remaining} is not {quantity}")
        });
    } else {
        let spent = order.notional + order.fee;
        let amount = order.quote_amount.unwrap_or_default();
        verdict.expect(spent <= amount, || format!("{name}: spent {spent} of {amount}"));
    }
    verdict.expect(order.is_open() != remaining.is_zero() || state == "PENDING", || {
        format!("{name}: {state} with {remaining} remaining")
    });
    verdict.expect(state != "FILLED" || !filled.is_zero(), || format!("{name}: FILLED by nothing"));
    let mut equal = |what: &str, said: Number, part: fn(&Fill) -> Number| {
        let summed: Number = fills.iter().map(|fill| part(fill)).sum();
        verdict.expect(said == summed, || {
            format!("{name}: {what} is {said}, its fills sum to {summed}")
        });
    };
    equal("filled", *filled, |fill| fill.quantity);
    equal("notional", order.notional, |fill| fill.notional);
    equal("fee", order.fee, |fill| fill.fee);
    equal("tax", order.tax, |fill| fill.tax);
    for fill in fills {
        let notional = fill.price * fill.quantity;
        verdict.expect(notional == fill.notional && !fill.quantity.is_zero(), || {
            format!("{name}: {} x {} is not {}", fill.price, fill.quantity, fill.notional)
        });
    }
}
