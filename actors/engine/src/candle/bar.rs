//! What trades did within a span of time.

use super::interval::Base;
use crate::amount::{Amount, Ticks};
use crate::ids::{InstrumentId, PartitionId};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What the trades of a span of time came to; there was at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub start: Time,
    /// Number of its first event in the instrument's candle channel; zero for an imported one.
    pub first: u64,
    pub open: Ticks,
    pub high: Ticks,
    pub low: Ticks,
    pub close: Ticks,
    /// In base minor units.
    pub volume: Amount,
    /// Sum of price x quantity, in quote minor units.
    pub value: Amount,
    /// Zero for an imported one, which does not say.
    pub trades: u64,
}

impl Bar {
    /// Adds what came later.
    pub fn merge(&mut self, later: &Bar) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
        self.value += later.value;
        self.trades += later.trades;
    }
}

/// Where a candle comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// From the book's own trades.
    Traded,
    /// From another exchange's history.
    Imported,
}

/// A candle of one of the kept lengths, as the history has it. A row that is written again
/// replaces the one before: trading went on in a day that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleRow {
    /// The book's.
    pub partition: PartitionId,
    pub instrument: InstrumentId,
    pub base: Base,
    pub origin: Origin,
    pub bar: Bar,
}
