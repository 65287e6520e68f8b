//! Rankings as they stood when a day closed.

use super::prices::MarkSet;
use super::season::Ranking;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most frozen days that a board keeps. The oldest go first.
pub const FROZEN_DAYS_MAX: usize = 32;
/// Most accounts of all frozen days together; the newest day stays however many it has.
pub const FROZEN_ACCOUNTS_MAX: u64 = 40_000_000;

/// A day of the exchange's calendar, as the number yyyymmdd: 20261120.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TradingDay(pub u32);

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
