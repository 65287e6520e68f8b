//! The operator that changes members: it looks at what each partition's leader says, and asks for
//! the next step until every partition has the members that it should.

use super::hub::{Hub, sleep};
use super::runtime::{NodeRuntime, OUTSIDE, spawn_in};
use super::types::SimRaft;
use crate::sim::words::{MS, NodeId};
use hoga_engine::ids::PartitionId;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::{AsyncRuntime, ChangeMembers, EmptyNode};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long one step may take before it is asked for again.
const STEP_WITHIN: Duration = Duration::from_secs(3);

/// Works until all partitions have settled.
pub fn settle(hub: &Hub) {
    let hub = hub.clone();
    spawn_in(OUTSIDE, async move {
        loop {
            let (wanted, partitions) = {
                let shared = hub.lock();
                let wanted: BTreeSet<NodeId> = shared.world.members.iter().copied().collect();
                let topology = shared.world.swarm.topology;
                let partitions: Vec<_> = topology.partitions().map(|(id, _)| id).collect();
                (wanted, partitions)
            };
            let mut is_done = true;
            for partition in partitions {
                is_done &= step(&hub, partition, &wanted).await;
            }
            if is_done {
                hub.lock().world.members_settled();
                hub.changed.notify_one();
                return;
            }
            sleep(100 * MS).await;
        }
    });
}

/// One step of one partition; true when there is none to take.
async fn step(hub: &Hub, partition: PartitionId, wanted: &BTreeSet<NodeId>) -> bool {
    let leader = hub.lock().world.leader(partition);
    let Some(leader) = leader else { return false };
    let Some((_, raft)) = hub.raft(leader, partition) else { return false };
    let (is_leader, voters, known, is_committed) = {
        let metrics = raft.server_metrics();
        let metrics = metrics.borrow_watched();
        let members = &metrics.membership_config;
        let known: BTreeSet<NodeId> = members.nodes().map(|(node, _)| *node).collect();
        let is_committed = metrics.committed_membership_config == *members;
        (metrics.state.is_leader(), members.get_joint_config().clone(), known, is_committed)
    };
    if !is_leader {
        return false;
    }
    if voters.len() == 1 && voters[0] == *wanted && known == *wanted && is_committed {
        return true;
    }
    // A node that is to leave hands over first: one that took itself out would keep the others
    // from electing, and take nothing in.
    if !wanted.contains(&leader) {
        if let Some(to) = voters.iter().flatten().find(|voter| wanted.contains(voter)) {
            raft.trigger().transfer_leader(*to).await.ok();
        }
        return false;
    }
    let fresh: Vec<NodeId> = wanted.difference(&known).copied().collect();
    // Who only learned so far, and is lost by now, is no voter that could be replaced.
    let stale: BTreeSet<NodeId> = match voters.len() == 1 && voters[0] == *wanted {
        true => known.difference(wanted).copied().collect(),
        false => BTreeSet::new(),
    };
    let wanted = wanted.clone();
    NodeRuntime::timeout(STEP_WITHIN, change(raft, fresh, stale, wanted)).await.ok();
    false
}

async fn change(
    raft: SimRaft,
    fresh: Vec<NodeId>,
    stale: BTreeSet<NodeId>,
    wanted: BTreeSet<NodeId>,
) {
    if !stale.is_empty() {
        raft.change_membership(ChangeMembers::RemoveNodes(stale), false).await.ok();
        return;
    }
    for node in fresh {
        if raft.add_learner(node, EmptyNode {}, true).await.is_err() {
            return;
        }
    }
    raft.change_membership(wanted, false).await.ok();
}
