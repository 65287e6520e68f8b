//! An order as it entered: what was asked for, before anything was done to it.

use super::life::Life;
use crate::export::{Instrument, Order, Side};
use crate::history::Asked;
use crate::number::Number;
use std::fmt;

#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    pub side: Side,
    /// For an order at market the worst price.
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
    pub life: Life,
    /// Of an iceberg: so much is shown at a time.
    pub display: Option<Number>,
    pub stop: Option<Stop>,
}

/// What an order waits for.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    At(Number),
    /// So far behind the market, in steps of so much; nobody but the exchange knows where that was
    /// when it began to follow. No offset: a share of the price, which is not followed here.
    Trailing {
        offset: Option<Number>,
        step: Number,
    },
}

impl<'e> Entry<'e> {
    /// As a client asked for it; what it left open is as the instrument has it.
    pub fn asked(asked: &'e Asked, order: &Order, listed: &'e Instrument) -> Entry<'e> {
        let price = if order.is_market { None } else { asked.price };
        let self_match = match asked.self_match.as_str() {
            "" => &listed.self_match,
            mode => mode,
        };
        let force = asked.time_in_force.as_str();
        Entry {
            side: asked.side,
            limit: price.unwrap_or(order.limit),
            quantity: asked.quantity,
            amount: asked.quote_amount,
            is_market: order.is_market,
            is_fok: force == "FOK",
            rests: !order.is_market && !matches!(force, "IOC" | "FOK"),
            post_only: asked.post_only,
            self_match,
            life: Life::of(force, asked.expires),
            display: asked.display,
            stop: match asked.kind.as_str() {
                "" => None,
                "TRAILING_STOP" => {
                    let step = asked.step.unwrap_or_default();
                    Some(Stop::Trailing { offset: asked.offset, step })
                }
                _ => asked.trigger.map(Stop::At),
            },
        }
    }

    /// The second of two, which lives and trades as the first does.
    pub fn second(
        asked: &'e Asked,
        first: &Entry<'e>,
        order: &Order,
        listed: &'e Instrument,
    ) -> Entry<'e> {
        let Entry { side, quantity, self_match, life, .. } = *first;
        let asked = Entry::asked(asked, order, listed);
        Entry { side, quantity, self_match, life, is_fok: false, ..asked }
    }

    /// As it stands, of an order that was never changed.
    pub fn shown(order: &'e Order) -> Entry<'e> {
        let force = order.time_in_force.as_str();
        let terms = &order.terms;
        Entry {
            side: order.side,
            limit: order.limit,
            quantity: if order.quote_amount.is_some() { None } else { order.quantity },
            amount: order.quote_amount,
            is_market: order.is_market,
            is_fok: force == "FOK",
            rests: !order.is_market && !matches!(force, "IOC" | "FOK"),
            post_only: order.post_only,
            self_match: &order.self_match,
            life: Life::of(force, terms.expires),
            display: terms.display,
            stop: match terms.kind.as_str() {
                "STOP" | "STOP_LIMIT" => terms.trigger.map(Stop::At),
                "TRAILING_STOP" => {
                    let step = terms.step.unwrap_or_default();
                    Some(Stop::Trailing { offset: terms.offset, step })
                }
                _ => None,
            },
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
        write!(f, "{kind}")?;
        match self.stop {
            Some(Stop::At(trigger)) => write!(f, " from {trigger} on")?,
            Some(Stop::Trailing { .. }) => write!(f, " trailing")?,
            None => {}
        }
        if let Some(display) = self.display {
            write!(f, " shows {display}")?;
        }
        match self.life {
            Life::UntilCancelled => Ok(()),
            life => write!(f, " {life:?}"),
        }
    }
}
