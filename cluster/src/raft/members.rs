//! Who takes part in a partition, and changing it.

use std::collections::{BTreeMap, BTreeSet};

use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ChangeMembershipError, ClientWriteError, RaftError};
use openraft::metrics::RaftServerMetrics;
use openraft::raft::Precondition;
use openraft::{ChangeMembers, EmptyNode};
use tokio::sync::watch;

use super::codec;
use super::machine::Machine;
use super::replica::Replica;
use super::types::{NodeId, RaftTypes, StoredMembers};
use crate::log::LogPosition;

/// The members of a partition as this replica knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The entry it was written in; what a change is based on.
    pub at: Option<LogPosition>,
    pub voters: BTreeSet<NodeId>,
    /// While voters change there are two sets of them, and both have to agree.
    pub sets: Vec<BTreeSet<NodeId>>,
    /// Those that get the log and have no vote.
    pub learners: BTreeSet<NodeId>,
    /// A quorum has it.
    pub is_committed: bool,
}

impl Membership {
    /// Voters are changing; a change that was interrupted has to be asked for again.
    #[must_use]
    pub fn is_joint(&self) -> bool {
        self.sets.len() > 1
    }

    /// Whether the partition goes on with these nodes alone.
    #[must_use]
    pub fn has_quorum(&self, nodes: &BTreeSet<NodeId>) -> bool {
        let has_majority = |set: &BTreeSet<NodeId>| 2 * set.intersection(nodes).count() > set.len();
        !self.sets.is_empty() && self.sets.iter().all(has_majority)
    }
}

/// How far the replicas of a partition are, as its leader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The leader's last entry.
    pub last: Option<u64>,
    pub applied: Option<u64>,
    /// The last entry that is known to be on each of the others; none when nothing is known.
    pub others: BTreeMap<NodeId, Option<u64>>,
}

/// Why the members did not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembersError {
    /// Nothing changed.
    #[error("this node does not lead the partition; leader: {hint:?}")]
    NotLeader { hint: Option<NodeId> },
    /// Nothing changed: somebody else changed them first. Look, and decide again.
    #[error("the members are not those any more that the change was based on")]
    Changed,
    /// Nothing changed: an earlier change, or the leader's first entry, is not committed yet. Try
    /// again after a moment.
    #[error("an earlier change is not finished yet")]
    Busy,
    /// Nothing changed. With two voters the loss of either stops the partition.
    #[error("a partition has one voter, or three and more; not {0}")]
    Count(usize),
    /// Nothing changed.
    #[error("the members cannot be changed so: {0}")]
    Impossible(String),
    /// It may have changed, or be on its way.
    #[error("it is not known whether the members changed")]
    Unknown,
    #[error("the replica has stopped")]
    Stopped,
}

impl<M: Machine, C: RaftTypes> Replica<M, C> {
    /// Who takes part, as it changes. A change shows before it is committed.
    #[must_use]
    pub fn membership(&self) -> watch::Receiver<Membership> {
        self.members_told()
    }

