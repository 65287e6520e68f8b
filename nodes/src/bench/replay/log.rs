//! Reads a node's log back, with nothing above it.

use super::super::BenchError;
use super::failed;
use hoga_cluster::log::{LogOptions, PartitionLog, SegmentLog};
use hoga_cluster::partition::{Batch, Command};
use hoga_cluster::raft::batch_of;
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
        each_entry(partition, |_| Ok(()))?;
    }
    let took = since.elapsed();
    let mut contents = Contents::default();
    for partition in &partitions {
        each_entry(partition, |payload| contents.count(payload))?;
    }
    log.close().await.map_err(failed)?;
    Ok((contents, took))
}

fn each_entry(
    partition: &PartitionLog,
    mut take: impl FnMut(&[u8]) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let state = partition.state();
    let mut next = state.purged.map_or(0, |at| at.index + 1);
    let end = state.last.map_or(0, |at| at.index + 1);
    while next < end {
        let entries = partition.entries(next..end, READ_BYTES).map_err(failed)?;
        let Some(last) = entries.last() else {
            return Err(BenchError::Disagreement(format!("entry {next} is missing")));
        };
        next = last.at.index + 1;
        entries.iter().filter_map(batch_of).try_for_each(|payload| take(payload))?;
    }
    Ok(())
}

impl Contents {
    fn count(&mut self, payload: &[u8]) -> Result<(), BenchError> {
        let batch: Batch = postcard::from_bytes(payload).map_err(failed)?;
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
