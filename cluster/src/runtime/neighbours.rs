//! Which nodes this one has links to: those of the table, and a removed one for as long as a
//! partition counts on it. It may have the only vote of one, or the only state.

use super::exchange::WeakExchange;
use crate::link::Links;
use crate::partition::{NodeId, NodeTable, Standing};
use crate::raft::Membership;
use futures::{StreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a removed node that has votes waits for somebody to take them over, when it reaches
/// nobody: the others may have done so without it.
const REACHED_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Neighbours {
    pub table: watch::Receiver<Arc<NodeTable>>,
    pub links: Links,
    /// Where founders are that have not said so themselves.
    pub seeds: BTreeMap<NodeId, String>,
    pub exchange: WeakExchange,
}

impl Neighbours {
    /// Works until its exchange is gone, or this node was removed from it.
    pub async fn run(mut self) {
        let Some(exchange) = self.exchange.upgrade() else { return };
        let memberships: Vec<watch::Receiver<Membership>> =
            exchange.partitions().map(|partition| partition.replica.membership()).collect();
        drop(exchange);
        let mut moved = stream::select_all(memberships.iter().cloned().map(|membership| {
            let next = |mut membership: watch::Receiver<Membership>| async move {
                membership.changed().await.ok().map(|()| ((), membership))
            };
            stream::unfold(membership, next).boxed()
        }));
        let me = self.links.me();
        let mut is_alone = false;
        loop {
            let table = self.table.borrow_and_update().clone();
            let is_removed = table.get(me).is_some_and(|me| me.standing == Standing::Removed);
            // A change is in force before those who take over have it.
            let is_needed = |one: &Membership| one.voters.contains(&me) || !one.is_committed;
            let votes = memberships.iter().any(|one| is_needed(&one.borrow()));
            if is_removed && (is_alone || !votes) {
                if let Some(exchange) = self.exchange.upgrade() {
                    exchange.fail(
                        "this node was removed from the exchange; its directory is of no use",
                    );
                }
                return;
            }
            self.links.set_peers(self.peers(&table, &memberships));
            tokio::select! {
                changed = self.table.changed() => if changed.is_err() {
                    return;
                },
                Some(()) = moved.next() => {}
                () = tokio::time::sleep(REACHED_WITHIN), if is_removed => {
                    is_alone = !self.links.peers().borrow().values().any(|peer| peer.is_up());
                }
            }
        }
    }

    /// Before there is a table, those of the configuration.
    fn peers(
        &self,
        table: &NodeTable,
        memberships: &[watch::Receiver<Membership>],
    ) -> BTreeMap<NodeId, String> {
        if table.is_empty() {
            return self.seeds.clone();
        }
        let counted: BTreeSet<NodeId> = memberships
            .iter()
            .flat_map(|one| {
                let Membership { voters, learners, .. } = one.borrow().clone();
                voters.into_iter().chain(learners)
            })
            .collect();
        let members = table.members().map(|(id, _)| id);
        let all = members.chain(counted).collect::<BTreeSet<_>>();
        let place = |id: NodeId| {
            let node = table.get(id)?;
            let seed = self.seeds.get(&id).filter(|_| node.directory.is_none());
            Some((id, seed.cloned().unwrap_or_else(|| node.link.to_string())))
        };
        all.into_iter().filter_map(place).collect()
    }
}
