//! The history on disk: one fjall database per node, one keyspace per partition.
//!
//! One database means one journal, one cache and one pair of background threads for all
//! partitions of a node. Rows gather in a [`Tail`] and come as sorted tables; only a handful goes
//! through the journal.

use super::error::HistoryError;
use super::key::{RowKey, RowKind};
use super::port::{Direction, History, Rows};
use super::reach::Reach;
use super::retention::{Sweep, find_old};
use super::row;
use super::tail::{self, TAIL_ROWS, Tail};
use crate::log::LogPosition;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, PartitionId};
use hoga_engine::time::Time;
use std::cmp::Ordering;
use std::ops::{Bound, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering as Memory};

/// Rows encode to about this many bytes; only the frequency of space checks depends on it.
const ROW_BYTES_ABOUT: u64 = 128;

/// Rows worth a table of their own; fewer go through the journal.
const TABLE_ROWS_MIN: usize = 4096;

/// Where the store notes how far it reaches: no row's key is as short, and all are behind it.
const REACH_KEY: [u8; 1] = [0];

/// Where it notes what was removed for its age, in the same way.
const SWEPT_KEY: [u8; 2] = [0; 2];

/// Rows removed at a time when some of them never happened.
const SETTLE_ROWS: usize = 4096;

/// Appended bytes between two looks at the free space.
const SPACE_CHECK_BYTES: u64 = 4 * 1024 * 1024;

/// Sizes of a history database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryOptions {
    /// Bytes of blocks kept in memory, for all partitions together.
    pub cache_bytes: u64,
    /// Bytes of rows a partition collects in memory before they become a table file. Up to four
    /// of these may wait for the disk before appending waits.
    pub memtable_bytes: u64,
    /// Bytes of journal for all partitions together; more makes the partition flush that needs
    /// the oldest of it. So this also bounds the rows in memory of all partitions, and the time
    /// it takes to open the database after a crash. At least 64 MiB.
    pub journal_bytes: u64,
    /// Threads that flush and compact. With one alone a flush waits for a compaction, the journal
    /// grows, and opening it again took 8 to 15 s in place of 0.4 s.
    pub worker_threads: usize,
    /// Appending is refused when less than this is free: the store must never meet a full disk in
    /// the middle of a write, because it does not go on after that.
    pub reserve_bytes: u64,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        HistoryOptions {
            cache_bytes: 64 * MIB,
            memtable_bytes: 32 * MIB,
            journal_bytes: 256 * MIB,
            worker_threads: 2,
            reserve_bytes: 32 * MIB,
        }
    }
}

/// The histories of all partitions of a node.
#[derive(Clone)]
pub struct HistoryDatabase {
    database: Database,
    options: HistoryOptions,
    space: Arc<Space>,
}

impl HistoryDatabase {
    /// Opens, or makes, the database in `dir`.
    ///
    /// # Errors
    /// [`HistoryError::InUse`], [`HistoryError::Store`].
    pub fn open(dir: &Path, options: HistoryOptions) -> Result<Self, HistoryError> {
        let opened = Database::builder(dir)
            .cache_size(options.cache_bytes)
            .max_journaling_size(options.journal_bytes)
            .worker_threads(options.worker_threads)
            .open();
        let database = match opened {
            Err(fjall::Error::Locked) => {
                return Err(HistoryError::InUse { dir: dir.display().to_string() });
            }
            other => other.map_err(HistoryError::store(format!(
                "cannot open the history in {}",
                dir.display()
            )))?,
        };
        let space = Arc::new(Space {
            dir: dir.to_path_buf(),
            reserve: options.reserve_bytes,
            unchecked: AtomicU64::new(SPACE_CHECK_BYTES),
        });
        Ok(HistoryDatabase { database, options, space })
    }

