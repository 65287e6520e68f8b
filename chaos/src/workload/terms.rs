//! Terms that few orders have: triggers, second orders, hidden parts, and how long they stay.

use super::DAYS;
use crate::chance::Chance;
use crate::history::Order;
use std::time::{SystemTime, UNIX_EPOCH};

/// Ticks that a trigger lies from the middle, at most; prices go somewhat further.
const AWAY_MAX: u64 = 5;
/// Of an iceberg, and how much of it is shown.
const ICEBERG_MAX: u64 = 40;
const SHOWN_MAX: u64 = 5;
/// How long a GTD order stays, at most; some are over when they come.
const LASTS_MS_MAX: u64 = 6_000;

/// How many of a hundred orders have some of them, and go to the instrument with days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub of_hundred: u64,
    pub days_of_hundred: u64,
}

/// Gives an order terms, or another instrument.
pub(super) fn add(chance: &mut Chance, terms: Terms, middle: u64, order: &mut Order) {
    if terms.days_of_hundred > 0 && chance.percent(terms.days_of_hundred) {
        order.instrument = DAYS.into();
    }
    if terms.of_hundred > 0 && chance.percent(terms.of_hundred) {
        special(chance, middle, order);
    }
    let modes = ["NONE", "CANCEL_MAKER", "CANCEL_BOTH", "DECREMENT"];
    if terms.of_hundred > 0 && chance.percent(12) {
        order.self_match = chance.pick(&modes).copied().unwrap_or_default();
    }
    let may_stay = order.price.is_some() && matches!(order.time_in_force, "" | "GTC");
    if terms.days_of_hundred > 0 && may_stay {
        let is_plain = order.kind.is_empty() && order.other.is_none() && !order.post_only;
        let has_calls = order.instrument == DAYS;
        order.time_in_force = match chance.between(0, 99) {
            0..30 => "DAY",
            30..38 if is_plain && has_calls => "AT_OPEN",
            38..46 if is_plain && has_calls => "AT_CLOSE",
            _ => order.time_in_force,
        };
    }
}

fn special(chance: &mut Chance, middle: u64, order: &mut Order) {
    // What is sold by the amount has no quantity to wait with.
    order.quote_amount = None;
    order.quantity = Some(chance.between(1, 20).to_string());
    (order.post_only, order.time_in_force) = (false, "");
    match chance.between(0, 9) {
        0..5 => stop(chance, middle, order),
        5 | 6 => pair(chance, middle, order),
        7 | 8 => {
            order.quantity = Some(chance.between(SHOWN_MAX, ICEBERG_MAX).to_string());
            order.display = Some(chance.between(1, SHOWN_MAX).to_string());
            order.price = Some(chance.between(middle - 3, middle + 3).to_string());
        }
        _ => order.price = Some(chance.between(middle - 3, middle + 3).to_string()),
    }
    if order.price.is_some() && chance.percent(30) {
        order.time_in_force = "GTD";
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let end = now.as_nanos() as u64 + chance.between(0, LASTS_MS_MAX) * 1_000_000;
        order.expires = Some(end);
    }
}

/// Buys fire above the market and sells below it.
fn stop(chance: &mut Chance, middle: u64, order: &mut Order) {
    let is_buy = order.side == "BUY";
    let beyond = |from: u64, by: u64| if is_buy { from + by } else { from - by };
    let trigger = beyond(middle, chance.between(0, AWAY_MAX));
    (order.price, order.trigger) = (None, Some(trigger.to_string()));
    match chance.between(0, 4) {
        0 | 1 => order.kind = "STOP",
        2 => {
            (order.kind, order.trigger) = ("TRAILING_STOP", None);
            order.offset = Some(chance.between(1, AWAY_MAX).to_string());
            let step = chance.between(0, 2);
            order.step = (step > 0).then(|| step.to_string());
        }
        _ => {
            order.kind = "STOP_LIMIT";
            order.price = Some(beyond(trigger, chance.between(0, 3)).to_string());
        }
    }
}

/// A limit order on one side of the market and a stop on the other.
fn pair(chance: &mut Chance, middle: u64, order: &mut Order) {
    let away = chance.between(0, AWAY_MAX);
    let price = if order.side == "BUY" { middle - away } else { middle + away };
    order.price = Some(price.to_string());
    let mut second = Order { id: format!("{}-o", order.id), ..order.clone() };
    (second.price, second.ack) = (None, "");
    stop(chance, middle, &mut second);
    order.other = Some(Box::new(second));
}
