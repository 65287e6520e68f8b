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
mod report;

pub use report::{InvariantReport, PartitionReport, Report};

use crate::history::{HistoryDatabase, HistoryOptions};
use crate::log::{LogOptions, PartitionId as LogPartitionId, PartitionLog, SegmentLog};
use crate::partition::Batch;
use crate::raft::batch_of;
use crate::replay::Replay;
use crate::runtime::{Identity, StartError};
use crate::snapshot::SnapshotStore;
use crate::state::State;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::{Role, Topology};
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
    let log = SegmentLog::open_dir(&dir.join("log"), LogOptions::default())
        .map_err(StartError::from)?;
    let count = usize::from(topology.count());
    let (mut partitions, mut replays) = (Vec::new(), Vec::new());
    for (done, (id, role)) in topology.partitions().enumerate() {
        progress(done, count);
        let log = log.partition(LogPartitionId(u32::from(id.0)));
        let (report, replay) = verify_partition(dir, id, topology, &log)?;
        partitions.push(report);
        replays.push((id, role, replay));
    }
    progress(count, count);
    let history = HistoryDatabase::open(&dir.join("history"), HistoryOptions::default())
        .map_err(StartError::from)?;
    let mut invariants = invariants::check(&replays);
    let mut ledgers = invariants::Ledgers::default();
    for (id, role, replay) in &replays {
        if *role == Role::Accounts {
            let store = history.partition(*id).map_err(StartError::from)?;
            ledgers.check(&store, replay);
        }
    }
    invariants.extend(ledgers.report());
    let agree = partitions.iter().all(|partition| partition.ok);
    let detail = format!("{count} partitions: snapshot + tail = older state + longer tail");
    invariants.push(InvariantReport { id: "LOG-3", ok: agree, detail });
    let ok = agree && invariants.iter().all(|invariant| invariant.ok);
    Ok(Report { partitions, invariants, ok })
}

fn verify_partition(
    dir: &Path,
    id: PartitionId,
    topology: Topology,
    log: &PartitionLog,
) -> Result<(PartitionReport, Replay), VerifyError> {
    let unreadable = |reason: String| VerifyError::Unreadable { partition: id.0, reason };
    let path = dir.join(format!("snapshots/{}", id.0));
    let mut store = SnapshotStore::open(path, id).map_err(StartError::from)?;
    let state = log.state();
    let first_index = state.purged.map_or(0, |at| at.index + 1);
    // With one voter whatever is in the log is committed, or will be when the node starts.
    let logged = state.last.map_or(0, |at| at.index);
    let newest = store.load().map_err(StartError::from)?;
    let snapshot_index = newest.as_ref().map(|loaded| loaded.manifest.meta.index);
    let last_index = logged.max(snapshot_index.unwrap_or(0));

    let decode = |bytes: &[u8]| State::decode(id, topology, bytes).map_err(StartError::from);
    let mut replay = match newest {
        Some(loaded) => Replay::from(decode(&loaded.into_bytes())?),
        None => Replay::from(State::empty(id, topology)),
    };
    run(&mut replay, log, snapshot_index.map_or(first_index, |at| at + 1), last_index)
        .map_err(unreadable)?;
    let state_hash = replay.hash();

    let older = match store.load_oldest().map_err(StartError::from)? {
        Some(loaded) if first_index > 0 => {
            let from = loaded.manifest.meta.index + 1;
            Some((Replay::from(decode(&loaded.into_bytes())?), from))
        }
        _ if first_index == 0 => Some((Replay::from(State::empty(id, topology)), 0)),
        _ => None,
    };
    let Some((mut longer, from)) = older else {
        return Err(unreadable("neither a snapshot nor the whole log is there".into()));
    };
    run(&mut longer, log, from, last_index).map_err(unreadable)?;
    let replayed_hash = longer.hash();
    let ok = state_hash == replayed_hash && replay.panicked.is_empty();
    let report = PartitionReport {
        id: id.0,
        first_index,
        last_index,
        snapshot_index,
        state_hash: format!("{state_hash:016x}"),
        replayed_hash: format!("{replayed_hash:016x}"),
        ok,
    };
    Ok((report, replay))
}

fn run(replay: &mut Replay, log: &PartitionLog, from: u64, through: u64) -> Result<(), String> {
    let mut next = from;
    while next <= through {
        let entries =
            log.entries(next..through + 1, READ_BYTES).map_err(|error| error.to_string())?;
        let Some(last) = entries.last() else {
            return Err(format!("the log ends before entry {next} of {through}"));
        };
        next = last.at.index + 1;
        for entry in &entries {
            let Some(payload) = batch_of(entry) else { continue };
            let batch: Batch = postcard::from_bytes(payload)
                .map_err(|error| format!("entry {}: {error}", entry.at))?;
            replay.apply(entry.at.index, &batch);
        }
    }
    Ok(())
}