    /// The history of one partition; empty when there was none.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    pub fn partition(&self, partition: PartitionId) -> Result<FjallHistory, HistoryError> {
        let memtable_bytes = self.options.memtable_bytes;
        let options = || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(memtable_bytes)
                // Single rows are asked for by those who know them: a filter on the last level
                // would cost memory and answer nothing.
                .expect_point_read_hits(true)
        };
        let rows = self
            .database
            .keyspace(&format!("p{}", partition.0), options)
            .map_err(HistoryError::store(format!("cannot open the history of {partition:?}")))?;
        let (database, space) = (self.database.clone(), Arc::clone(&self.space));
        let (tail, doubtful) = (Arc::default(), Arc::default());
        let history = FjallHistory { database, rows, space, partition, tail, doubtful };
        history.doubtful.store(history.reach()?.is_doubtful, Memory::Relaxed);
        Ok(history)
    }

    /// Bytes on disk, journals included.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    pub fn disk_bytes(&self) -> Result<u64, HistoryError> {
        self.database.disk_space().map_err(HistoryError::store("cannot measure the history"))
    }
}

/// The free space of the store's disk, looked at now and then.
struct Space {
    dir: PathBuf,
    reserve: u64,
    /// Bytes appended since the last look.
    unchecked: AtomicU64,
}

impl Space {
    fn admit(&self, bytes: u64) -> Result<(), HistoryError> {
        let unchecked = self.unchecked.fetch_add(bytes, Memory::Relaxed) + bytes;
        if unchecked < SPACE_CHECK_BYTES {
            return Ok(());
        }
        let found = rustix::fs::statvfs(&self.dir).map_err(|error| {
            let what = format!("cannot see the free space of {}", self.dir.display());
            HistoryError::Store { what, source: fjall::Error::Io(error.into()) }
        })?;
        let available = found.f_bavail.saturating_mul(found.f_frsize);
        if available < self.reserve {
            return Err(HistoryError::Full { available, reserve: self.reserve });
        }
        self.unchecked.store(0, Memory::Relaxed);
        Ok(())
    }
}

/// The history of one partition on disk.
#[derive(Clone)]
pub struct FjallHistory {
    database: Database,
    rows: Keyspace,
    space: Arc<Space>,
    partition: PartitionId,
    tail: Arc<Tail>,
    /// Written with every reach until the doubt is settled.
    doubtful: Arc<AtomicBool>,
}

impl FjallHistory {
    fn range(&self, from: Bound<RowKey>, to: Bound<RowKey>) -> fjall::Iter {
        self.rows.range((from.map(RowKey::to_bytes), to.map(RowKey::to_bytes)))
    }

    /// Everything from a key on; the tail has to be flushed.
    fn from(&self, from: Bound<RowKey>) -> Rows {
        let from = if from == Bound::Unbounded { Bound::Included(RowKey::LOWEST) } else { from };
        Box::new(self.range(from, Bound::Unbounded).map(read_row))
    }

    /// The first `most` rows of a list in a direction.
    fn first(
        &self,
        account: AccountId,
        kind: RowKind,
        sequences: RangeInclusive<u64>,
        direction: Direction,
        most: usize,
    ) -> Rows {
        if sequences.is_empty() {
            return Box::new(std::iter::empty());
        }
        let bound = |sequence| Bound::Included(RowKey { account, kind, sequence });
        let (from, to) = (bound(*sequences.start()), bound(*sequences.end()));
        // The tail first: a row that moves into the store meanwhile is then seen twice, not never.
        let newest = self.tail.range(from, to, direction, most).into_iter();
        let stored = self.range(from, to);
        let stored: Rows = match direction {
            Direction::OldestFirst => Box::new(stored.map(read_row)),
            Direction::NewestFirst => Box::new(stored.rev().map(read_row)),
        };
        let merged = Merged { newest, stored, next_new: None, next_old: None, direction };
        Box::new(merged.take(most))
    }

    /// Moves the tail into the store: many rows as tables of their own, a few by the journal.
    fn flush(&self) -> Result<(), HistoryError> {
        self.tail.flush(|rows, through| {
            let is_doubtful = self.doubtful.load(Memory::Relaxed);
            let reach = through.map(|at| Reach { through: Some(at), is_doubtful });
            let is_table = rows.len() >= TABLE_ROWS_MIN;
            if is_table { self.ingest(rows, reach) } else { self.insert(rows, reach) }
        })
    }

