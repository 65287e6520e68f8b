//! CASH-3: what is held is what open orders still owe, to the last unit.
//!
//! A sell holds what remains. A buy holds price x remaining and the most that may still be
//! charged for it: the fee of the whole order, rounded up, less what was charged. At rest no
//! amend is unanswered. A stop at market holds up to its worst price; two orders of which one
//! cancels the other hold once, the larger need, as long as neither has traded or fired.

use super::{Case, Verdict};
use crate::export::{Account, Balance, Instrument, Order, Side};
use crate::history::Request;
use crate::number::Number;
use std::collections::{BTreeMap, HashMap};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let pairs = pairs(case);
    for account in &case.export.accounts {
        let mut owed: BTreeMap<&str, Number> = BTreeMap::new();
        let by_id: HashMap<&str, &Order> =
            account.orders.iter().map(|order| (order.client_order_id.as_str(), order)).collect();
        let other = |of: &HashMap<(&str, &str), &str>, order: &Order| -> Option<&Order> {
            let id = of.get(&(account.name.as_str(), order.client_order_id.as_str()))?;
            by_id.get(id).copied().filter(|other| other.is_open() && other.filled.is_zero())
        };
        for order in account.orders.iter().filter(|order| order.is_open()) {
            let listed = case.export.instruments.iter().find(|i| i.name == order.instrument);
            let Some(instrument) = listed else {
                verdict.expect(false, || format!("{} is of no listed instrument", order.name));
                continue;
            };
            let need = |order: &Order| match order.side {
                Side::Sell => order.remaining,
                Side::Buy => need_of_buy(order, account, instrument, case),
            };
            let asset = match order.side {
                Side::Sell => &instrument.base,
                Side::Buy => &instrument.quote,
            };
            let is_whole = order.filled.is_zero();
            let stop = other(&pairs.second, order).filter(|stop| is_whole && stop.waits());
            let limit = other(&pairs.first, order).filter(|_| order.waits());
            *owed.entry(asset).or_default() += match (stop, limit) {
                (Some(stop), _) => need(order).max(need(stop)),
                // The other one holds for it.
                (_, Some(_)) => Number::ZERO,
                _ => need(order),
            };
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

/// Two orders of which one cancels the other, each by the other's account and client id.
#[derive(Default)]
struct Pairs<'c> {
    first: HashMap<(&'c str, &'c str), &'c str>,
    second: HashMap<(&'c str, &'c str), &'c str>,
}

fn pairs(case: &Case) -> Pairs<'_> {
    let mut pairs = Pairs::default();
    for attempt in &case.history.attempts {
        let Request::CreateOrder(asked) = &attempt.request else { continue };
        let Some(other) = &asked.other else { continue };
        pairs.first.insert((&asked.account, &other.id), &asked.id);
        pairs.second.insert((&asked.account, &asked.id), &other.id);
    }
    pairs
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
