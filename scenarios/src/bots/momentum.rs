//! The momentum trader: buys what has risen and sells what has fallen.

use super::{Intent, Random, Terms, View, place};
use crate::grammar::Side;
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentumSettings {
    /// How often it looks; the move is measured from one look to the next.
    pub every: Millis,
    /// A smaller move, in steps of the price, leaves it cold.
    pub threshold_ticks: u64,
    /// How many steps past the best price it follows.
    pub chase_ticks: u64,
    pub lots: u64,
}

pub(super) fn act(
    settings: &MomentumSettings,
    seen: &mut Option<u64>,
    random: &mut Random,
    view: &View<'_>,
    intents: &mut Vec<Intent>,
) -> Millis {
    if let Some(last) = view.last {
        let before = seen.replace(last).unwrap_or(last);
        let moved = last.abs_diff(before) / view.step;
        let side = if last > before { Side::Buy } else { Side::Sell };
        if let Some(best) = view.opposite(side)
            && moved >= settings.threshold_ticks.max(1)
        {
            let chase = settings.chase_ticks as i64;
            let price = view.steps_from(best, if side == Side::Buy { chase } else { -chase });
            place(view, side, settings.lots, price, Terms::Ioc { price }, intents);
        }
    }
    Millis(settings.every.0 + random.below(settings.every.0 / 4 + 1))
}
