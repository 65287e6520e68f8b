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

/// Whose turn it is: price by price orders at market, then what is shown, then what is hidden.
pub fn turns<'e>(book: &Book<'e>, side: Side, price: Number) -> Vec<Turn<'e>> {
    let line = book.line(side, price);
    let mut prices: Vec<Number> = line.iter().map(|order| order.price).collect();
    prices.dedup();
    let mut turns = Vec::new();
    for price in prices {
        let level = || line.iter().filter(move |order| order.price == price);
        let is_market = |o: &super::book::Resting| o.life == Life::ThisCallAtMarket;
        let market = level().filter(|o| is_market(o)).map(|o| (o.order, o.open));
        let shown = level().filter(|o| !is_market(o)).map(|o| (o.order, o.shown()));
        let hidden = level().filter(|o| !is_market(o)).map(|o| (o.order, o.hidden));
        let all = market.chain(shown).chain(hidden).filter(|(_, open)| !open.is_zero());
        turns.extend(all.map(|(order, open)| Turn { order, open }));
    }
    turns
}
