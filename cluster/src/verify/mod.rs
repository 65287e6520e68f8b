//! Verifies a data directory offline: replays every partition and checks what must hold.
//!
//! Owns: nothing; it opens a directory that no node has open, and changes nothing in it but what
//! opening a log after a crash does (a torn tail is cut).
//! Takes: the directory.
//! Emits: a [`Report`]: for each partition the hash of its newest snapshot plus the tail, and of
//! the oldest state from which the log reaches as far; and the invariants over all of them.
//! On failure: an error when something cannot be read; what can be read and is wrong is in the
//! report.

mod invariants;
mod ledgers;
mod outside;
mod report;

pub use report::{InvariantReport, PartitionReport, Report};

use crate::history::{FjallHistory, HistoryDatabase, HistoryOptions};
use crate::log::{LogOptions, PartitionId as LogPartitionId, PartitionLog, SegmentLog};
use crate::partition::Batch;
use crate::raft::batch_of;
use crate::replay::{Poison, Replay};
use crate::runtime::{Identity, StartError, check_history, check_log};
use crate::snapshot::{Loaded, SnapshotStore};
use crate::state::State;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::{Role, Topology};
use ledgers::Ledgers;
use outside::{Outside, Posts};
use std::collections::BTreeSet;
use std::path::Path;

/// Bytes of the log read at a time.
const READ_BYTES: usize = 4 << 20;

/// Why a directory could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Open(#[from] StartError),
    /// An entry that the log has cannot be read back.
    #[error("partition {partition}: {reason}")]
    Unreadable { partition: u16, reason: String },
}

/// Replays and checks everything in a data directory.
///
/// `progress` hears how many of how many partitions are done.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(dir: &Path, mut progress: impl FnMut(usize, usize)) -> Result<Report, VerifyError> {
    let identity = Identity::read(dir).map_err(StartError::from)?;
    let topology = identity.topology;
    check_log(dir)?;
    check_history(dir)?;
    let log =
        SegmentLog::open_dir(&dir.join("log"), LogOptions::default()).map_err(StartError::from)?;
    let history = HistoryDatabase::open(&dir.join("history"), HistoryOptions::default())
        .map_err(StartError::from)?;
    let (mut ledgers, mut outside) = (Ledgers::default(), Outside::default());
    let count = usize::from(topology.count());
    let (mut partitions, mut replays) = (Vec::new(), Vec::new());
    for (done, (id, role)) in topology.partitions().enumerate() {
        progress(done, count);
        let log = log.partition(LogPartitionId(u32::from(id.0)));
        let mut partition =
            Directory { dir, id, topology, log, ledgers: None, outside: &mut outside };
        if role == Role::Accounts {
            let store = history.partition(id).map_err(StartError::from)?;
            partition.ledgers = Some((&mut ledgers, store));
        }
        let (report, replay) = partition.verify()?;
        partitions.push(report);
        replays.push((id, role, replay));
    }
    progress(count, count);
    let mut invariants = invariants::check(&replays);
    invariants.extend(ledgers.report());
    invariants.push(outside.report());
    let agree = partitions.iter().all(|partition| partition.ok);
    let detail = format!("{count} partitions: snapshot + tail = older state + longer tail");
    invariants.push(InvariantReport { id: "LOG-3", ok: agree, detail });
    let ok = agree && invariants.iter().all(|invariant| invariant.ok);
    Ok(Report { partitions, invariants, ok })
}

/// One partition's part of a data directory.
struct Directory<'a> {
    dir: &'a Path,
    id: PartitionId,
    topology: Topology,
    log: PartitionLog,
    /// Set for a partition of accounts.
    ledgers: Option<(&'a mut Ledgers, FjallHistory)>,
    outside: &'a mut Outside,
}