    fn ingest(&self, rows: &tail::Rows, reach: Option<Reach>) -> Result<(), HistoryError> {
        let mut ingestion =
            self.rows.start_ingestion().map_err(HistoryError::store("cannot begin a table"))?;
        if let Some(reach) = reach {
            let written = ingestion.write(REACH_KEY, reach.encode());
            written.map_err(HistoryError::store("cannot write a table"))?;
        }
        for (key, row) in rows {
            let written = ingestion.write(key.to_bytes(), &**row);
            written.map_err(HistoryError::store("cannot write a table"))?;
        }
        ingestion.finish().map_err(HistoryError::store("cannot finish a table"))
    }

    /// Removing writes as well, and needs no more space than the reserve holds.
    fn remove(&self, keys: &[RowKey], swept: Option<Time>) -> Result<(), HistoryError> {
        let mut batch = fjall::OwnedWriteBatch::with_capacity(self.database.clone(), keys.len());
        if let Some(swept) = swept {
            batch.insert(&self.rows, SWEPT_KEY, swept.0.to_be_bytes());
        }
        for key in keys {
            batch.remove(&self.rows, key.to_bytes());
        }
        batch.commit().map_err(HistoryError::store("cannot remove from the history"))
    }

    /// Rows of an earlier call reach the disk before these: the journal keeps its order, and a
    /// table takes what is in the journal along.
    fn insert(&self, rows: &tail::Rows, reach: Option<Reach>) -> Result<(), HistoryError> {
        let mut batch =
            fjall::OwnedWriteBatch::with_capacity(self.database.clone(), rows.len() + 1);
        if let Some(reach) = reach {
            batch.insert(&self.rows, REACH_KEY, reach.encode());
        }
        for (key, row) in rows {
            batch.insert(&self.rows, key.to_bytes(), &**row);
        }
        batch.commit().map_err(HistoryError::store("cannot append to the history"))
    }
}

/// Merges the tail's rows into the store's, both in the order of their keys; where both have a
/// row it is the same.
struct Merged {
    newest: std::vec::IntoIter<(RowKey, Box<[u8]>)>,
    stored: Box<dyn Iterator<Item = Result<HistoryRow, HistoryError>> + Send>,
    next_new: Option<(RowKey, Box<[u8]>)>,
    next_old: Option<Result<HistoryRow, HistoryError>>,
    direction: Direction,
}

impl Iterator for Merged {
    type Item = Result<HistoryRow, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next_new.is_none() {
            self.next_new = self.newest.next();
        }
        if self.next_old.is_none() {
            self.next_old = self.stored.next();
        }
        let order = match (&self.next_new, &self.next_old) {
            (Some((new, _)), Some(Ok(old))) => new.cmp(&RowKey::of(old)),
            (Some(_), None) => return self.take_new(),
            _ => return self.next_old.take(),
        };
        let order = match self.direction {
            Direction::OldestFirst => order,
            Direction::NewestFirst => order.reverse(),
        };
        match order {
            Ordering::Greater => self.next_old.take(),
            Ordering::Less => self.take_new(),
            Ordering::Equal => {
                self.next_old = None;
                self.take_new()
            }
        }
    }
}

impl Merged {
    fn take_new(&mut self) -> Option<Result<HistoryRow, HistoryError>> {
        self.next_new.take().map(|(key, bytes)| row::decode(key, &bytes))
    }
}

fn read_row(guard: fjall::Guard) -> Result<HistoryRow, HistoryError> {
    let (key, value) =
        guard.into_inner().map_err(HistoryError::store("cannot read the history"))?;
    match RowKey::from_bytes(&key) {
        Some(key) => row::decode(key, &value),
        None => Err(HistoryError::ForeignKey(key.to_vec())),
    }
}

