//! What the handles and the two threads of an open log share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::busy::Busy;
use super::error::LogError;
use super::fatal::Fatal;
use super::index::Index;
use super::options::LogOptions;
use super::segment::Segment;
use super::space::Space;
use super::types::PartitionId;

pub(super) struct Core {
    pub options: LogOptions,
    index: Mutex<Index>,
    /// Segments that may be read, the current one included.
    files: Mutex<BTreeMap<u64, Segment>>,
    pub space: Arc<Space>,
    pub fatal: Arc<Fatal>,
    pub busy: Busy,
    /// Partitions that keep old segments from being used again.
    pub stale: watch::Sender<Vec<PartitionId>>,
    pub counters: Counters,
}

/// What the log has done since it was opened.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub writes: AtomicU64,
    pub entries: AtomicU64,
    pub bytes: AtomicU64,
    pub rolls: AtomicU64,
    pub disk_reads: AtomicU64,
}

/// What the log has done since it was opened, and how it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogStats {
    /// Writes, each with one fsync.
    pub writes: u64,
    /// Entries made durable.
    pub entries: u64,
    /// Bytes handed to the disk, padding included.
    pub bytes: u64,
    /// Segments begun.
    pub rolls: u64,
    /// Reads that memory could not serve.
    pub disk_reads: u64,
    /// Segment files that hold the log, spare ones not counted.
    pub segments: u64,
    /// Segments prepared and not yet begun.
    pub spares: u64,
    /// The last attempt to prepare a segment found no space.
    pub full: bool,
}

impl Core {
    pub(super) fn new(
        options: LogOptions,
        index: Index,
        files: BTreeMap<u64, Segment>,
        space: Arc<Space>,
        fatal: Arc<Fatal>,
    ) -> Self {
        Self {
            options,
            index: Mutex::new(index),
            files: Mutex::new(files),
            space,
            fatal,
            busy: Busy::default(),
            stale: watch::channel(Vec::new()).0,
            counters: Counters::default(),
        }
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn files(&self) -> MutexGuard<'_, BTreeMap<u64, Segment>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error once the log has failed.
    pub(super) fn check(&self) -> Result<(), LogError> {
        self.fatal.cause().map_or(Ok(()), |cause| Err(LogError::Poisoned { cause }))
    }

    pub(super) fn stats(&self) -> LogStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LogStats {
            writes: read(&self.counters.writes),
            entries: read(&self.counters.entries),
            bytes: read(&self.counters.bytes),
            rolls: read(&self.counters.rolls),
            disk_reads: read(&self.counters.disk_reads),
            segments: self.files().len() as u64,
            spares: self.space.ready_segments(),
            full: self.space.is_full(),
        }
    }
}
