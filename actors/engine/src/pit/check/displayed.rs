//! FILL-4: of no level of an outside book is more filled than it displayed.

use super::{Broken, hold};
use crate::amount::Lots;
use crate::follow::Source;
use crate::ids::InstrumentId;
use crate::message::HOUSE_ORDER;
use crate::order::Side;
use crate::pit::Pit;
use std::collections::BTreeMap;

/// A level is on the side that a fill took from.
type Key = (InstrumentId, Source, Side);

#[derive(Default)]
pub(super) struct Sums {
    snapshots_read: usize,
    fills_read: usize,
    /// The number of the last snapshot of each instrument that was not dropped.
    numbers: BTreeMap<InstrumentId, u64>,
    displayed: BTreeMap<Key, Lots>,
    filled: BTreeMap<Key, Lots>,
}

impl Sums {
    pub fn check(&mut self, pit: &Pit) -> Result<(), Broken> {
        for (instrument, snapshot) in &pit.tap().posted[self.snapshots_read..] {
            let number = self.numbers.entry(*instrument).or_default();
            if snapshot.number <= *number {
                continue;
            }
            *number = snapshot.number;
            for side in [Side::Buy, Side::Sell] {
                for (level, shown) in (1..).zip(snapshot.side(side)) {
                    let source = Source { snapshot: snapshot.number, level };
                    self.displayed.insert((*instrument, source, side), shown.quantity);
                }
            }
        }
        self.snapshots_read = pit.tap().posted.len();
        for fill in &pit.tap().fills[self.fills_read..] {
            let is_followed =
                pit.listing(fill.instrument).is_some_and(|book| book.following().is_some());
            let source = fill.source;
            hold!("FILL-4", source.is_some() == is_followed, "{fill:?} names no level, or one");
            let Some(source) = source.filter(|_| fill.order != HOUSE_ORDER) else { continue };
            let key = (fill.instrument, source, fill.side.opposite());
            let filled = self.filled.entry(key).or_default();
            *filled += fill.quantity;
            let displayed = self.displayed.get(&key).copied().unwrap_or_default();
            hold!("FILL-4", *filled <= displayed, "{key:?}: {filled:?} filled of {displayed:?}");
        }
        self.fills_read = pit.tap().fills.len();
        Ok(())
    }
}
