//! The words of the simulator: time, what failed, what the environment is asked to do.

use bytes::Bytes;
use hoga_engine::ids::PartitionId;
use std::fmt;

/// Virtual time since the run began, in nanoseconds.
pub type Nanos = u64;
pub type NodeId = u64;

pub const MS: Nanos = 1_000_000;
pub const SECOND: Nanos = 1_000 * MS;

/// An invariant that does not hold, with whom and which numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub invariant: &'static str,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Returns what is broken unless the condition holds.
macro_rules! hold {
    ($invariant:literal, $holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::sim::words::Broken {
                invariant: $invariant,
                what: format!($($what)+),
            });
        }
    };
}
pub(crate) use hold;

/// How a node goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// The process dies; what it handed to the kernel stays.
    Kill,
    /// The power fails; of what was not synced a random part stays.
    Power,
}

/// What a disk does from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskState {
    Sound,
    /// Each write takes this long.
    Slow(Nanos),
    Full,
    /// The next fsync fails, and the process ends itself.
    Failing,
}

/// What the world asks of consensus and of the machines under it.
#[derive(Clone, Debug)]
pub enum Order {
    Propose {
        node: NodeId,
        partition: PartitionId,
        ticket: u64,
        batch: Bytes,
    },
    /// A read may be answered once everything acknowledged before is applied here.
    Barrier {
        node: NodeId,
        partition: PartitionId,
        ticket: u64,
    },
    Stop {
        node: NodeId,
        down: Down,
    },
    Start {
        node: NodeId,
    },
    Pause {
        node: NodeId,
    },
    Resume {
        node: NodeId,
    },
    Disk {
        node: NodeId,
        state: DiskState,
    },
    /// Flips a byte of the stopped node's log, before its last write.
    Corrupt {
        node: NodeId,
    },
    /// A stopped node's disk is gone.
    Wipe {
        node: NodeId,
    },
    Lead {
        partition: PartitionId,
        to: NodeId,
    },
    /// `node` joins every partition.
    Add {
        node: NodeId,
    },
    /// `node` leaves every partition.
    Remove {
        node: NodeId,
    },
    /// A snapshot of a replica is durable.
    Snapshot {
        node: NodeId,
        partition: PartitionId,
    },
}

/// What became of a proposal or a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Applied on the node that proposed, at this index; a barrier is reached.
    Done(u64),
    /// Definitely not appended.
    NotLeader(Option<NodeId>),
    /// Definitely not appended: no space.
    Full,
    Unknown,
}

/// A moment at which a fault does most harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    VoteGranted,
    AppendSent,
    AppendTaken,
    AckLeaves,
    SnapshotHalfInstalled,
    SnapshotHalfWritten,
    BecameLeader,
    InboundSent,
}

impl Moment {
    pub const ALL: [Moment; 8] = [
        Moment::VoteGranted,
        Moment::AppendSent,
        Moment::AppendTaken,
        Moment::AckLeaves,
        Moment::SnapshotHalfInstalled,
        Moment::SnapshotHalfWritten,
        Moment::BecameLeader,
        Moment::InboundSent,
    ];
}
