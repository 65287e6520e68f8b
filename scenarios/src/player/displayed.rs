//! FILL-4: what was displayed at each level of the outside books, and what users filled of it.

use std::collections::BTreeMap;

use hoga_engine::amount::Lots;
use hoga_engine::follow::{Snapshot, Source};
use hoga_engine::history::FillRow;
use hoga_engine::ids::InstrumentId;
use hoga_engine::message::HOUSE_ORDER;
use hoga_engine::order::Side;

type Level = (InstrumentId, Source, Side);

#[derive(Default)]
pub(super) struct Displayed {
    displayed: BTreeMap<Level, Lots>,
    filled: BTreeMap<Level, Lots>,
}

impl Displayed {
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
            let level = (fill.instrument, source, fill.side.opposite());
            *self.filled.entry(level).or_default() += fill.quantity;
        }
    }

    /// Levels of which more was filled than they displayed.
    pub fn overfilled(&self) -> u64 {
        let shown = |level| self.displayed.get(level).copied().unwrap_or_default();
        self.filled.iter().filter(|(level, filled)| **filled > shown(level)).count() as u64
    }
}
