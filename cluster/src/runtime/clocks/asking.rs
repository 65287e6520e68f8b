//! Asking peers what their clocks say.

use super::compared::{ahead, off};
use crate::link::{NodeId, PeerState};
use crate::runtime::clock::Clock;
use crate::runtime::exchange::WeakExchange;
use crate::runtime::peers::Peers;
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How often the clocks are compared.
const ASK_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct AskingClocks {
    pub peers: Peers,
    pub clock: Clock,
    /// The nodes whose clock is off.
    pub off: watch::Sender<BTreeSet<NodeId>>,
    /// Ends this when it is gone.
    pub exchange: WeakExchange,
}

impl AskingClocks {
    /// Works for as long as the exchange does.
    pub async fn run(self) {
        let mut states = self.peers.links().peers();
        let mut rounds = tokio::time::interval(ASK_EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // How far each is ahead of this node, in nanoseconds.
        let mut clocks: BTreeMap<NodeId, i64> = BTreeMap::new();
        loop {
            tokio::select! {
                _ = rounds.tick() => {}
                changed = states.changed() => if changed.is_err() { return },
            }
            if self.exchange.upgrade().is_none() {
                return;
            }
            let up = states.borrow_and_update().clone();
            let is_there =
                |id: &NodeId| matches!(up.get(id), Some(PeerState::Up { .. } | PeerState::Suspect));
            clocks.retain(|id, _| is_there(id));
            let asking = up.keys().filter(|id| is_there(id)).map(|id| self.ask(*id));
            clocks.extend(join_all(asking).await.into_iter().flatten());
            clocks.insert(self.peers.me(), 0);
            self.tell(&clocks);
        }
    }

    /// How far a peer's clock is ahead: what it says, against the middle of the time it took.
    async fn ask(&self, peer: NodeId) -> Option<(NodeId, i64)> {
        let before = self.clock.system().0;
        let theirs = self.peers.clock(peer).await?.0;
        let mine = before.midpoint(self.clock.system().0);
        // Both are below 2^63 until the year 2262.
        Some((peer, theirs as i64 - mine as i64))
    }

    fn tell(&self, clocks: &BTreeMap<NodeId, i64>) {
        let before = self.off.borrow().clone();
        let now = off(clocks, &before);
        let me = self.peers.me();
        let ahead_ms = |node: NodeId| ahead(clocks, node) / 1_000_000;
        for &node in now.difference(&before) {
            if node == me {
                let ahead_ms = ahead_ms(me);
                tracing::error!(
                    ahead_ms,
                    "the clock of this node is off: it leads nothing until it is set right"
                );
            } else {
                tracing::warn!(node, ahead_ms = ahead_ms(node), "a peer's clock is off");
            }
        }
        for node in before.difference(&now) {
            tracing::info!(node, "its clock is right again, or it is gone");
        }
        self.off.send_if_modified(|shown| {
            let is_new = *shown != now;
            *shown = now;
            is_new
        });
    }
}
