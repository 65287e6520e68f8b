//! The ladder of a book: levels, best first, single or grouped by a price step.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Book, Listing};
use hoga_engine::order::Side;

/// Resting orders looked at to count those of the levels shown; a book that has more at its top
/// shows no counts below.
const COUNTED_MAX: usize = 10_000;

/// What is open at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    pub price: Ticks,
    pub quantity: Lots,
    /// Zero where levels are grouped, or too many to count.
    pub orders: u32,
}

/// Both sides, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    pub bids: Vec<Rung>,
    pub asks: Vec<Rung>,
}

/// What a ladder can be made of.
pub trait Shown {
    /// What can be had at each price, best first.
    fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (Ticks, Lots)> + '_>;
    /// The book whose orders make up the levels, where they are known.
    fn counted(&self) -> Option<&Book>;
}

impl Shown for Book {
    fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (Ticks, Lots)> + '_> {
        Box::new(Book::levels(self, side))
    }

    fn counted(&self) -> Option<&Book> {
        Some(self)
    }
}

impl Shown for Listing {
    fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (Ticks, Lots)> + '_> {
        Listing::levels(self, side)
    }

    fn counted(&self) -> Option<&Book> {
        self.following().is_none().then(|| self.book())
    }
}

/// Every price by itself; of an outside book, whose orders nobody knows, where one is followed.
#[must_use]
pub fn ladder(shown: &impl Shown, depth: usize) -> Sides {
    let side = |side| {
        let rung = |(price, quantity)| Rung { price, quantity, orders: 0 };
        let mut rungs: Vec<Rung> = shown.levels(side).take(depth).map(rung).collect();
        if let Some(book) = shown.counted() {
            count(book, side, &mut rungs);
        }
        rungs
    };
    Sides { bids: side(Side::Buy), asks: side(Side::Sell) }
}

fn count(book: &Book, side: Side, rungs: &mut [Rung]) {
    let mut at = 0;
    for (looked, order) in book.side(side).enumerate() {
        while rungs.get(at).is_some_and(|rung| rung.price != order.price) {
            at += 1;
        }
        let Some(rung) = rungs.get_mut(at) else { return };
        if looked == COUNTED_MAX {
            rung.orders = 0;
            return;
        }
        rung.orders += 1;
    }
}

/// Bids down and asks up to multiples of a step.
#[must_use]
pub fn grouped(shown: &impl Shown, depth: usize, step: u32) -> Sides {
    let side = |side| {
        let to_step = |price: Ticks| match side {
            Side::Buy => price.0 - price.0 % step,
            Side::Sell => price.0.next_multiple_of(step),
        };
        let mut rungs: Vec<Rung> = Vec::new();
        for (price, quantity) in shown.levels(side) {
            let price = Ticks(to_step(price));
            let is_full = rungs.len() == depth;
            match rungs.last_mut() {
                Some(last) if last.price == price => last.quantity += quantity,
                _ if is_full => break,
                _ => rungs.push(Rung { price, quantity, orders: 0 }),
            }
        }
        rungs
    };
    Sides { bids: side(Side::Buy), asks: side(Side::Sell) }
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;