impl History for FjallHistory {
    fn append(&self, rows: &[HistoryRow]) -> Result<(), HistoryError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.space.admit(rows.len() as u64 * ROW_BYTES_ABOUT)?;
        let encoded: Vec<_> = rows
            .iter()
            .map(|row| {
                let key = RowKey::of(row);
                assert_eq!(key.account.partition(), self.partition, "a row of another partition");
                (key, row::encode(row).into_boxed_slice())
            })
            .collect();
        if self.tail.extend(encoded.into_iter()) >= TAIL_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), HistoryError> {
        self.flush()?;
        let synced = self.database.persist(PersistMode::SyncAll);
        synced.map_err(HistoryError::store("cannot sync the history"))
    }

    fn note(&self, through: LogPosition) {
        self.tail.note(through);
    }

    fn reach(&self) -> Result<Reach, HistoryError> {
        let found =
            self.rows.get(REACH_KEY).map_err(HistoryError::store("cannot read the history"))?;
        Ok(found.map_or_else(Reach::default, |bytes| Reach::decode(&bytes)))
    }

    fn doubt(&self) -> Result<(), HistoryError> {
        self.doubtful.store(true, Memory::Relaxed);
        let doubt = Reach { through: None, is_doubtful: true };
        self.insert(&tail::Rows::new(), Some(doubt))?;
        self.sync()
    }

    fn settle(&self, happened: &dyn Fn(RowKey) -> bool) -> Result<usize, HistoryError> {
        let (mut removed, mut after) = (0, None);
        loop {
            let mut wrong = Vec::new();
            for row in self.export(after).take(SETTLE_ROWS) {
                let key = RowKey::of(&row?);
                after = Some(key);
                if !happened(key) {
                    wrong.push(key);
                }
            }
            let Some(last) = after else { break };
            removed += wrong.len();
            self.remove(&wrong, None)?;
            // The end is where nothing comes behind the last one looked at.
            if self.from(Bound::Excluded(last)).next().is_none() {
                break;
            }
        }
        self.doubtful.store(false, Memory::Relaxed);
        let reach = Reach { is_doubtful: false, ..self.reach()? };
        self.insert(&tail::Rows::new(), Some(reach))?;
        self.sync()?;
        Ok(removed)
    }

    fn get(&self, key: RowKey) -> Result<Option<HistoryRow>, HistoryError> {
        if let Some(bytes) = self.tail.get(key) {
            return row::decode(key, &bytes).map(Some);
        }
        let found = self
            .rows
            .get(key.to_bytes())
            .map_err(HistoryError::store("cannot read the history"))?;
        found.map(|value| row::decode(key, &value)).transpose()
    }

    fn scan(
        &self,
        account: AccountId,
        kind: RowKind,
        sequences: RangeInclusive<u64>,
        direction: Direction,
    ) -> Rows {
        self.first(account, kind, sequences, direction, usize::MAX)
    }

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
        self.first(account, kind, 0..=last, Direction::NewestFirst, limit).collect()
    }

    fn export(&self, after: Option<RowKey>) -> Rows {
        match self.flush() {
            Ok(()) => self.from(after.map_or(Bound::Unbounded, Bound::Excluded)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn retain_after(
        &self,
        oldest_kept: Time,
        resume: Option<RowKey>,
        rows_max: usize,
    ) -> Result<Sweep, HistoryError> {
        // What is in the tail is new; a walk begins with all that was there when it began.
        if resume.is_none() {
            self.flush()?;
        }
        let from = |key: Option<RowKey>| self.from(key.map_or(Bound::Unbounded, Bound::Included));
        let (old, resume) = find_old(from, oldest_kept, resume, rows_max)?;
        if !old.is_empty() {
            self.remove(&old, self.swept()?.max(Some(oldest_kept)))?;
        }
        Ok(Sweep { removed: old.len(), resume })
    }

    fn mark_swept(&self, time: Time) -> Result<(), HistoryError> {
        // Every block of rows from another node says it.
        if self.swept()? >= Some(time) { Ok(()) } else { self.remove(&[], Some(time)) }
    }

    fn swept(&self) -> Result<Option<Time>, HistoryError> {
        let found =
            self.rows.get(SWEPT_KEY).map_err(HistoryError::store("cannot read the history"))?;
        let Some(bytes) = found else { return Ok(None) };
        let time = <[u8; 8]>::try_from(&*bytes);
        let time = time.map_err(|_| HistoryError::ForeignKey(SWEPT_KEY.to_vec()))?;
        Ok(Some(Time(u64::from_be_bytes(time))))
    }
}
