//! CASH-3: what is held is what open orders still owe, to the last unit.
//!
//! A sell holds what remains. A buy holds price x remaining and the most that may still be
//! charged for it: the fee of the whole order, rounded up, less what was charged. At rest no
//! amend is unanswered and no market order is open.

use super::{Case, Verdict};
use crate::export::{Account, Balance, Instrument, Order, Side};
use crate::number::Number;
use std::collections::BTreeMap;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    for account in &case.export.accounts {
        let mut owed: BTreeMap<&str, Number> = BTreeMap::new();
        for order in account.orders.iter().filter(|order| order.is_open()) {
            let listed = case.export.instruments.iter().find(|i| i.name == order.instrument);
            let Some(instrument) = listed else {
                verdict.expect(false, || format!("{} is of no listed instrument", order.name));
                continue;
            };
            let (asset, need) = match order.side {
                Side::Sell => (&instrument.base, order.remaining),
                Side::Buy => (&instrument.quote, need_of_buy(order, account, instrument, case)),
            };
            *owed.entry(asset).or_default() += need;
        }
        for Balance { asset, held, .. } in &account.balances {
            let owed = owed.remove(asset.as_str()).unwrap_or_default();
            verdict.expect(*held == owed, || {
                format!("{} holds {held} {asset}, its orders owe {owed}", account.name)
            });
        }
        for (asset, owed) in owed {
            verdict.expect(false, || format!("{} owes {owed} {asset}, has none", account.name));
        }
    }
    verdict
}

fn need_of_buy(order: &Order, account: &Account, listed: &Instrument, case: &Case) -> Number {
    let notional = order.limit * order.remaining;
    let fills = account.fills.iter().filter(|fill| fill.order == order.name);
    let so_far: Number = fills
        .map(|fill| fill.notional * if fill.is_maker { listed.maker_fee } else { listed.taker_fee })
        .sum();
    let bound = listed.maker_fee.max(listed.taker_fee) * notional;
    notional + (so_far + bound).ceil(case.scale) - order.fee
}
