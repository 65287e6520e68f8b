//! openraft's types: the product's, on the simulated runtime.

use super::runtime::NodeRuntime;
use hoga_cluster::raft::{Batch, NodeId};
use openraft::vote::leader_id_std;
use openraft::{EmptyNode, Entry, EntryPayload, LogId, SnapshotMeta, StoredMembership, Vote};

pub type LeaderId = leader_id_std::LeaderId<u64, NodeId>;
pub type Term = leader_id_std::CommittedLeaderId<u64>;
pub type Payload = EntryPayload<Batch, NodeId, EmptyNode>;
pub type SimEntry = Entry<Term, Payload>;
pub type SimLogId = LogId<Term>;
pub type SimVote = Vote<LeaderId>;
pub type Members = StoredMembership<Term, NodeId, EmptyNode>;
pub type Meta = SnapshotMeta<Term, NodeId, EmptyNode>;
pub type Snapshot = openraft::Snapshot<Term, NodeId, EmptyNode, bytes::Bytes>;
pub type SimRaft = openraft::Raft<SimTypes, super::machine::Machine>;

openraft::declare_raft_types!(
    /// Consensus in virtual time.
    pub SimTypes:
        D = Batch,
        R = (),
        NodeId = NodeId,
        Node = EmptyNode,
        Term = u64,
        LeaderId = LeaderId,
        Vote = SimVote,
        Payload = Payload,
        Entry = SimEntry,
        AsyncRuntime = NodeRuntime,
);
