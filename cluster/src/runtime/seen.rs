//! Since when each peer is there, or gone.

use crate::link::{NodeId, PeerState};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How each peer is, and since when, as of the last look.
pub(super) struct Seen {
    peers: BTreeMap<NodeId, (bool, Instant)>,
    at: Instant,
}

impl Seen {
    pub fn nobody(at: Instant) -> Seen {
        Seen { peers: BTreeMap::new(), at }
    }

    pub fn look(&mut self, states: &BTreeMap<NodeId, PeerState>, at: Instant) {
        self.at = at;
        self.peers.retain(|id, _| states.contains_key(id));
        for (id, state) in states {
            let is_up = state.is_up();
            let seen = self.peers.entry(*id).or_insert((is_up, at));
            if seen.0 != is_up {
                *seen = (is_up, at);
            }
        }
    }

    pub fn is_there(&self, id: NodeId) -> bool {
        self.has_been(true, id, Duration::ZERO)
    }

    pub fn has_been_there(&self, id: NodeId, long: Duration) -> bool {
        self.has_been(true, id, long)
    }

    pub fn has_been_gone(&self, id: NodeId, long: Duration) -> bool {
        self.has_been(false, id, long)
    }

    fn has_been(&self, up: bool, id: NodeId, long: Duration) -> bool {
        let seen = self.peers.get(&id);
        seen.is_some_and(|(is_up, since)| *is_up == up && self.at - *since >= long)
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
