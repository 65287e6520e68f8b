//! Brings a partition to where the table of nodes wants it, while this node leads it: who has a
//! replica, who votes, who leads. One step at a time; each looks anew at how things stand.

use super::checkpoint::{Trust, Trusted};
use super::machine::PerformerMachine;
use super::membership::may_lead;
use super::peers::Peers;
use super::seen::Seen;
use crate::link::NodeId;
use crate::log::LogPosition;
use crate::partition::{NodeTable, placement};
use crate::raft::{MembersError, Membership, Progress, Replica};
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

/// How often it looks again at what nothing tells: how far the others have come.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Entries that a replica may lag behind and still vote, or be given the lead.
const LAG_MAX: u64 = 256;
/// How long a node has to be there before it is given the lead back.
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// How long a removed node is given to hear that it was.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// How long a node has to be gone before the lead goes to one that reaches it: longer than others
/// take to notice when it is gone for all.
const LOST_AFTER: Duration = Duration::from_millis(300);
/// How long a change of the members may take before it is looked again how things stand. It goes on,
/// or waits to be asked for again, by another leader perhaps.
const CHANGED_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Steward {
    pub partition: PartitionId,
    pub replica: Replica<PerformerMachine>,
    pub peers: Peers,
    pub table: watch::Receiver<Arc<NodeTable>>,
    /// This node is about to stop.
    pub leaving: watch::Receiver<bool>,
    pub space_is_low: watch::Receiver<bool>,
    pub trusted: Trusted,
    /// Nodes whose clock is off.
    pub clocks_off: watch::Receiver<BTreeSet<NodeId>>,
    /// For the meta partition: who votes in the others. A removed node has to hear that it is, in the
    /// table, as long as it has votes to give away.
    pub elsewhere: Vec<watch::Receiver<Membership>>,
}

impl Steward {
    /// Works until its partition is gone.
    pub async fn run(mut self) {
        let mut leadership = self.replica.leadership();
        let mut trust = self.trusted.watch();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut states = self.peers.links().peers();
        let mut seen = Seen::nobody(Instant::now());
        let mut left = BTreeMap::new();
        loop {
            let told = tokio::select! {
                told = states.changed() => {
                    looks.reset_after(LOST_AFTER);
                    told
                }
                told = leadership.changed() => told,
                told = self.table.changed() => told,
                told = self.leaving.changed() => told,
                told = self.space_is_low.changed() => told,
                told = trust.changed() => told,
                told = self.clocks_off.changed() => told,
                _ = looks.tick() => Ok(()),
            };
            if told.is_err() {
                return;
            }
            seen.look(&states.borrow_and_update(), Instant::now());
            self.replica.stand_for_election(self.is_fit());
            if leadership.borrow_and_update().is_me
                && let Err(error) = self.step(&seen, &mut left).await
            {
                tracing::debug!(partition = self.partition.0, %error, "not yet");
            }
        }
    }

    /// Whether this node may lead, as far as its state and its clock are concerned. Where no
    /// replica serves, one of them still has to lead the log.
    fn is_fit(&self) -> bool {
        self.trusted.now() != Trust::Wrong && !self.clocks_off.borrow().contains(&self.peers.me())
    }

    /// One step; `left` has the learners that were removed, with when that was seen.
    async fn step(
        &self,
        seen: &Seen,
        left: &mut BTreeMap<NodeId, Instant>,
    ) -> Result<(), MembersError> {
        let table = self.table.borrow().clone();
        if table.is_empty() {
            return Ok(());
        }
        let now = self.replica.membership().borrow().clone();
        let Some(progress) = self.replica.progress() else { return Ok(()) };
        let able = self.able(&table, &now.voters, &progress, seen);
        // First of all: without enough of the voters no change of the members comes about either.
        if let Some(to) = self.better_placed(&able, &now.voters, seen).await {
            tracing::info!(partition = self.partition.0, to, "it reaches more nodes");
            return self.replica.transfer_leadership(to).await;
        }
        let is_leaving = *self.leaving.borrow();
        if !is_leaving
            && let Some(changed) = self.change_members(&table, &now, &progress, seen, left).await
        {
            return changed;
        }
        match self.successor(&table, &able, &now.voters, seen).await {
            Some(to) => self.replica.transfer_leadership(to).await,
            None => Ok(()),
        }
    }

    /// The next change towards the members that the table wants, if there is one that can be made.
    async fn change_members(
        &self,
        table: &NodeTable,
        now: &Membership,
        progress: &Progress,
        seen: &Seen,
        left: &mut BTreeMap<NodeId, Instant>,
    ) -> Option<Result<(), MembersError>> {
        let known: BTreeSet<NodeId> = now.voters.union(&now.learners).copied().collect();
        let members: BTreeSet<NodeId> = table.members().map(|(id, _)| id).collect();
        let mut newcomers = members.difference(&known).filter(|id| seen.is_there(**id));
        if let Some(&id) = newcomers.next() {
            tracing::info!(partition = self.partition.0, node = id, "a replica is added");
            return Some(in_time(self.replica.add_learner(id)).await);
        }
        let wanted = placement::voters(table, self.partition);
        let is_ready = |id: &NodeId| now.voters.contains(id) || has_caught_up(progress, *id);
        let differs = now.is_joint() || wanted != now.voters;
        if differs && wanted.is_subset(&known) && wanted.iter().all(is_ready) {
            tracing::info!(partition = self.partition.0, voters = ?wanted, "voters change");
            return Some(in_time(self.replica.change_voters(wanted, now.at)).await);
        }
        left.retain(|id, _| now.learners.contains(id) && !members.contains(id));
        for id in now.learners.difference(&members) {
            left.entry(*id).or_insert_with(Instant::now);
        }
        let may_go = |(id, since): &(&NodeId, &Instant)| {
            let has_heard = since.elapsed() >= HEARD_WITHIN || self.has_heard(**id, progress, seen);
            has_heard && !self.votes_elsewhere(**id)
        };
        let gone: BTreeSet<NodeId> = left.iter().filter(may_go).map(|(id, _)| *id).collect();
        if gone.is_empty() {
            return None;
        }
        tracing::info!(partition = self.partition.0, nodes = ?gone, "replicas are given up");
        Some(in_time(self.replica.remove_learners(gone)).await)
    }

