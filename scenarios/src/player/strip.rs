//! An instrument's trades over the play, in slots of equal length.

use hoga_engine::amount::{Lots, Ticks};
use std::collections::BTreeMap;

use crate::time::Millis;

/// Slots of a whole play: what a chart can show.
pub(super) const SLOTS: u64 = 480;

/// Levels of a side that are drawn.
pub const LEVELS_MAX: usize = 200;

/// What was traded within one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub high: Ticks,
    pub low: Ticks,
    pub close: Ticks,
    pub quantity: Lots,
}

/// The slots in which something was traded.
#[derive(Debug, Clone, Default)]
pub struct Strip(BTreeMap<u64, Slot>);

impl Strip {
    /// A trade of a play that lasts so long.
    pub fn trade(&mut self, at: Millis, length: Millis, price: Ticks, quantity: Lots) {
        let nth = (at.0 * SLOTS / length.0.max(1)).min(SLOTS - 1);
        let (high, low, close) = (price, price, price);
        let first = Slot { high, low, close, quantity: Lots(0) };
        let slot = self.0.entry(nth).or_insert(first);
        slot.high = slot.high.max(price);
        slot.low = slot.low.min(price);
        slot.close = price;
        slot.quantity += quantity;
    }

    pub fn slots(&self) -> impl Iterator<Item = (u64, &Slot)> {
        self.0.iter().map(|(nth, slot)| (*nth, slot))
    }
}
