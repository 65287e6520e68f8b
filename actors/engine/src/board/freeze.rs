//! Rankings as they stood when a day or a season closed.

use super::prices::MarkSet;
use super::season::{Ranking, SEASONS_CLOSED_MAX};
use crate::amount::Ticks;
use crate::ids::{InstrumentId, PartitionId};
use crate::time::civil;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most frozen days that a board keeps. The oldest go first.
pub const FROZEN_DAYS_MAX: usize = 32;
/// Most accounts of all frozen days together, and of all closed seasons; the newest of each stays
/// however many it has.
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

/// A final ranking, with the figures that it came from.
#[derive(Clone, Debug)]
pub(super) struct Frozen {
    pub set: MarkSet,
    pub ranking: Ranking,
}

/// What was frozen.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    pub days: BTreeMap<TradingDay, Frozen>,
    /// The seasons that closed, each alone in its ranking, in the order in which they did.
    pub seasons: VecDeque<Frozen>,
}

impl Archive {
    /// Keeps a day and forgets the oldest ones that are too many by now.
    pub fn keep_day(&mut self, day: TradingDay, frozen: Frozen) {
        self.days.insert(day, frozen);
        while is_too_much(self.days.values(), FROZEN_DAYS_MAX) {
            self.days.pop_first();
        }
    }

    /// Keeps a season, likewise.
    pub fn keep_season(&mut self, frozen: Frozen) {
        self.seasons.push_back(frozen);
        while is_too_much(self.seasons.iter(), SEASONS_CLOSED_MAX) {
            self.seasons.pop_front();
        }
    }
}

fn is_too_much<'a>(kept: impl ExactSizeIterator<Item = &'a Frozen>, most: usize) -> bool {
    let count = kept.len();
    let accounts: usize = kept.map(|frozen| frozen.ranking.figures.len()).sum();
    count > 1 && (count > most || accounts as u64 > FROZEN_ACCOUNTS_MAX)
}
