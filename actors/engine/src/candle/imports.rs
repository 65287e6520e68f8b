//! Candles of another exchange's history, before the first day on which this one traded.
//!
//! They come oldest first, of any kept length, and each makes the longer ones that it lies in. So
//! whatever is imported, a longer candle is the merge of the shorter ones, and no candle is made of
//! trades of two exchanges unless it is longer than a day.

use super::bar::{Bar, CandleRow, Origin};
use super::interval::{Base, Interval, Zone};
use crate::instrument::Instrument;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What is asked for: candles of a kept length, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub base: Base,
    pub bars: Vec<Bar>,
}

/// How far imported candles reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imports {
    /// The longer candles that the newest one lies in, by length.
    longer: [Option<Bar>; Base::ALL.len()],
    /// Where the newest one ends.
    pub(super) through: Time,
    /// The first day with trades here; imported candles lie before it.
    began: Option<Time>,
}

impl Imports {
    /// A trade came.
    pub(super) fn traded(&mut self, at: Time, instrument: &Instrument) {
        let zone = Zone::of(instrument.schedule.as_deref());
        self.began.get_or_insert_with(|| zone.start(Interval::Day1, at));
    }

    /// Whether a candle can be taken: it begins behind what is imported already and ends before
    /// the first day with trades.
    #[must_use]
    pub fn fits(&self, start: Time, end: Time) -> bool {
        start >= self.through && self.began.is_none_or(|began| end <= began)
    }

    /// Takes the candles that fit, each with the longer ones that it changes.
    pub fn take(
        &mut self,
        import: &Import,
        instrument: &Instrument,
        write: &mut impl FnMut(&CandleRow),
    ) {
        let zone = Zone::of(instrument.schedule.as_deref());
        let (partition, origin) = (instrument.partition, Origin::Imported);
        let mut write = |base, bar| {
            write(&CandleRow { partition, instrument: instrument.id, base, origin, bar });
        };
        let longer = || Base::ALL.into_iter().filter(|base| *base > import.base);
        let mut is_changed = [false; Base::ALL.len()];
        for bar in &import.bars {
            let end = zone.end(import.base.interval(), bar.start);
            if !self.fits(bar.start, end) {
                continue;
            }
            write(import.base, *bar);
            self.through = end;
            for base in longer() {
                let start = zone.start(base.interval(), bar.start);
                match &mut self.longer[base as usize] {
                    Some(whole) if whole.start == start => whole.merge(bar),
                    other => {
                        if let Some(whole) = other.replace(Bar { start, ..*bar })
                            && is_changed[base as usize]
                        {
                            write(base, whole);
                        }
                    }
                }
                is_changed[base as usize] = true;
            }
        }
        for base in longer().filter(|base| is_changed[*base as usize]) {
            if let Some(whole) = self.longer[base as usize] {
                write(base, whole);
            }
        }
    }
}
