//! The words of the log: partitions, positions, records, and what a log remembers of a partition.

use bytes::Bytes;

/// One replicated log among those that share the node's segment files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u32);

impl std::fmt::Display for PartitionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// The name of one entry inside its partition. Positions of two partitions do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    /// The leader's term the entry was written in.
    pub term: u64,
    /// The place of the entry in its partition, counted from 0.
    pub index: u64,
}

impl std::fmt::Display for LogPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.term, self.index)
    }
}

/// One entry as the log keeps it: the log knows its position and does not look inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    pub at: LogPosition,
    /// What kind of entry it is, in the words of whoever appended it.
    pub tag: u8,
    /// The bytes as given. A slice of a larger buffer keeps that buffer alive while it is cached.
    pub payload: Bytes,
}

/// What the log remembers of one partition besides its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionState {
    /// The last vote saved, in the words of whoever saved it.
    pub vote: Option<Bytes>,
    /// The last position known to be committed; it may lag behind the truth after a crash.
    pub committed: Option<LogPosition>,
    /// Entries up to here are gone.
    pub purged: Option<LogPosition>,
    /// The last entry present, else `purged`.
    pub last: Option<LogPosition>,
    /// The first index that can be read when any entry is present.
    pub first_index: u64,
}