impl Directory<'_> {
    fn verify(mut self) -> Result<(PartitionReport, Replay), VerifyError> {
        let path = self.dir.join(format!("snapshots/{}", self.id.0));
        let mut store = SnapshotStore::open(path, self.id).map_err(StartError::from)?;
        let state = self.log.state();
        let first_index = state.purged.map_or(0, |at| at.index + 1);
        // With one voter whatever is in the log is committed, or will be when the node starts.
        let logged = state.last.map_or(0, |at| at.index);
        let newest = store.load().map_err(StartError::from)?.map(Base::from);
        let damaged = store.damaged().map_err(StartError::from)?;
        let snapshot_index = newest.as_ref().map(|base| base.index);
        let last_index = logged.max(snapshot_index.unwrap_or(0));
        let replay = self.replay(newest.as_ref(), last_index, true)?;

        let mut older = None;
        if first_index > 0 {
            older = store.load_oldest(first_index).map_err(StartError::from)?.map(Base::from);
            if older.is_none() {
                return Err(self.unreadable("the log is cut and no snapshot reaches it"));
            }
        }
        let longer = self.replay(older.as_ref(), last_index, false)?;

        let (state_hash, replayed_hash) = (replay.hash(), longer.hash());
        let report = PartitionReport {
            id: self.id.0,
            first_index,
            last_index,
            snapshot_index,
            state_hash: format!("{state_hash:016x}"),
            replayed_hash: format!("{replayed_hash:016x}"),
            ok: state_hash == replayed_hash,
            damaged_snapshots: damaged.iter().map(ToString::to_string).collect(),
        };
        Ok((report, replay))
    }

    /// Replays from a snapshot, or from the first command, until no new poison is found.
    fn replay(
        &mut self,
        base: Option<&Base>,
        through: u64,
        with_rows: bool,
    ) -> Result<Replay, VerifyError> {
        let mut poisons = BTreeSet::new();
        loop {
            let (state, from) = match base {
                Some(base) => {
                    let state = State::decode(self.id, self.topology, &base.bytes);
                    (state.map_err(StartError::from)?, base.index + 1)
                }
                None => (State::empty(self.id, self.topology), 0),
            };
            let mut replay = Replay::of(state, poisons.clone());
            if with_rows {
                self.outside.begin(&replay);
                if let Some((ledgers, history)) = &mut self.ledgers {
                    ledgers.begin(history, &replay, |fill| self.outside.fill(fill));
                }
            }
            match self.run(&mut replay, from, through, with_rows)? {
                Ok(()) => {
                    if let (true, Some((ledgers, _))) = (with_rows, &mut self.ledgers) {
                        ledgers.finish(&replay);
                    }
                    return Ok(replay);
                }
                Err(poison) => drop(poisons.insert(poison)),
            }
        }
    }

    /// Applies the log from an index on; the rows it emits go on where the history ends.
    fn run(
        &mut self,
        replay: &mut Replay,
        from: u64,
        through: u64,
        with_rows: bool,
    ) -> Result<Result<(), Poison>, VerifyError> {
        let mut next = from;
        while next <= through {
            let entries = self.log.entries_at(next..through + 1, READ_BYTES);
            let entries = entries.map_err(|error| self.unreadable(error))?;
            next += entries.len() as u64;
            for entry in &entries {
                let Some(payload) = batch_of(entry) else { continue };
                let batch = Batch::decode(payload)
                    .map_err(|error| self.unreadable(format!("entry {}: {error}", entry.at)))?;
                let posts = with_rows.then(|| Posts::of(&batch));
                let absorbed = match replay.apply(entry.at.index, batch, usize::MAX) {
                    Ok(absorbed) => absorbed,
                    Err(poison) => return Ok(Err(poison)),
                };
                if let Some(posts) = posts {
                    self.outside.post(posts, &absorbed);
                }
                if let (true, Some((ledgers, _))) = (with_rows, &mut self.ledgers) {
                    for row in absorbed.iter().flat_map(|absorbed| &absorbed.rows) {
                        ledgers.add(row);
                        if let HistoryRow::Fill(fill) = row {
                            self.outside.fill(fill);
                        }
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    fn unreadable(&self, reason: impl std::fmt::Display) -> VerifyError {
        VerifyError::Unreadable { partition: self.id.0, reason: reason.to_string() }
    }
}

/// A snapshot to replay from.
struct Base {
    index: u64,
    bytes: Vec<u8>,
}

impl From<Loaded> for Base {
    fn from(loaded: Loaded) -> Base {
        Base { index: loaded.manifest.meta.index, bytes: loaded.into_bytes() }
    }
}
