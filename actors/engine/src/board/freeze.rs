//! Rankings as they stood when a day closed.

use super::prices::MarkSet;
use super::season::Ranking;
use crate::amount::Ticks;
use crate::ids::{InstrumentId, PartitionId};
use crate::time::civil;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most frozen days that a board keeps. The oldest go first.
pub const FROZEN_DAYS_MAX: usize = 32;
/// Most accounts of all frozen days together; the newest day stays however many it has.
pub const FROZEN_ACCOUNTS_MAX: u64 = 40_000_000;

/// A day of the exchange's calendar, as the number yyyymmdd: 20261120.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TradingDay(pub u32);

impl TradingDay {
    /// The day so many days after 1970-01-01.
    #[must_use]
    pub fn since_1970(days: u64) -> TradingDay {
        let (year, month, day) = civil(days as i64);
        TradingDay((year * 10_000 + month * 100 + day) as u32)
    }
}

/// What is known of the end of a day, until it is known of everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closing {
    /// Those whose accounts have all said where they stand.
    pub partitions: BTreeSet<PartitionId>,
    /// The last prices of the day.
    pub marks: BTreeMap<InstrumentId, Ticks>,
}

/// One day's final ranking, with the figures that it came from.
#[derive(Clone, Debug)]
pub(super) struct Frozen {
    pub set: MarkSet,
    pub ranking: Ranking,
}

/// Frozen days, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive(pub BTreeMap<TradingDay, Frozen>);

impl Archive {
    /// Keeps a day and forgets the oldest ones that are too many by now.
    pub fn keep(&mut self, day: TradingDay, frozen: Frozen) {
        self.0.insert(day, frozen);
        while self.0.len() > 1 && (self.0.len() > FROZEN_DAYS_MAX || self.accounts_are_too_many()) {
            self.0.pop_first();
        }
    }

    fn accounts_are_too_many(&self) -> bool {
        let accounts: usize = self.0.values().map(|frozen| frozen.ranking.figures.len()).sum();
        accounts as u64 > FROZEN_ACCOUNTS_MAX
    }
}
