//! Since when each peer is there, or gone.

use crate::link::{NodeId, PeerState};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How each peer is, and since when.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<NodeId, (bool, Instant)>);

/// Whether a peer hears this node and is heard.
pub(super) fn is_up(state: Option<&PeerState>) -> bool {
    matches!(state, Some(PeerState::Up { .. }))
}

impl Seen {
    pub fn note(&mut self, states: &BTreeMap<NodeId, PeerState>) {
        self.0.retain(|id, _| states.contains_key(id));
        let now = Instant::now();
        for (id, state) in states {
            let is_up = is_up(Some(state));
            let seen = self.0.entry(*id).or_insert((is_up, now));
            if seen.0 != is_up {
                *seen = (is_up, now);
            }
        }
    }

    pub fn is_there(&self, id: NodeId) -> bool {
        self.has_been_there(id, Duration::ZERO)
    }

    pub fn has_been_there(&self, id: NodeId, long: Duration) -> bool {
        self.0.get(&id).is_some_and(|(is_up, since)| *is_up && since.elapsed() >= long)
    }

    pub fn has_been_gone(&self, id: NodeId, long: Duration) -> bool {
        self.0.get(&id).is_some_and(|(is_up, since)| !is_up && since.elapsed() >= long)
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
