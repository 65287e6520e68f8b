//! FILL-2: a trade has one maker and one taker, at the maker's price, inside both limits; in a call
//! two that took, at the call's price; and trades are numbered without gaps.

use super::{Case, Verdict};
use crate::export::{Fill, Order, Side, number};
use crate::history::{End, Request};
use crate::number::Number;
use std::collections::{BTreeMap, HashMap};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let orders: HashMap<&str, &Order> =
        case.export.orders().map(|order| (order.name.as_str(), order)).collect();
    let limits = limits(case, &orders);
    let mut trades: BTreeMap<(&str, u64), Vec<&Fill>> = BTreeMap::new();
    for fill in case.export.fills() {
        let no = number(&fill.trade).unwrap_or_default();
        trades.entry((&fill.instrument, no)).or_default().push(fill);
    }
    let mut before = ("", 0);
    for ((instrument, no), legs) in &trades {
        let expected = if before.0 == *instrument { before.1 + 1 } else { 1 };
        verdict.expect(*no == expected, || {
            format!("{instrument}: trade {no} where {expected} was to come")
        });
        before = (instrument, *no);
        look(legs, &limits, &mut verdict);
        let is_call = legs.iter().all(|leg| !leg.is_maker);
        verdict.expect(!is_call || has_calls(case, instrument), || {
            format!("{}: of a call, and {instrument} has none", legs[0].trade)
        });
    }
    for trade in &case.export.trades {
        let instrument = trade.name.split_once("/trades/").map_or("", |(name, _)| name);
        let key = (instrument, number(&trade.name).unwrap_or_default());
        let is_same = |leg: &&Fill| leg.price == trade.price && leg.quantity == trade.quantity;
        let legs = trades.get(&key).map_or(&[][..], |legs| legs);
        let is_call = legs.iter().all(|leg| !leg.is_maker);
        let taker = legs.iter().find(|leg| !leg.is_maker).map(|leg| leg.side);
        let took = taker.filter(|_| !is_call);
        let holds = legs.iter().all(is_same) && taker.is_some() && took == trade.taker_side;
        verdict.expect(holds, || format!("{}: everyone sees another trade", trade.name));
    }
    verdict
}

/// Whether orders of an instrument ever collect.
fn has_calls(case: &Case, instrument: &str) -> bool {
    let mut listed = case.export.instruments.iter().filter(|listed| listed.name == instrument);
    listed.any(|listed| listed.table.is_some())
}

fn look(legs: &[&Fill], limits: &HashMap<&str, Vec<Number>>, verdict: &mut Verdict) {
    let name = &legs[0].trade;
    let (makers, takers): (Vec<&Fill>, Vec<&Fill>) = legs.iter().partition(|leg| leg.is_maker);
    // Of a call neither made the price: either may stand for the other here.
    let (maker, taker, is_call) = match (&makers[..], &takers[..]) {
        ([maker], [taker]) => (maker, taker, false),
        ([], [one, other]) => (one, other, true),
        _ => return not_two(name, &makers, &takers, verdict),
    };
    verdict.expect(maker.side != taker.side, || format!("{name}: both legs {:?}", maker.side));
    verdict.expect(maker.price == taker.price && maker.quantity == taker.quantity, || {
        let (one, other) = (maker, taker);
        format!("{name}: {}@{} and {}@{}", one.quantity, one.price, other.quantity, other.price)
    });
    let none = Vec::new();
    let of = |leg: &Fill| limits.get(leg.order.as_str()).unwrap_or(&none);
    let is_house = |leg: &Fill| leg.order.is_empty();
    verdict.expect(is_call || is_house(maker) || of(maker).contains(&maker.price), || {
        format!("{name}: at {}, the maker {} asked for {:?}", maker.price, maker.order, of(maker))
    });
    for leg in [maker, taker].into_iter().filter(|leg| !leg.is_maker) {
        let is_inside = of(leg).iter().any(|&limit| match leg.side {
            Side::Buy => leg.price <= limit,
            Side::Sell => leg.price >= limit,
        });
        verdict.expect(is_house(leg) || is_inside, || {
            format!("{name}: at {}, beyond the limit of {}", leg.price, leg.order)
        });
    }
}

fn not_two(name: &str, makers: &[&Fill], takers: &[&Fill], verdict: &mut Verdict) {
    verdict.expect(false, || {
        format!("{name}: {} maker and {} taker legs", makers.len(), takers.len())
    });
}

/// Every limit that an order may have had: as it stands, as it was asked for, and by each amend
/// that was not refused.
fn limits<'e>(
    case: &'e Case,
    orders: &HashMap<&'e str, &'e Order>,
) -> HashMap<&'e str, Vec<Number>> {
    let mut limits: HashMap<&str, Vec<Number>> = HashMap::new();
    let mut by_id: HashMap<(&str, &str), &str> = HashMap::new();
    for (name, order) in orders {
        limits.insert(name, vec![order.limit]);
        by_id.insert((crate::export::owner(name), &order.client_order_id), name);
    }
    let mut asked_for = Vec::new();
    for attempt in &case.history.attempts {
        let (account, id, price) = match &attempt.request {
            Request::CreateOrder(asked) => {
                if let Some(other) = &asked.other {
                    asked_for.push((&attempt.end, &other.account, &other.id, other.price));
                }
                (&asked.account, &asked.id, asked.price)
            }
            Request::AmendOrder { account, order, price, .. } => (account, order, *price),
            _ => continue,
        };
        asked_for.push((&attempt.end, account, id, price));
    }
    for (end, account, id, price) in asked_for {
        let is_refused = matches!(end, End::Fail { .. });
        if let (Some(price), false) = (price, is_refused)
            && let Some(name) = by_id.get(&(account.as_str(), id.as_str()))
        {
            limits.entry(name).or_default().push(price);
        }
    }
    limits
}