    /// How far the others are; nothing while this replica does not lead.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        let metrics = self.raft().metrics();
        // The guard must not be held: consensus waits for it.
        let now = metrics.borrow_watched().clone();
        let me = now.id;
        let others = now.replication?.into_iter().filter(|(node, _)| *node != me);
        let others = others.map(|(node, at)| (node, at.map(|at| at.index))).collect();
        let applied = now.last_applied.map(|at| at.index);
        Some(Progress { last: now.last_log_index, applied, others })
    }

    /// Makes a node a learner: it gets the log, or a snapshot, and has no vote. Returns when that
    /// is committed, not when the node has caught up; see [`Replica::progress`].
    ///
    /// # Errors
    /// See [`MembersError`].
    pub async fn add_learner(&self, node: NodeId) -> Result<LogPosition, MembersError> {
        let added = self.raft().add_learner(node, EmptyNode {}, false).await;
        added.map(|done| codec::position(&done.log_id)).map_err(|error| self.because(error))
    }

    /// Takes learners out.
    ///
    /// # Errors
    /// See [`MembersError`].
    pub async fn remove_learners(
        &self,
        nodes: BTreeSet<NodeId>,
    ) -> Result<LogPosition, MembersError> {
        let removed = self.raft().change_membership(ChangeMembers::RemoveNodes(nodes), false);
        removed.await.map(|done| codec::position(&done.log_id)).map_err(|error| self.because(error))
    }

    /// Makes these, all of them members, the voters, in two steps, if the members still are those
    /// written at `based_on`. Who was a voter and is none now is a learner. An
    /// interrupted change leaves both sets of voters in force until it is asked for again.
    ///
    /// # Errors
    /// See [`MembersError`].
    pub async fn change_voters(
        &self,
        voters: BTreeSet<NodeId>,
        based_on: Option<LogPosition>,
    ) -> Result<LogPosition, MembersError> {
        if voters.is_empty() || voters.len() == 2 {
            return Err(MembersError::Count(voters.len()));
        }
        let last_membership_log_id = based_on.map(codec::log_id);
        let condition = Precondition::LastMembershipLogId { last_membership_log_id };
        let changed = self.raft().change_membership_if(voters, true, [condition]);
        changed.await.map(|done| codec::position(&done.log_id)).map_err(|error| self.because(error))
    }

    /// Asks a voter to lead in place of this replica. It does as soon as it has every entry, and
    /// an election decides; watch [`Replica::leadership`], and ask again if nothing comes of it.
    ///
    /// # Errors
    /// [`MembersError::Stopped`].
    pub async fn transfer_leadership(&self, to: NodeId) -> Result<(), MembersError> {
        self.raft().trigger().transfer_leader(to).await.map_err(|_| MembersError::Stopped)
    }

    fn because(&self, error: RaftError<C, ClientWriteError<C>>) -> MembersError {
        let error = match error {
            RaftError::APIError(error) => error,
            RaftError::Fatal(_) => return MembersError::Stopped,
        };
        match error {
            ClientWriteError::ForwardToLeader(to) => {
                MembersError::NotLeader { hint: to.leader_id.filter(|node| *node != self.node()) }
            }
            ClientWriteError::LogEntryDiscarded(_) => MembersError::Unknown,
            ClientWriteError::PreconditionFailed(_) => MembersError::Changed,
            ClientWriteError::ChangeMembershipError(
                ChangeMembershipError::InProgress(_)
                | ChangeMembershipError::UncommittedLeaderLog(_),
            ) => MembersError::Busy,
            ClientWriteError::ChangeMembershipError(error) => {
                MembersError::Impossible(error.to_string())
            }
        }
    }
}

fn of(stored: &StoredMembers, committed: &StoredMembers) -> Membership {
    let members = stored.membership();
    Membership {
        at: stored.log_id().as_ref().map(codec::position),
        voters: members.voter_ids().collect(),
        sets: members.get_joint_config().clone(),
        learners: members.learner_ids().collect(),
        is_committed: stored == committed,
    }
}

/// Repeats changes of the members until the replica stops.
pub(super) async fn follow<C: RaftTypes>(
    mut metrics: WatchReceiverOf<C, RaftServerMetrics<C>>,
    told: watch::Sender<Membership>,
) {
    loop {
        // The guard must not be held: consensus waits for it.
        let now = {
            let now = metrics.borrow_watched();
            of(&now.membership_config, &now.committed_membership_config)
        };
        told.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
        if metrics.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Membership;

    #[test]
    fn each_set_of_voters_has_to_agree() {
        let mut membership = Membership::default();
        assert!(!membership.has_quorum(&[1, 2, 3].into()), "nobody is known to vote");
        membership.sets = vec![[1, 2, 3].into()];
        assert!(membership.has_quorum(&[1, 3].into()));
        assert!(!membership.has_quorum(&[3, 4, 5].into()));
        membership.sets.push([3, 4, 5].into());
        assert!(membership.is_joint());
        assert!(!membership.has_quorum(&[1, 2, 3].into()), "of the new ones one alone");
        assert!(membership.has_quorum(&[2, 3, 4].into()));
    }
}
