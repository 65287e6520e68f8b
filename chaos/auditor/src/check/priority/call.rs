//! The one price of a call: every price that could be best is tried.

use super::book::{Book, reaches};
use super::life::Life;
use crate::export::Side;
use crate::number::Number;
use std::cmp::Reverse;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clearing {
    pub price: Number,
    pub volume: Number,
}

/// So much of an order, at most, trades in its turn.
#[derive(Debug)]
pub struct Turn<'e> {
    pub order: &'e str,
    pub open: Number,
}

/// The largest volume, then the smallest surplus, then the nearest to the reference, then the
/// higher price; prices are whole numbers.
pub fn clearing(book: &Book, reference: Option<Number>) -> Option<Clearing> {
    let one = Number::from(1);
    let limits = book.orders.iter().map(|order| order.price);
    let beside = limits.chain(reference).flat_map(|price| [price - one, price, price + one]);
    let tried = beside.filter(|price| *price > Number::ZERO).filter_map(|price| {
        let wanted = |side| -> Number {
            book.orders
                .iter()
                .filter(|o| o.side == side && reaches(side, o.price, price))
                .map(|o| o.open)
                .sum()
        };
        let (bought, sold) = (wanted(Side::Buy), wanted(Side::Sell));
        let volume = bought.min(sold);
        let surplus = bought.max(sold) - volume;
        let away =
            reference.map_or(Number::ZERO, |reference| (price - reference).max(reference - price));
        (!volume.is_zero()).then_some((volume, Reverse(surplus), Reverse(away), price))
    });
    tried.max().map(|(volume, .., price)| Clearing { price, volume })
}

/// Whose turn it is: first who would trade with what is left of the other side, so that no crossed
/// book stays behind; then orders at market; then all others. Of the first and the last it goes
/// price by price: at market, then what is shown, then what is hidden.
pub fn turns<'e>(book: &Book<'e>, side: Side, price: Number) -> Vec<Turn<'e>> {
    let left = book.orders.iter().filter(|o| o.side != side && !reaches(o.side, o.price, price));
    let left = left.map(|order| order.price);
    let left = if side == Side::Buy { left.min() } else { left.max() };
    let line = book.line(side, price);
    let mut turns = Vec::new();
    let mut level = 0;
    for (nth, order) in line.iter().enumerate() {
        if order.price != line[level].price {
            level = nth;
        }
        let crosses = left.is_some_and(|left| reaches(side, order.price, left));
        let is_market = order.life == Life::ThisCallAtMarket;
        let class = match (crosses, is_market) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        // The line goes by price and time; of one price, parts of one kind stand together.
        let parts = match is_market {
            true => vec![(0, order.open)],
            false => vec![(1, order.shown()), (2, order.hidden)],
        };
        for (part, open) in parts.into_iter().filter(|(_, open)| !open.is_zero()) {
            turns.push(((class, level, part, nth), Turn { order: order.order, open }));
        }
    }
    turns.sort_by_key(|(rank, _)| *rank);
    turns.into_iter().map(|(_, turn)| turn).collect()
}
