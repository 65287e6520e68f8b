//! Which nodes this one has links to: those of the table, and a removed one for as long as a
//! partition counts on it. It may have the only vote of one, or the only state.

use super::exchange::WeakExchange;
use crate::link::{Links, PeerState};
use crate::partition::{NodeId, NodeTable, Standing};
use crate::raft::Membership;
use futures::{StreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long a removed node that has votes waits for somebody to take them over, while it reaches
/// nobody: the others may have done so without it.
const REACHED_WITHIN: Duration = Duration::from_secs(5);

const REMOVED: &str = "this node was removed from the exchange; its directory is of no use";
const FORSAKEN: &str = "this node was removed from the exchange and reaches nobody; the others have \
                        gone on without its votes, or do when it is started again";

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
        let mut states = self.links.peers();
        let mut alone_since = None;
        loop {
            let table = self.table.borrow_and_update().clone();
            let members: Vec<Membership> =
                memberships.iter().map(|one| one.borrow().clone()).collect();
            if is_reached(&states.borrow_and_update()) {
                alone_since = None;
            } else {
                alone_since.get_or_insert_with(Instant::now);
            }
            let me = self.links.me();
            let is_removed = table.get(me).is_some_and(|me| me.standing == Standing::Removed);
            if let Some(why) = is_removed.then(|| over(me, &members, alone_since)).flatten() {
                if let Some(exchange) = self.exchange.upgrade() {
                    exchange.fail(why);
                }
                return;
            }
            self.links.set_peers(self.peers(&table, &members));
            let until = alone_since.filter(|_| is_removed).map(|since| since + REACHED_WITHIN);
            let until = until.filter(|until| *until > Instant::now());
            tokio::select! {
                changed = self.table.changed() => if changed.is_err() {
                    return;
                },
                Some(()) = moved.next() => {}
                Ok(()) = states.changed() => {}
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
            }
        }
    }

    /// Before there is a table, those of the configuration.
    fn peers(&self, table: &NodeTable, members: &[Membership]) -> BTreeMap<NodeId, String> {
        if table.is_empty() {
            return self.seeds.clone();
        }
        let mut all: BTreeSet<NodeId> = table.members().map(|(id, _)| id).collect();
        for Membership { voters, learners, .. } in members {
            all.extend(voters.iter().chain(learners));
            // A replica without a state does not know yet from whom it will come.
            if voters.is_empty() {
                all.extend(table.all());
            }
        }
        let place = |id: NodeId| {
            let node = table.get(id)?;
            let seed = self.seeds.get(&id).filter(|_| node.directory.is_none());
            Some((id, seed.cloned().unwrap_or_else(|| node.link.to_string())))
        };
        all.into_iter().filter_map(place).collect()
    }
}

fn is_reached(states: &BTreeMap<NodeId, PeerState>) -> bool {
    states.values().any(|state| state.is_up())
}

/// Why a removed node has nothing left to do, if that is so.
fn over(me: NodeId, members: &[Membership], alone_since: Option<Instant>) -> Option<&'static str> {
    // A change is in force before those who take over have it.
    let is_needed = |one: &Membership| one.voters.contains(&me) || !one.is_committed;
    if !members.iter().any(is_needed) {
        return Some(REMOVED);
    }
    // A vote that no other node has cannot have been taken over, nor can it while that is under way.
    let is_sole = members.iter().any(|one| one.sets.iter().any(|set| set.iter().eq([&me])));
    let is_forsaken = alone_since.is_some_and(|since| since.elapsed() >= REACHED_WITHIN);
    (is_forsaken && !is_sole).then_some(FORSAKEN)
}
