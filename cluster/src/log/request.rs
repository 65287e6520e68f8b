//! What partitions ask of the log's thread, in one queue for all of them.

use bytes::Bytes;

use super::entry;
use super::error::LogError;
use super::frame::FRAME_HEADER_BYTES;
use super::types::{LogEntry, LogPosition, PartitionId};

/// Called once, on the log's thread, when the request is durable or will never be.
pub type Completion = Box<dyn FnOnce(Result<(), LogError>) + Send>;

pub(super) enum Body {
    /// Entries that are in the index already, the first one under this stamp.
    Append {
        first_stamp: u64,
        entries: Vec<LogEntry>,
    },
    Vote(Bytes),
    /// Entries from this index on are void.
    Truncate {
        first: u64,
    },
    Purge(LogPosition),
    /// Nothing but an answer once all before it is durable, lazy markers included.
    Flush,
    /// The same, and no request after it.
    Close,
}

pub(super) struct Request {
    pub partition: PartitionId,
    /// Counts the requests of this partition.
    pub ticket: u64,
    pub body: Body,
    pub done: Option<Completion>,
}

impl Request {
    /// The most bytes the request adds to a write.
    pub(super) fn encoded_bytes(&self) -> usize {
        match &self.body {
            // At worst each entry is of a term of its own.
            Body::Append { entries, .. } => entries.iter().map(entry_bytes).sum(),
            Body::Vote(vote) => FRAME_HEADER_BYTES + vote.len(),
            Body::Truncate { .. } | Body::Purge(_) => FRAME_HEADER_BYTES,
            Body::Flush | Body::Close => 0,
        }
    }

    pub(super) fn complete(self, result: Result<(), LogError>) {
        if let Some(done) = self.done {
            done(result);
        }
    }
}

pub(super) fn entry_bytes(entry: &LogEntry) -> usize {
    FRAME_HEADER_BYTES + entry::encoded_bytes(&entry.payload)
}

/// Splits entries so that each part fits into one write.
pub(super) fn split(mut entries: Vec<LogEntry>, bytes_max: usize) -> Vec<Vec<LogEntry>> {
    let mut parts = Vec::with_capacity(1);
    let mut start = 0;
    let mut bytes = 0;
    let mut cuts = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let size = entry_bytes(entry);
        if bytes + size > bytes_max && at > start {
            cuts.push(at);
            start = at;
            bytes = 0;
        }
        bytes += size;
    }
    for cut in cuts.into_iter().rev() {
        parts.push(entries.split_off(cut));
    }
    parts.push(entries);
    parts.reverse();
    parts
}
