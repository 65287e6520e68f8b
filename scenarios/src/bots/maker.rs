//! The maker: quotes both sides around the market and moves its quotes along.

use super::{Intent, OPEN_ORDERS_MAX, Random, Terms, View, place};
use crate::grammar::Side;
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MakerSettings {
    /// From the best own bid to the best own ask, in steps of the price; at least 1.
    pub spread_ticks: u64,
    /// Quotes on each side, a step apart; at most half of [`OPEN_ORDERS_MAX`].
    pub levels: u64,
    /// Of each quote.
    pub lots: u64,
    pub every: Millis,
}

pub(super) fn act(
    settings: &MakerSettings,
    skew: i64,
    random: &mut Random,
    view: &View<'_>,
    intents: &mut Vec<Intent>,
) -> Millis {
    let quotes = quotes(settings, skew, view);
    let stands = |side, price| view.own.iter().any(|own| own.side == side && own.price == price);
    // Old quotes go first, so that their funds are free for the new ones at the next waking.
    for own in view.own {
        if !quotes.contains(&(own.side, own.price)) {
            intents.push(Intent::Cancel { id: own.id });
        }
    }
    let mut left = View { ..*view };
    for (side, price) in quotes.into_iter().filter(|(side, price)| !stands(*side, *price)) {
        let before = intents.len();
        place(&left, side, settings.lots, price, Terms::PostOnly { price }, intents);
        if intents.len() > before {
            match side {
                Side::Buy => {
                    let cost = u128::from(price) * u128::from(settings.lots);
                    left.cash = left.cash.saturating_sub(cost);
                }
                Side::Sell => left.lots = left.lots.saturating_sub(settings.lots),
            }
        }
    }
    // A little unevenness keeps a crowd of makers from moving on one instant.
    Millis(settings.every.0 + random.below(settings.every.0 / 4 + 1))
}

/// Where the quotes should stand, best first. They never cross what is in the book.
fn quotes(settings: &MakerSettings, skew: i64, view: &View<'_>) -> Vec<(Side, u64)> {
    let spread = settings.spread_ticks.max(1) as i64;
    let bid = view.steps_from(view.reference(), skew - spread / 2);
    let ask = view.steps_from(bid, spread);
    let bid = view.best_ask.map_or(bid, |best| bid.min(view.steps_from(best, -1)));
    let ask = view.best_bid.map_or(ask, |best| ask.max(view.steps_from(best, 1)));
    let levels = (settings.levels.max(1) as usize).min(OPEN_ORDERS_MAX / 2) as i64;
    let mut quotes = Vec::new();
    for level in 0..levels {
        let level =
            [(Side::Buy, view.steps_from(bid, -level)), (Side::Sell, view.steps_from(ask, level))];
        // Near zero and at the limits of the day levels fall together; one quote a price is enough.
        for quote in level {
            if !quotes.contains(&quote) {
                quotes.push(quote);
            }
        }
    }
    // There bid and ask would meet, too: an ask alone is no cross, and none is what the best bid
    // would take.
    quotes.retain(|(side, price)| match side {
        Side::Buy => *price < ask,
        Side::Sell => view.best_bid.is_none_or(|best| *price > best),
    });
    quotes
}
