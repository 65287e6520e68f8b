//! The types openraft is used with. Only the runtime may differ, between production and simulation.

use bytes::Bytes;
use openraft::vote::leader_id_std;
use openraft::{
    EmptyNode, Entry, EntryPayload, LogId, Membership, RaftTypeConfig, StoredMembership,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a node. Never given twice, not even to the same machine after it lost its disk.
pub type NodeId = u64;

/// A batch of commands as the partition encoded it; consensus does not look inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch(pub Bytes);

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl std::fmt::Display for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Batch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<u8>::deserialize(deserializer).map(|bytes| Self(bytes.into()))
    }
}

pub(super) type LeaderId = leader_id_std::LeaderId<u64, NodeId>;
pub(super) type Term = leader_id_std::CommittedLeaderId<u64>;
pub(super) type Vote = openraft::Vote<LeaderId>;
pub(super) type Payload = EntryPayload<Batch, NodeId, EmptyNode>;
pub(super) type RaftEntry = Entry<Term, Payload>;
pub(super) type RaftLogId = LogId<Term>;
pub(super) type Members = Membership<NodeId, EmptyNode>;
pub(super) type StoredMembers = StoredMembership<Term, NodeId, EmptyNode>;
pub(super) type RaftSnapshotMeta = openraft::SnapshotMeta<Term, NodeId, EmptyNode>;

/// openraft's type configuration with everything fixed but the runtime.
pub trait RaftTypes:
    RaftTypeConfig<
        D = Batch,
        R = (),
        NodeId = NodeId,
        Node = EmptyNode,
        Term = u64,
        LeaderId = LeaderId,
        Vote = Vote,
        Payload = Payload,
        Entry = RaftEntry,
    >
{
}

impl<C> RaftTypes for C where
    C: RaftTypeConfig<
            D = Batch,
            R = (),
            NodeId = NodeId,
            Node = EmptyNode,
            Term = u64,
            LeaderId = LeaderId,
            Vote = Vote,
            Payload = Payload,
            Entry = RaftEntry,
        >
{
}

openraft::declare_raft_types!(
    /// Consensus on tokio: what a node runs.
    pub TokioRaft:
        D = Batch,
        R = (),
        NodeId = NodeId,
        Node = EmptyNode,
        Term = u64,
        LeaderId = LeaderId,
        Vote = Vote,
        Payload = Payload,
        Entry = RaftEntry,
        AsyncRuntime = openraft_rt_tokio::TokioRuntime,
);
