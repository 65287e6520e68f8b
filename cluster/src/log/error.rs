//! What can go wrong with the log. Each variant says whether anything changed and whether a
//! retry is safe.

use std::sync::Arc;

use super::types::PartitionId;

/// Why a log did not open. Nothing on disk was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on this directory. Retry when it has ended.
    #[error(
        "the data directory {dir} is in use by {holder}; stop that process, or give this node \
         a directory of its own"
    )]
    InUse { dir: String, holder: String },
    /// The log is damaged where it must not be. A retry finds the same.
    #[error(
        "the log is damaged in segment {segment} at byte {offset} ({reason}); affected: \
         {}; this node cannot vouch for what it has acknowledged: in a cluster, remove it, \
         wipe its data and let it join under a new id; alone, restore a backup",
        names(partitions)
    )]
    Corrupt { segment: u64, offset: u64, partitions: Vec<PartitionId>, reason: String },
    /// The log was written by a newer release. Start that release, nothing is lost.
    #[error("segment {segment} has format version {found}; this release reads up to {known}")]
    Version { segment: u64, found: u8, known: u8 },
    /// The sizes in the configuration do not fit together.
    #[error("{0}")]
    Options(String),
    /// The disk did not do what was asked. A retry is safe once its cause is gone.
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
}

fn names(partitions: &[PartitionId]) -> String {
    if partitions.is_empty() {
        return "partitions unknown".into();
    }
    let list: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    format!("partitions {}", list.join(", "))
}

/// Why the log did not do what was asked of an open log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// No space for another segment. Nothing was appended; a retry is safe and succeeds when
    /// space has returned.
    #[error("the disk of the log is full: {needed} more bytes have no place")]
    Full { needed: u64 },
    /// One entry is larger than one write may be. Nothing was appended; a retry never helps.
    #[error("an entry of {bytes} bytes is larger than the {max} bytes a write can hold")]
    TooLarge { bytes: usize, max: usize },
    /// A write or an fsync failed, and what is on disk is not known. Nothing more is written; the
    /// outcome of what was not acknowledged is known after the process has started again.
    #[error("the log has stopped: {cause}")]
    Poisoned { cause: Arc<str> },
    /// The log is closed. What was not acknowledged may or may not have been written.
    #[error("the log is closed")]
    Closed,
    /// An entry could not be read back. Nothing changed; a retry is safe but unlikely to help.
    #[error("segment {segment} at byte {offset} cannot be read: {cause}")]
    Unreadable { segment: u64, offset: u64, cause: Arc<str> },
    /// The log begins behind this entry, or ends before it. Nothing changed; a retry never helps.
    #[error("entry {index} of {partition} is not in the log")]
    Missing { partition: PartitionId, index: u64 },
}

impl From<LogError> for std::io::Error {
    fn from(error: LogError) -> Self {
        let kind = match &error {
            LogError::Full { .. } => std::io::ErrorKind::StorageFull,
            LogError::TooLarge { .. } => std::io::ErrorKind::InvalidInput,
            LogError::Unreadable { .. } => std::io::ErrorKind::InvalidData,
            LogError::Missing { .. } => std::io::ErrorKind::NotFound,
            LogError::Poisoned { .. } | LogError::Closed => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
