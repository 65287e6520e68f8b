//! The naive book: a list of orders in the order in which they came to their price, searched from
//! end to end.

use crate::export::{Side, owner};
use crate::number::Number;

#[derive(Clone, Debug)]
pub struct Resting<'e> {
    pub order: &'e str,
    pub side: Side,
    pub price: Number,
    pub open: Number,
    pub filled: Number,
    /// Taken off by self-match.
    pub reduced: Number,
}

impl Resting<'_> {
    pub fn is_of(&self, order: &str) -> bool {
        owner(self.order) == owner(order)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Book<'e> {
    pub orders: Vec<Resting<'e>>,
}

impl<'e> Book<'e> {
    pub fn place_of(&self, order: &str) -> Option<usize> {
        self.orders.iter().position(|resting| resting.order == order)
    }

    /// The order that a taker meets first: at the best price within its limit, the oldest.
    pub fn head(&self, side: Side, limit: Number) -> Option<usize> {
        self.line(side, limit).next()
    }

    /// The orders that a taker meets, best price first, oldest first.
    pub fn line(&self, side: Side, limit: Number) -> impl Iterator<Item = usize> + use<> {
        let orders = self.orders.iter().enumerate();
        let mut line: Vec<(usize, Number)> = orders
            .filter(|(_, o)| o.side != side && reaches(side, limit, o.price))
            .map(|(at, o)| (at, o.price))
            .collect();
        // A stable sort: who came first to a price stays in front.
        line.sort_by(|(_, one), (_, other)| match side {
            Side::Buy => one.cmp(other),
            Side::Sell => other.cmp(one),
        });
        line.into_iter().map(|(at, _)| at)
    }

    /// Takes a quantity off an order; gone when nothing is left.
    pub fn take(&mut self, at: usize, quantity: Number) {
        let resting = &mut self.orders[at];
        resting.open = resting.open - quantity;
        if resting.open.is_zero() {
            self.orders.remove(at);
        }
    }

    /// The first few of both sides, as a sentence.
    pub fn shown(&self, few: usize) -> String {
        let side = |taker| {
            let far = match taker {
                Side::Buy => self.orders.iter().map(|o| o.price).max(),
                Side::Sell => self.orders.iter().map(|o| o.price).min(),
            };
            let line = self.line(taker, far.unwrap_or_default()).take(few);
            let orders = line.map(|at| &self.orders[at]);
            let shown: Vec<String> =
                orders.map(|o| format!("{}@{} {}", o.open, o.price, o.order)).collect();
            if shown.is_empty() { "nothing".into() } else { shown.join(", ") }
        };
        format!("bids {}; asks {}", side(Side::Sell), side(Side::Buy))
    }
}

/// Whether a price is at least as good for a taker as another.
fn reaches(taker: Side, limit: Number, price: Number) -> bool {
    match taker {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}
