//! What consensus answers when it cannot do what was asked. Each variant says whether the batch
//! is in the log and whether a retry is safe.

use crate::raft::NodeId;

/// Why a proposal has no position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Definitely not appended. Try the hinted node, or rotate and back off without a hint.
    #[error("this node does not lead the partition; leader: {}", hinted(*hint))]
    NotLeader { hint: Option<NodeId> },
    /// Definitely not appended: no disk space. Try again when there is some.
    #[error("the disk of the log is full")]
    Full,
    /// Definitely not appended. A retry never helps.
    #[error("a batch of {bytes} bytes is larger than {max}")]
    TooLarge { bytes: usize, max: usize },
    /// Definitely not appended: the replica has stopped. Try another node.
    #[error("the replica has stopped")]
    Stopped,
    /// The batch may be in the log, or may still get there. Only a retry that is recognised as one
    /// is safe.
    #[error("it is not known whether the batch was appended")]
    Unknown,
}

fn hinted(hint: Option<NodeId>) -> String {
    hint.map_or_else(|| "unknown".into(), |node| format!("node {node}"))
}

/// Why a read barrier was not reached. Nothing changed; a retry is safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("this node does not lead the partition; leader: {}", hinted(*hint))]
    NotLeader { hint: Option<NodeId> },
    /// This node may have been deposed without knowing it.
    #[error("a quorum of the partition does not answer")]
    NoQuorum,
    #[error("the replica has stopped")]
    Stopped,
}

/// Why there is no new snapshot. The one before is still there, the log keeps what it needs, and
/// a retry is safe.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("writing a snapshot: {0}")]
    Writing(String),
    #[error("reading a snapshot: {0}")]
    Reading(String),
    /// What came of a peer's snapshot is thrown away.
    #[error("the snapshot was given up before its last block came")]
    GivenUp,
    /// Replicas differ, and this one is not known to be right.
    #[error("the state of this replica is in doubt")]
    InDoubt,
    #[error("the replica has stopped")]
    Stopped,
}

/// Why a replica did not start. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The times do not fit together.
    #[error("the settings of consensus: {0}")]
    Settings(String),
    /// The state is older than the log: the snapshot is lost that the log was cut for. The repair
    /// is to join as a new node, or to restore a backup.
    #[error(
        "the state ends at {applied}, the log begins after {purged}: a snapshot was lost; \
         restore it, or wipe this node and let it join under a new id"
    )]
    StateLost { applied: String, purged: String },
    /// The log could not be read or written while starting.
    #[error("starting consensus: {0}")]
    Consensus(String),
}
