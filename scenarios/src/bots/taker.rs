//! The taker: meets the best price of the other side, at random times.

use super::{Intent, Random, Terms, View, place};
use crate::numbers::PerSecond;
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakerSettings {
    /// Orders a second, each bot, on average.
    pub rate: PerSecond,
    /// How many of a hundred orders go at market; the others are IOC at the best price.
    pub market_percent: u64,
    /// Quantities lie between these, both included; at least one lot, the least first.
    pub lots_min: u64,
    pub lots_max: u64,
}

pub(super) fn act(
    settings: &TakerSettings,
    random: &mut Random,
    view: &View<'_>,
    intents: &mut Vec<Intent>,
) -> Millis {
    let side = random.side();
    let at_market = random.percent(settings.market_percent);
    let lots = random.between(settings.lots_min, settings.lots_max);
    if let Some(price) = view.opposite(side) {
        let terms = if at_market { Terms::Market } else { Terms::Ioc { price } };
        place(view, side, lots, price, terms, intents);
    }
    random.pause(settings.rate)
}
