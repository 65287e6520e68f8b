//! Reads a node's log back, with nothing above it.

use super::super::BenchError;
use super::failed;
use hoga_cluster::log::{LogOptions, PartitionLog, SegmentLog};
use hoga_cluster::partition::{Batch, Command};
use hoga_cluster::raft::batch_of;
use hoga_cluster::replay::Replay;
use hoga_cluster::state::State;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes read at a time.
const READ_BYTES: usize = 4 << 20;

/// What stands in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// What entities had to handle.
    pub commands: u64,
    /// Those of clients.
    pub requests: u64,
    /// Of the payloads.
    pub bytes: u64,
}

/// Opens the log and reads every entry of every partition; the time is that of the reading, and
/// what stands in the entries is looked at afterwards.
pub(super) async fn read(dir: &Path) -> Result<(Contents, Duration), BenchError> {
    let since = Instant::now();
    let log = SegmentLog::open_dir(&dir.join("log"), LogOptions::default()).map_err(failed)?;
    let partitions: Vec<PartitionLog> =
        log.partitions().into_iter().map(|id| log.partition(id)).collect();
    for partition in &partitions {
        each_entry(partition, |_, _| Ok(()))?;
    }
    let took = since.elapsed();
    let mut contents = Contents::default();
    for partition in &partitions {
        each_entry(partition, |_, payload| contents.count(payload))?;
    }
    log.close().await.map_err(failed)?;
    Ok((contents, took))
}

/// Applies every entry of every partition, one partition after another in this thread: what the
/// entities and the partitions' bookkeeping take, without actors, consensus and history. The time
/// has the opening and reading of the log in it.
pub(super) async fn apply(dir: &Path, topology: Topology) -> Result<Duration, BenchError> {
    let since = Instant::now();
    let log = SegmentLog::open_dir(&dir.join("log"), LogOptions::default()).map_err(failed)?;
    for (id, _) in topology.partitions() {
        let partition = log.partition(hoga_cluster::log::PartitionId(u32::from(id.0)));
        replay(id, &partition, topology)?;
    }
    let took = since.elapsed();
    log.close().await.map_err(failed)?;
    Ok(took)
}

fn replay(id: PartitionId, partition: &PartitionLog, topology: Topology) -> Result<(), BenchError> {
    let mut replay = Replay::of(State::empty(id, topology), BTreeSet::new());
    each_entry(partition, |index, payload| {
        let batch = Batch::decode(payload).map_err(failed)?;
        let applied = replay.apply(index, batch, usize::MAX).map(drop);
        applied.map_err(|poison| BenchError::Disagreement(format!("replay panics: {poison:?}")))
    })
}

fn each_entry(
    partition: &PartitionLog,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let state = partition.state();
    let mut next = state.purged.map_or(0, |at| at.index + 1);
    let end = state.last.map_or(0, |at| at.index + 1);
    while next < end {
        let entries = partition.entries_at(next..end, READ_BYTES).map_err(failed)?;
        next += entries.len() as u64;
        for entry in &entries {
            batch_of(entry).map_or(Ok(()), |payload| take(entry.at.index, payload))?;
        }
    }
    Ok(())
}

impl Contents {
    fn count(&mut self, payload: &[u8]) -> Result<(), BenchError> {
        let batch = Batch::decode(payload).map_err(failed)?;
        self.bytes += payload.len() as u64;
        for entry in batch.entries {
            self.commands += match entry.command {
                Command::Request { .. } => {
                    self.requests += 1;
                    1
                }
                Command::Inbound { messages, .. } => messages.len() as u64,
                _ => 0,
            };
        }
        Ok(())
    }
}
