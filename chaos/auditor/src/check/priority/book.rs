//! The naive book: a list of orders in the order in which they came to their price, searched from
//! end to end.

use super::life::Life;
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
    pub life: Life,
    /// Of an iceberg: so much is shown at a time.
    pub display: Option<Number>,
    /// What of it is not shown now.
    pub hidden: Number,
}

impl Resting<'_> {
    pub fn is_of(&self, order: &str) -> bool {
        owner(self.order) == owner(order)
    }

    pub fn shown(&self) -> Number {
        self.open - self.hidden
    }

    /// Hides all but the part that is shown.
    pub fn hide(&mut self) {
        self.hidden = self.display.map_or(Number::ZERO, |display| less(self.open, display));
    }

    /// Takes off what goes without a trade: what is hidden goes first.
    pub fn lose(&mut self, quantity: Number) {
        self.open = self.open - quantity;
        self.hidden = less(self.hidden, quantity);
    }
}

/// The difference, or nothing.
pub fn less(one: Number, other: Number) -> Number {
    (one - other).max(Number::ZERO)
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
        let mut best: Option<usize> = None;
        for (at, resting) in self.orders.iter().enumerate() {
            let is_met = resting.side != side && reaches(side, limit, resting.price);
            // Of equals the first is the oldest.
            let is_better = best.is_none_or(|best| match side {
                Side::Buy => resting.price < self.orders[best].price,
                Side::Sell => resting.price > self.orders[best].price,
            });
            if is_met && is_better {
                best = Some(at);
            }
        }
        best
    }

    /// The worst that the best price of a side can be: orders with an end of their own may be gone
    /// before they are taken out here.
    pub fn best_at_least(&self, side: Side) -> Option<Number> {
        let prices = |is_dated| {
            let of_side = self.orders.iter().filter(move |o| o.side == side);
            let of_kind = of_side.filter(move |o| matches!(o.life, Life::Until(_)) == is_dated);
            of_kind.map(|o| o.price)
        };
        match side {
            Side::Buy => prices(false).max().or_else(|| prices(true).min()),
            Side::Sell => prices(false).min().or_else(|| prices(true).max()),
        }
    }

    /// The orders of a side that reach a price, best price first, oldest first.
    pub fn line(&self, side: Side, price: Number) -> Vec<&Resting<'e>> {
        let orders = self.orders.iter().filter(|o| o.side == side);
        let mut line: Vec<&Resting> = orders.filter(|o| reaches(side, o.price, price)).collect();
        // A stable sort: who came first to a price stays in front.
        line.sort_by(|one, other| match side {
            Side::Buy => other.price.cmp(&one.price),
            Side::Sell => one.price.cmp(&other.price),
        });
        line
    }

    /// Takes a quantity off what an order shows. When nothing is shown any more the next part
    /// follows, behind all others at its price, or the order is gone; whether a part followed.
    pub fn take(&mut self, at: usize, quantity: Number) -> bool {
        let resting = &mut self.orders[at];
        resting.open = resting.open - quantity;
        self.show_next(at)
    }

    /// An order that shows nothing goes to the back, or out.
    pub fn show_next(&mut self, at: usize) -> bool {
        if !self.orders[at].shown().is_zero() {
            return false;
        }
        let mut resting = self.orders.remove(at);
        let follows = !resting.open.is_zero();
        if follows {
            resting.hide();
            self.orders.push(resting);
        }
        follows
    }

    /// What is shown at each price of a side, best first.
    pub fn levels(&self, side: Side) -> Vec<(Number, Number)> {
        let mut levels: Vec<(Number, Number)> = Vec::new();
        let Some(far) = self.far(side) else { return levels };
        for resting in self.line(side, far) {
            match levels.last_mut() {
                Some((price, shown)) if *price == resting.price => *shown += resting.shown(),
                _ => levels.push((resting.price, resting.shown())),
            }
        }
        levels
    }

    /// The worst price of a side.
    fn far(&self, side: Side) -> Option<Number> {
        let prices = self.orders.iter().filter(|o| o.side == side).map(|o| o.price);
        match side {
            Side::Buy => prices.min(),
            Side::Sell => prices.max(),
        }
    }

    /// The first few of both sides, as a sentence.
    pub fn shown(&self, few: usize) -> String {
        let side = |side| {
            let line = self.far(side).map(|far| self.line(side, far)).unwrap_or_default();
            let orders = line.into_iter().take(few);
            let shown: Vec<String> =
                orders.map(|o| format!("{}@{} {}", o.open, o.price, o.order)).collect();
            if shown.is_empty() { "nothing".into() } else { shown.join(", ") }
        };
        format!("bids {}; asks {}", side(Side::Buy), side(Side::Sell))
    }
}

/// Whether an order of a side with this limit trades at a price.
pub fn reaches(side: Side, limit: Number, price: Number) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}
