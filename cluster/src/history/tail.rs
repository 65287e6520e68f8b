//! The newest rows of a partition, encoded and sorted in memory, until they are a table's worth.
//!
//! Replay writes every row again that was not synced, so a journal would only be work: rows are
//! collected here and handed to the store as sorted tables. Reads look here first.

use super::key::RowKey;
use super::port::Direction;
use crate::log::LogPosition;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Encoded rows by key.
pub(super) type Rows = BTreeMap<RowKey, Box<[u8]>>;

/// Rows collected before they become a table.
pub(super) const TAIL_ROWS: usize = 128 * 1024;

#[derive(Default)]
pub(super) struct Tail {
    rows: RwLock<Collected>,
    one_flush: Mutex<()>,
}

#[derive(Default)]
struct Collected {
    current: Rows,
    /// On their way into the store.
    leaving: Arc<Rows>,
    /// The rows of all entries up to here are in the store or here; none when the store says so.
    through: Option<LogPosition>,
}

impl Tail {
    fn read(&self) -> RwLockReadGuard<'_, Collected> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Collected> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes rows in; returns how many there are now.
    pub fn extend(&self, rows: impl Iterator<Item = (RowKey, Box<[u8]>)>) -> usize {
        let mut collected = self.write();
        collected.current.extend(rows);
        collected.current.len()
    }

    /// Takes note that the rows of all entries up to a position were taken in.
    pub fn note(&self, through: LogPosition) {
        let mut collected = self.write();
        collected.through = collected.through.max(Some(through));
    }

    /// The bytes of a row, if it is here.
    pub fn get(&self, key: RowKey) -> Option<Box<[u8]>> {
        let collected = self.read();
        let found = collected.current.get(&key).or_else(|| collected.leaving.get(&key));
        found.cloned()
    }

    /// A copy of the first `most` rows between two keys, in the direction asked for.
    pub fn range(
        &self,
        from: Bound<RowKey>,
        to: Bound<RowKey>,
        direction: Direction,
        most: usize,
    ) -> Vec<(RowKey, Box<[u8]>)> {
        let collected = self.read();
        let mut rows = copy(&collected.leaving, from, to, direction, most);
        rows.append(&mut copy(&collected.current, from, to, direction, most));
        let rows = rows.into_iter();
        match direction {
            Direction::OldestFirst => rows.take(most).collect(),
            Direction::NewestFirst => rows.rev().take(most).collect(),
        }
    }

    /// Hands everything collected so far to `store`, which has it when it returns, with how far
    /// that reaches. Reads see the rows all the while. On failure they stay.
    pub fn flush<E>(
        &self,
        store: impl FnOnce(&Rows, Option<LogPosition>) -> Result<(), E>,
    ) -> Result<(), E> {
        let _turn: MutexGuard<'_, ()> =
            self.one_flush.lock().unwrap_or_else(PoisonError::into_inner);
        let (leaving, through) = {
            let mut collected = self.write();
            // What an earlier flush could not hand over goes with this one.
            let mut rows = std::mem::take(&mut collected.leaving);
            let mut newer = std::mem::take(&mut collected.current);
            Arc::make_mut(&mut rows).append(&mut newer);
            collected.leaving = rows.clone();
            (rows, collected.through)
        };
        if !leaving.is_empty() || through.is_some() {
            store(&leaving, through)?;
        }
        let mut collected = self.write();
        collected.leaving = Arc::default();
        if collected.through == through {
            collected.through = None;
        }
        Ok(())
    }
}

fn copy(
    rows: &Rows,
    from: Bound<RowKey>,
    to: Bound<RowKey>,
    direction: Direction,
    most: usize,
) -> Rows {
    let range = rows.range((from, to)).map(|(key, row)| (*key, row.clone()));
    match direction {
        Direction::OldestFirst => range.take(most).collect(),
        Direction::NewestFirst => range.rev().take(most).collect(),
    }
}
