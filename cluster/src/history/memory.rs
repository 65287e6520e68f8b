//! A history in memory, for simulation and tests: it can lose what was not synced.

use super::error::HistoryError;
use super::key::{RowKey, RowKind};
use super::port::{Direction, History, Rows};
use super::reach::Reach;
use super::retention::{Sweep, find_old};
use crate::log::LogPosition;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::AccountId;
use hoga_engine::time::Time;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One partition's history without a disk. Clones are handles to the same rows, so that a
/// simulated node can be stopped and started over what its predecessor left.
#[derive(Clone, Debug, Default)]
pub struct MemoryHistory {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<RowKey, HistoryRow>,
    /// What stood under each key that was changed since the last sync.
    unsynced: BTreeMap<RowKey, Option<HistoryRow>>,
    reach: Reach,
    /// The reach as of the last sync.
    synced: Reach,
    swept: Option<Time>,
}

impl State {
    fn put(&mut self, key: RowKey, row: Option<HistoryRow>) {
        let before = match row {
            Some(row) => self.rows.insert(key, row),
            None => self.rows.remove(&key),
        };
        self.unsynced.entry(key).or_insert(before);
    }
}

impl MemoryHistory {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes back everything since the last sync, as a loss of power may do.
    pub fn lose_power(&self) {
        let mut state = self.state();
        state.reach = state.synced;
        for (key, before) in std::mem::take(&mut state.unsynced) {
            match before {
                Some(row) => state.rows.insert(key, row),
                None => state.rows.remove(&key),
            };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the maps whole: no change to them can panic half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads row by row, each time from where the last one was: nothing is copied ahead.
    fn walk(&self, mut from: Bound<RowKey>, mut to: Bound<RowKey>, direction: Direction) -> Rows {
        let history = self.clone();
        Box::new(std::iter::from_fn(move || {
            let state = history.state();
            if is_empty(from, to) {
                return None;
            }
            let mut range = state.rows.range((from, to));
            let (key, row) = match direction {
                Direction::OldestFirst => range.next()?,
                Direction::NewestFirst => range.next_back()?,
            };
            match direction {
                Direction::OldestFirst => from = Bound::Excluded(*key),
                Direction::NewestFirst => to = Bound::Excluded(*key),
            }
            Some(Ok(row.clone()))
        }))
    }
}

/// Whether nothing can lie between two bounds; a map's range panics on some of those.
fn is_empty(from: Bound<RowKey>, to: Bound<RowKey>) -> bool {
    use Bound::{Excluded, Included, Unbounded};
    match (from, to) {
        (Unbounded, _) | (_, Unbounded) => false,
        (Included(from), Included(to)) => from > to,
        (Included(from) | Excluded(from), Included(to) | Excluded(to)) => from >= to,
    }
}

impl History for MemoryHistory {
    fn append(&self, rows: &[HistoryRow]) -> Result<(), HistoryError> {
        let mut state = self.state();
        for row in rows {
            state.put(RowKey::of(row), Some(row.clone()));
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), HistoryError> {
        let mut state = self.state();
        state.unsynced.clear();
        state.synced = state.reach;
        Ok(())
    }

    fn note(&self, through: LogPosition) {
        let mut state = self.state();
        state.reach.through = state.reach.through.max(Some(through));
    }

    fn reach(&self) -> Result<Reach, HistoryError> {
        Ok(self.state().reach)
    }

    fn doubt(&self) -> Result<(), HistoryError> {
        self.state().reach = Reach { through: None, is_doubtful: true };
        self.sync()
    }

    fn settle(&self, happened: &dyn Fn(RowKey) -> bool) -> Result<usize, HistoryError> {
        let mut state = self.state();
        let wrong: Vec<RowKey> = state.rows.keys().copied().filter(|key| !happened(*key)).collect();
        for key in &wrong {
            state.put(*key, None);
        }
        state.reach.is_doubtful = false;
        drop(state);
        self.sync()?;
        Ok(wrong.len())
    }

    fn get(&self, key: RowKey) -> Result<Option<HistoryRow>, HistoryError> {
        Ok(self.state().rows.get(&key).cloned())
    }

    fn scan(
        &self,
        account: AccountId,
        kind: RowKind,
        sequences: RangeInclusive<u64>,
        direction: Direction,
    ) -> Rows {
        let bound = |sequence| Bound::Included(RowKey { account, kind, sequence });
        self.walk(bound(*sequences.start()), bound(*sequences.end()), direction)
    }

    fn export(&self, after: Option<RowKey>) -> Rows {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.walk(from, Bound::Unbounded, Direction::OldestFirst)
    }

    fn retain_after(
        &self,
        oldest_kept: Time,
        resume: Option<RowKey>,
        rows_max: usize,
    ) -> Result<Sweep, HistoryError> {
        let from = |key: Option<RowKey>| {
            let from = key.map_or(Bound::Unbounded, Bound::Included);
            self.walk(from, Bound::Unbounded, Direction::OldestFirst)
        };
        let (old, resume) = find_old(from, oldest_kept, resume, rows_max)?;
        let mut state = self.state();
        for key in &old {
            state.put(*key, None);
        }
        if !old.is_empty() {
            state.swept = state.swept.max(Some(oldest_kept));
        }
        Ok(Sweep { removed: old.len(), resume })
    }

    fn mark_swept(&self, time: Time) -> Result<(), HistoryError> {
        let mut state = self.state();
        state.swept = state.swept.max(Some(time));
        Ok(())
    }

    fn swept(&self) -> Result<Option<Time>, HistoryError> {
        Ok(self.state().swept)
    }
}
