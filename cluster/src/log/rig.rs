//! What the tests of the log share: a log on a disk in memory, and entries that tell their index.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    LogEntry, LogError, LogOptions, LogPosition, MemoryDisk, OpenError, PartitionId, PartitionLog,
    SegmentLog,
};

pub(super) const P1: PartitionId = PartitionId(1);
pub(super) const P2: PartitionId = PartitionId(2);

pub(super) fn open(disk: &MemoryDisk) -> Result<SegmentLog, OpenError> {
    SegmentLog::open(Arc::new(disk.clone()), LogOptions::small())
}

/// Waits until the preparing thread has nothing to do, so that faults hit the log's thread only.
pub(super) async fn settled(log: &SegmentLog) {
    while log.stats().spares < LogOptions::small().spare_segments as u64 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn at(term: u64, index: u64) -> LogPosition {
    LogPosition { term, index }
}

/// An entry whose payload can be told from its position.
pub(super) fn entry(term: u64, index: u64, bytes: usize) -> LogEntry {
    let fill = (term * 31 + index * 7 + 1) as u8;
    LogEntry { at: at(term, index), tag: 1, payload: Bytes::from(vec![fill; bytes]) }
}

/// Appends entries of 1,000 bytes and waits until they are durable.
pub(super) async fn append(
    log: &PartitionLog,
    term: u64,
    indices: std::ops::Range<u64>,
) -> Result<(), LogError> {
    append_entries(log, indices.map(|index| entry(term, index, 1000)).collect()).await
}

pub(super) async fn append_entries(
    log: &PartitionLog,
    entries: Vec<LogEntry>,
) -> Result<(), LogError> {
    let (done, outcome) = oneshot::channel();
    let done = Box::new(move |result| {
        done.send(result).expect("the test waits for its append");
    });
    log.try_append(entries, done).await?;
    outcome.await.expect("every completion is called")
}

/// The indices of all entries of a partition, after checking that each is what was written.
pub(super) fn indices(log: &PartitionLog) -> Vec<u64> {
    let entries = log.entries(0..u64::MAX, usize::MAX).expect("readable entries");
    let check = |found: LogEntry| {
        let written = entry(found.at.term, found.at.index, found.payload.len());
        assert_eq!(found, written, "entry {}", found.at);
        found.at.index
    };
    entries.into_iter().map(check).collect()
}
