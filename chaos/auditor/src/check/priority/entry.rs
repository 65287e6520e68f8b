//! An order as it entered: what was asked for, before anything was done to it.

use crate::export::{Instrument, Order, Side};
use crate::history::Asked;
use crate::number::Number;
use std::fmt;

#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    pub side: Side,
    /// For a market order the worst price.
    pub limit: Number,
    /// Absent for an order by amount.
    pub quantity: Option<Number>,
    pub amount: Option<Number>,
    pub is_market: bool,
    pub is_fok: bool,
    /// What does not trade at once goes into the book.
    pub rests: bool,
    pub post_only: bool,
    pub self_match: &'e str,
}

impl<'e> Entry<'e> {
    /// As a client asked for it; what it left open is as the instrument has it.
    pub fn asked(asked: &'e Asked, order: &Order, listed: &'e Instrument) -> Entry<'e> {
        let price = if order.is_market { None } else { asked.price };
        let self_match = match asked.self_match.as_str() {
            "" => &listed.self_match,
            mode => mode,
        };
        Entry {
            side: asked.side,
            limit: price.unwrap_or(order.limit),
            quantity: asked.quantity,
            amount: asked.quote_amount,
            is_market: order.is_market,
            is_fok: asked.time_in_force == "FOK",
            rests: !order.is_market && matches!(asked.time_in_force.as_str(), "" | "GTC"),
            post_only: asked.post_only,
            self_match,
        }
    }

    /// As it stands, of an order that was never changed.
    pub fn shown(order: &'e Order) -> Entry<'e> {
        Entry {
            side: order.side,
            limit: order.limit,
            quantity: if order.quote_amount.is_some() { None } else { order.quantity },
            amount: order.quote_amount,
            is_market: order.is_market,
            is_fok: order.time_in_force == "FOK",
            rests: !order.is_market && order.time_in_force == "GTC",
            post_only: order.post_only,
            self_match: &order.self_match,
        }
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { side, limit, quantity, amount, .. } = self;
        match (quantity, amount) {
            (_, Some(amount)) => write!(f, "{side:?} for {amount} up to {limit}")?,
            (quantity, None) => write!(f, "{side:?} {}@{limit}", quantity.unwrap_or_default())?,
        }
        let kind = match (self.is_market, self.is_fok, self.rests, self.post_only) {
            (true, ..) => " at the market",
            (_, true, ..) => " FOK",
            (_, _, false, _) => " IOC",
            (.., true) => " post-only",
            _ => "",
        };
        write!(f, "{kind}")
    }
}
