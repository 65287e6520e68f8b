//! Brings a partition to where the table of nodes wants it, while this node leads it: who has a
//! replica, who votes, who leads. One step at a time; each looks anew at how things stand.

use super::checkpoint::{Trust, Trusted};
use super::machine::PerformerMachine;
use super::membership::may_lead;
use crate::link::{NodeId, PeerState};
use crate::partition::{NodeTable, placement};
use crate::raft::{MembersError, Progress, Replica};
use hoga_engine::ids::PartitionId;
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

pub(super) struct Steward {
    pub partition: PartitionId,
    pub replica: Replica<PerformerMachine>,
    pub me: NodeId,
    pub table: watch::Receiver<Arc<NodeTable>>,
    pub peers: watch::Receiver<BTreeMap<NodeId, PeerState>>,
    /// This node is about to stop.
    pub leaving: watch::Receiver<bool>,
    pub space_is_low: watch::Receiver<bool>,
    pub trusted: Trusted,
    /// Nodes whose clock is off.
    pub clocks_off: watch::Receiver<BTreeSet<NodeId>>,
}

impl Steward {
    /// Works until its partition is gone.
    pub async fn run(mut self) {
        let mut leadership = self.replica.leadership();
        let mut trust = self.trusted.watch();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut up_since: BTreeMap<NodeId, Instant> = BTreeMap::new();
        loop {
            let told = tokio::select! {
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
            self.note_peers(&mut up_since);
            self.replica.stand_for_election(self.is_fit());
            if leadership.borrow_and_update().is_me
                && let Err(error) = self.step(&up_since).await
            {
                tracing::debug!(partition = self.partition.0, %error, "not yet");
            }
        }
    }

    /// Whether this node may lead, as far as its state and its clock are concerned. Where no
    /// replica serves, one of them still has to lead the log.
    fn is_fit(&self) -> bool {
        self.trusted.now() != Trust::Wrong && !self.clocks_off.borrow().contains(&self.me)
    }

    fn note_peers(&self, up_since: &mut BTreeMap<NodeId, Instant>) {
        let peers = self.peers.borrow();
        let is_up = |id: &NodeId| matches!(peers.get(id), Some(PeerState::Up { .. }));
        up_since.retain(|id, _| is_up(id));
        for id in peers.keys().filter(|id| is_up(id)) {
            up_since.entry(*id).or_insert_with(Instant::now);
        }
    }

    async fn step(&self, up_since: &BTreeMap<NodeId, Instant>) -> Result<(), MembersError> {
        let table = self.table.borrow().clone();
        if table.is_empty() {
            return Ok(());
        }
        let now = self.replica.membership().borrow().clone();
        let Some(progress) = self.replica.progress() else { return Ok(()) };
        let known: BTreeSet<NodeId> = now.voters.union(&now.learners).copied().collect();
        let members: BTreeSet<NodeId> = table.members().map(|(id, _)| id).collect();
        let mut newcomers = members.difference(&known).filter(|id| up_since.contains_key(id));
        if let Some(&id) = newcomers.next() {
            tracing::info!(partition = self.partition.0, node = id, "a replica is added");
            return self.replica.add_learner(id).await.map(drop);
        }
        let wanted = placement::voters(&table, self.partition);
        let is_ready = |id: &NodeId| now.voters.contains(id) || has_caught_up(&progress, *id);
        let differs = now.is_joint || wanted != now.voters;
        if differs && wanted.is_subset(&known) && wanted.iter().all(is_ready) {
            tracing::info!(partition = self.partition.0, voters = ?wanted, "voters change");
            return self.replica.change_voters(wanted, now.at).await.map(drop);
        }
        let gone: BTreeSet<NodeId> = now.learners.difference(&members).copied().collect();
        if !gone.is_empty() {
            tracing::info!(partition = self.partition.0, nodes = ?gone, "replicas are given up");
            return self.replica.remove_learners(gone).await.map(drop);
        }
        match self.successor(&table, &now.voters, &progress, up_since) {
            Some(to) => self.replica.transfer_leadership(to).await,
            None => Ok(()),
        }
    }

    /// Who should lead instead of this node, if somebody should and can.
    fn successor(
        &self,
        table: &NodeTable,
        voters: &BTreeSet<NodeId>,
        progress: &Progress,
        up_since: &BTreeMap<NodeId, Instant>,
    ) -> Option<NodeId> {
        let (strayed, off) = (self.trusted.strayed(), self.clocks_off.borrow().clone());
        let can = |id: &NodeId| {
            *id != self.me
                && voters.contains(id)
                && has_caught_up(progress, *id)
                && !strayed.contains(id)
                && !off.contains(id)
        };
        let best = placement::leader(table, self.partition);
        let must_go = *self.leaving.borrow()
            || *self.space_is_low.borrow()
            || !self.is_fit()
            || !may_lead(table, self.me)
            || !voters.contains(&self.me);
        if must_go {
            let others = voters.iter().copied().filter(|id| may_lead(table, *id));
            let mut others = best.into_iter().chain(others);
            return others.find(|id| can(id) && up_since.contains_key(id));
        }
        let is_settled =
            |id: &NodeId| up_since.get(id).is_some_and(|since| since.elapsed() >= SETTLED_AFTER);
        best.filter(|id| can(id) && is_settled(id))
    }
}

fn has_caught_up(progress: &Progress, id: NodeId) -> bool {
    let Some(Some(reached)) = progress.others.get(&id) else { return false };
    progress.last.unwrap_or_default().saturating_sub(*reached) <= LAG_MAX
}
