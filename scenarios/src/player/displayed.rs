//! FILL-4: what was displayed at each level of the outside books, and what users filled of it.

use std::collections::BTreeMap;

use hoga_engine::amount::Lots;
use hoga_engine::follow::{Snapshot, Source};
use hoga_engine::history::FillRow;
use hoga_engine::ids::InstrumentId;
use hoga_engine::message::HOUSE_ORDER;
use hoga_engine::order::Side;

type Level = (InstrumentId, Source, Side);

/// Levels of outside books, and what was taken of them.
#[derive(Debug, Default)]
pub struct Displayed {
    displayed: BTreeMap<Level, Lots>,
    filled: BTreeMap<Level, Lots>,
}

impl Displayed {
    /// A book was posted under its number.
    pub fn posted(&mut self, instrument: InstrumentId, snapshot: &Snapshot) {
        // One under the same number was refused: a player numbers none twice that was taken.
        let first = (instrument, Source { snapshot: snapshot.number, level: 0 }, Side::Buy);
        let is_same =
            |(id, source, _): &Level| (*id, source.snapshot) == (instrument, first.1.snapshot);
        let refused = self.displayed.range(first..).map(|(level, _)| *level).take_while(is_same);
        for level in refused.collect::<Vec<_>>() {
            self.displayed.remove(&level);
        }
        for side in [Side::Buy, Side::Sell] {
            for (level, shown) in (1..).zip(snapshot.side(side)) {
                let source = Source { snapshot: snapshot.number, level };
                self.displayed.insert((instrument, source, side), shown.quantity);
            }
        }
    }

    pub fn fill(&mut self, fill: &FillRow) {
        if let Some(source) = fill.source.filter(|_| fill.order != HOUSE_ORDER) {
            self.taken(fill.instrument, source, fill.side, fill.quantity);
        }
    }

    /// A user's order on this side filled so much of a level.
    pub fn taken(&mut self, instrument: InstrumentId, source: Source, side: Side, of: Lots) {
        *self.filled.entry((instrument, source, side.opposite())).or_default() += of;
    }

    /// Levels of which more was filled than they displayed.
    #[must_use]
    pub fn overfilled(&self) -> u64 {
        let shown = |level| self.displayed.get(level).copied().unwrap_or_default();
        self.filled.iter().filter(|(level, filled)| **filled > shown(level)).count() as u64
    }
}
