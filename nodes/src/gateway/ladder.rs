//! The ladder of a book: levels, best first, single or grouped by a price step.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::Book;
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

/// Every price by itself.
#[must_use]
pub fn ladder(book: &Book, depth: usize) -> Sides {
    let side = |side| {
        let rung = |(price, quantity)| Rung { price, quantity, orders: 0 };
        let mut rungs: Vec<Rung> = book.levels(side).take(depth).map(rung).collect();
        count(book, side, &mut rungs);
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
pub fn grouped(book: &Book, depth: usize, step: u32) -> Sides {
    let side = |side| {
        let to_step = |price: Ticks| match side {
            Side::Buy => price.0 - price.0 % step,
            Side::Sell => price.0.next_multiple_of(step),
        };
        let mut rungs: Vec<Rung> = Vec::new();
        for (price, quantity) in book.levels(side) {
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
