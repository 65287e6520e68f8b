//! The last prices, and what stops look at.

use crate::amount::Ticks;
use crate::order::Side;
use serde::{Deserialize, Serialize};

/// The last trade's price, and the last by the side that took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prints {
    pub last: Option<Ticks>,
    /// Of the last trade in which a buy took.
    pub last_buy: Option<Ticks>,
    pub last_sell: Option<Ticks>,
    /// The last price of this day that a call made.
    pub last_call: Option<Ticks>,
}

impl Prints {
    /// A trade at `price` in which `taker` took.
    #[inline(always)]
    pub fn note(&mut self, price: Ticks, taker: Side) {
        self.last = Some(price);
        match taker {
            Side::Buy => self.last_buy = Some(price),
            Side::Sell => self.last_sell = Some(price),
        }
    }

    /// Trades of a call at `price`, in which both sides took.
    pub fn note_call(&mut self, price: Ticks) {
        let price = Some(price);
        *self = Prints { last: price, last_buy: price, last_sell: price, last_call: price };
    }

    /// What the trigger of a trailing stop of `side` follows, with the best price of the opposite
    /// side: a sell the lower of the last buy print and the best bid, a buy the higher of the last
    /// sell print and the best ask. Where one of the two is missing, the other.
    #[must_use]
    pub fn followed(&self, side: Side, best_opposite: Option<Ticks>) -> Option<Ticks> {
        let (print, pick): (_, fn(Ticks, Ticks) -> Ticks) = match side {
            Side::Sell => (self.last_buy, Ord::min),
            Side::Buy => (self.last_sell, Ord::max),
        };
        match (print, best_opposite) {
            (Some(print), Some(best)) => Some(pick(print, best)),
            (print, best) => print.or(best),
        }
    }
}

/// Lowest and highest price of the prints that no stop has seen yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen(Option<(Ticks, Ticks)>);

impl Unseen {
    #[inline(always)]
    pub fn note(&mut self, price: Ticks) {
        self.0 = Some(match self.0 {
            Some((low, high)) => (low.min(price), high.max(price)),
            None => (price, price),
        });
    }

    #[inline(always)]
    pub(super) fn take(&mut self) -> Option<(Ticks, Ticks)> {
        self.0.take()
    }
}
