//! The naive book: a list of orders, searched from end to end.

use super::commands::reaches;
use crate::export::{Side, owner};
use crate::number::Number;

/// When an order took its place. Two places compare only within one source or across records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    pub index: u64,
    pub source: u32,
    pub sequence: u64,
}

impl Rank {
    /// Certainly before the other.
    fn is_before(self, other: Rank) -> bool {
        let is_same_source = self.source == other.source && self.sequence < other.sequence;
        self.index < other.index || (self.index == other.index && is_same_source)
    }
}

#[derive(Clone, Debug)]
pub struct Resting<'e> {
    pub order: &'e str,
    pub side: Side,
    pub price: Number,
    pub open: Number,
    pub filled: Number,
    /// Commands of the order so far.
    pub commands: usize,
    /// Filled, or taken off by self-match.
    pub done: Number,
    pub rank: Rank,
}

#[derive(Clone, Debug, Default)]
pub struct Book<'e> {
    pub orders: Vec<Resting<'e>>,
}

impl<'e> Book<'e> {
    pub fn place_of(&self, order: &str) -> Option<usize> {
        self.orders.iter().position(|resting| resting.order == order)
    }

    /// The best price that a taker of `side` meets.
    pub fn best(&self, side: Side) -> Option<Number> {
        let prices = self.orders.iter().filter(|o| o.side != side).map(|o| o.price);
        match side {
            Side::Buy => prices.min(),
            Side::Sell => prices.max(),
        }
    }

    /// The orders that a taker may meet next: at the best price within its limit, none certainly
    /// before them. Several only where the history does not tell who came first.
    pub fn first(&self, side: Side, limit: Number) -> Vec<usize> {
        let Some(best) = self.best(side).filter(|best| reaches(side, limit, *best)) else {
            return Vec::new();
        };
        let is_at_best = |o: &Resting| o.side != side && o.price == best;
        let is_first = |o: &Resting| {
            !self.orders.iter().any(|other| is_at_best(other) && other.rank.is_before(o.rank))
        };
        let orders = self.orders.iter().enumerate();
        orders.filter(|(_, o)| is_at_best(o) && is_first(o)).map(|(at, _)| at).collect()
    }

    /// Takes a quantity off an order; gone when nothing is left.
    pub fn take(&mut self, at: usize, quantity: Number) {
        let resting = &mut self.orders[at];
        resting.open = resting.open - quantity;
        resting.done += quantity;
        if resting.open.is_zero() {
            self.orders.remove(at);
        }
    }

    /// What a taker could get within its limit; none when it would meet an order of its own, and
    /// how far it came depended on its self-match mode.
    pub fn liquidity(&self, taker: &str, side: Side, limit: Number) -> Option<Number> {
        let reached = self.orders.iter();
        let mut reached = reached.filter(|o| o.side != side && reaches(side, limit, o.price));
        reached.try_fold(Number::ZERO, |sum, o| {
            (owner(o.order) != owner(taker)).then_some(sum + o.open)
        })
    }
}
