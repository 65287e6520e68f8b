//! The port: what a partition may ask of its history, whatever stores it.

use super::error::HistoryError;
use super::key::{RowKey, RowKind};
use super::reach::Reach;
use super::retention::Sweep;
use crate::log::LogPosition;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, OrderNo};
use hoga_engine::order::OrderState;
use hoga_engine::time::Time;
use std::ops::RangeInclusive;

/// Rows as they come, read while they are asked for.
pub type Rows = Box<dyn Iterator<Item = Result<HistoryRow, HistoryError>> + Send>;

/// From which end a list of rows is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    OldestFirst,
    NewestFirst,
}

/// The history of one partition. Calls block on the disk; reads and writes may run at
/// once from several threads.
pub trait History: Send + Sync {
    /// Writes the rows of one applied chunk, all of them or none. A row that is there already is
    /// replaced by its equal. Not durable before the next [`History::sync`].
    ///
    /// # Errors
    /// [`HistoryError::Full`], [`HistoryError::Store`].
    fn append(&self, rows: &[HistoryRow]) -> Result<(), HistoryError>;

    /// Returns when all that was appended before survives a loss of power.
    ///
    /// # Errors
    /// [`HistoryError::Store`]; what was appended since the last sync may be lost then.
    fn sync(&self) -> Result<(), HistoryError>;

    /// Takes note that the rows of all entries up to a log position were appended. It becomes
    /// durable together with the last of them, or later, never before.
    fn note(&self, through: LogPosition);

    /// How far the store reached when it was opened, and whether all of it happened.
    ///
    /// # Errors
    /// As for reads.
    fn reach(&self) -> Result<Reach, HistoryError>;

    /// Says, durably, that there may be rows of entries that no log has: until
    /// [`History::settle`] the store reaches nowhere.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    fn doubt(&self) -> Result<(), HistoryError>;

    /// Removes the rows that `happened` does not know, durably, and ends the doubt. Returns how
    /// many there were.
    ///
    /// # Errors
    /// As for [`History::append`] and for reads.
    fn settle(&self, happened: &dyn Fn(RowKey) -> bool) -> Result<usize, HistoryError>;

    /// The row of this key, if it is kept.
    ///
    /// # Errors
    /// As all reads: [`HistoryError::Store`], [`HistoryError::Damaged`],
    /// [`HistoryError::Version`], [`HistoryError::ForeignKey`].
    fn get(&self, key: RowKey) -> Result<Option<HistoryRow>, HistoryError>;

    /// One account's rows of one kind whose sequence lies in `sequences`. Whoever looks for an
    /// instrument, a state or a time filters what comes, and bounds how much that may be.
    fn scan(
        &self,
        account: AccountId,
        kind: RowKind,
        sequences: RangeInclusive<u64>,
        direction: Direction,
    ) -> Rows;

    /// Every row of the partition after `after` (all, when none) in the order of keys: what a new
    /// replica is sent, and where to go on after a break.
    fn export(&self, after: Option<RowKey>) -> Rows;

    /// Removes rows older than `oldest_kept`, looking at no more than `rows_max` rows: call it
    /// again with the sweep's `resume` until that is none.
    ///
    /// In each list removal ends at the first row that is to be kept, and the newest is; so what is
    /// kept has no holes and ends where the list does. A row may stay longer than it has to, never
    /// shorter.
    ///
    /// # Errors
    /// As for [`History::append`] and for reads.
    fn retain_after(
        &self,
        oldest_kept: Time,
        resume: Option<RowKey>,
        rows_max: usize,
    ) -> Result<Sweep, HistoryError>;

    /// Takes note that rows from before `time` may be missing, because they were where these rows
    /// come from.
    ///
    /// # Errors
    /// As for [`History::append`].
    fn mark_swept(&self, time: Time) -> Result<(), HistoryError>;

    /// The latest `oldest_kept` that anything was removed for: rows from before may be missing. None
    /// where nothing ever was.
    ///
    /// # Errors
    /// As for reads.
    fn swept(&self) -> Result<Option<Time>, HistoryError>;

    /// A finished order by its number.
    ///
    /// # Errors
    /// As [`History::get`].
    fn order(&self, account: AccountId, no: OrderNo) -> Result<Option<OrderState>, HistoryError> {
        let key = RowKey { account, kind: RowKind::Order, sequence: no.0 };
        Ok(self.get(key)?.map(|row| match row {
            HistoryRow::Order(order) => *order,
            other => unreachable!("a row of another kind under {key}: {other:?}"),
        }))
    }

    /// Up to `limit` rows before the sequence `before` (the newest, when none), newest first.
    ///
    /// # Errors
    /// As [`History::get`].
    fn page(
        &self,
        account: AccountId,
        kind: RowKind,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<HistoryRow>, HistoryError> {
        let last = match before {
            None => u64::MAX,
            Some(0) => return Ok(Vec::new()),
            Some(before) => before - 1,
        };
        self.scan(account, kind, 0..=last, Direction::NewestFirst).take(limit).collect()
    }

    /// Up to `limit` rows after the sequence `after` (the oldest kept, when none), oldest first.
    ///
    /// # Errors
    /// As [`History::get`].
    fn page_oldest_first(
        &self,
        account: AccountId,
        kind: RowKind,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<HistoryRow>, HistoryError> {
        let first = match after {
            None => 0,
            Some(u64::MAX) => return Ok(Vec::new()),
            Some(after) => after + 1,
        };
        self.scan(account, kind, first..=u64::MAX, Direction::OldestFirst).take(limit).collect()
    }
}
