//! The noise trader: random orders near the market, at random times.

use super::{Intent, Random, Terms, View, place};
use crate::grammar::Side;
use crate::numbers::PerSecond;
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoiseSettings {
    /// Orders a second, each bot, on average.
    pub rate: PerSecond,
    /// How far from the market limits lie, in steps of the price, on either side of it.
    pub reach_ticks: u64,
    /// How many of a hundred orders go at market.
    pub market_percent: u64,
    /// Quantities lie between these, both included; at least one lot, the least first.
    pub lots_min: u64,
    pub lots_max: u64,
    /// At this many open orders the oldest goes before another comes.
    pub open_max: u64,
}

pub(super) fn act(
    settings: &NoiseSettings,
    random: &mut Random,
    view: &View<'_>,
    intents: &mut Vec<Intent>,
) -> Millis {
    // The draws are the same whatever the view holds, so that one bot's luck is its own.
    let side = random.side();
    let at_market = random.percent(settings.market_percent);
    let reach = settings.reach_ticks as i64;
    let steps = random.below(settings.reach_ticks * 2 + 1) as i64 - reach;
    let lots = random.between(settings.lots_min, settings.lots_max);
    if view.own.len() as u64 >= settings.open_max.max(1)
        && let Some(oldest) = view.own.first()
    {
        intents.push(Intent::Cancel { id: oldest.id });
    }
    match view.opposite(side) {
        Some(best) if at_market => place(view, side, lots, best, Terms::Market, intents),
        _ => {
            let price = view.steps_from(view.reference(), steps);
            // Selling and buying bots reach the same distance to either side of the market.
            let price = if side == Side::Buy { price } else { mirrored(view, price) };
            place(view, side, lots, price, Terms::Rest { price }, intents);
        }
    }
    random.pause(settings.rate)
}

/// The price as far on the other side of the market.
fn mirrored(view: &View<'_>, price: u64) -> u64 {
    let middle = view.reference();
    view.on_step((middle * 2).saturating_sub(price))
}