    /// Whether a removed node has heard of this partition that it votes no more, and of the meta
    /// partition that it was removed; or will not hear it.
    fn has_heard(&self, id: NodeId, progress: &Progress, seen: &Seen) -> bool {
        let has_all = match self.partition {
            Topology::META => progress.others.get(&id) == Some(&progress.last),
            _ => has_caught_up(progress, id),
        };
        has_all || !seen.is_there(id)
    }

    /// Whether a removed node has votes to give away in other partitions. A replica that knows of no
    /// voters yet is no witness.
    fn votes_elsewhere(&self, id: NodeId) -> bool {
        let may_vote = |voters: &BTreeSet<NodeId>| voters.is_empty() || voters.contains(&id);
        self.elsewhere.iter().any(|one| may_vote(&one.borrow().voters))
    }

    /// Those that could lead in place of this node, the one that should be first.
    fn able(
        &self,
        table: &NodeTable,
        voters: &BTreeSet<NodeId>,
        progress: &Progress,
        seen: &Seen,
    ) -> Vec<NodeId> {
        let me = self.peers.me();
        let (strayed, off) = (self.trusted.strayed(), self.clocks_off.borrow().clone());
        let can = |id: &NodeId| {
            *id != me
                && voters.contains(id)
                && seen.is_there(*id)
                && has_caught_up(progress, *id)
                && !strayed.contains(id)
                && !off.contains(id)
        };
        let best = placement::leader(table, self.partition);
        let others = voters.iter().copied().filter(|id| may_lead(table, *id));
        best.into_iter().chain(others).filter(can).collect()
    }

    /// Who reaches all voters that this node does and more, while one of them is gone for this node.
    async fn better_placed(
        &self,
        able: &[NodeId],
        voters: &BTreeSet<NodeId>,
        seen: &Seen,
    ) -> Option<NodeId> {
        if !voters.iter().any(|id| seen.has_been_gone(*id, LOST_AFTER)) {
            return None;
        }
        let mine = self.reached(voters, seen);
        for &id in able {
            if self.reached_by(id, voters).await.is_some_and(|its| is_more(&its, &mine)) {
                return Some(id);
            }
        }
        None
    }

    /// Who should lead instead of this node, if somebody should and can.
    async fn successor(
        &self,
        table: &NodeTable,
        able: &[NodeId],
        voters: &BTreeSet<NodeId>,
        seen: &Seen,
    ) -> Option<NodeId> {
        let me = self.peers.me();
        let must_go = *self.leaving.borrow()
            || !self.is_fit()
            || !may_lead(table, me)
            || !voters.contains(&me);
        if must_go || *self.space_is_low.borrow() {
            for &id in able {
                if self.reached_by(id, voters).await.is_some() {
                    return Some(id);
                }
            }
            // Who has as little space would give the lead back at once.
            return able.first().copied().filter(|_| must_go);
        }
        if voters.iter().any(|id| seen.has_been_gone(*id, LOST_AFTER)) {
            return None;
        }
        let best = placement::leader(table, self.partition)
            .filter(|id| able.contains(id) && seen.has_been_there(*id, SETTLED_AFTER))?;
        let its = self.reached_by(best, voters).await?;
        its.is_superset(&self.reached(voters, seen)).then_some(best)
    }

    /// The voters that this node reaches, itself among them.
    fn reached(&self, voters: &BTreeSet<NodeId>, seen: &Seen) -> BTreeSet<NodeId> {
        let me = self.peers.me();
        voters.iter().copied().filter(|id| *id == me || seen.is_there(*id)).collect()
    }

    /// The voters that another one reaches, itself among them; nothing when it would not lead.
    async fn reached_by(
        &self,
        other: NodeId,
        voters: &BTreeSet<NodeId>,
    ) -> Option<BTreeSet<NodeId>> {
        let mut reached = self.peers.reached(other).await.filter(|its| !its.is_empty())?;
        reached.insert(other);
        Some(reached.intersection(voters).copied().collect())
    }
}

/// A change of the members, for as long as it is waited for.
async fn in_time(
    change: impl Future<Output = Result<LogPosition, MembersError>>,
) -> Result<(), MembersError> {
    let changed = tokio::time::timeout(CHANGED_WITHIN, change).await;
    changed.unwrap_or(Err(MembersError::Unknown)).map(drop)
}

/// All that the other has, and more. (`>` between sets goes by their order, not by what they have.)
fn is_more(one: &BTreeSet<NodeId>, other: &BTreeSet<NodeId>) -> bool {
    one.is_superset(other) && one.len() > other.len()
}

fn has_caught_up(progress: &Progress, id: NodeId) -> bool {
    let Some(Some(reached)) = progress.others.get(&id) else { return false };
    progress.last.unwrap_or_default().saturating_sub(*reached) <= LAG_MAX
}

#[cfg(test)]
#[path = "steward_tests.rs"]
mod tests;
