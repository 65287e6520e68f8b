//! How far the state of this node's replica is to be believed.

use crate::link::NodeId;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// What the last checkpoints say of this node's replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nothing speaks against it.
    #[default]
    Agreed,
    /// Replicas differ, and so far nobody can tell which are right. It serves, and takes no
    /// snapshot over the state that was good.
    Questioned,
    /// Replicas differ and no majority agrees: none of them serves.
    Halted,
    /// A majority has another state. It does not serve, and waits for theirs.
    Wrong,
}

impl Trust {
    /// Whether anybody may be told what this state says.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Trust::Agreed | Trust::Questioned)
    }

    /// Whether this state may be kept in the place of an earlier one, or given to another node.
    #[must_use]
    pub fn may_be_kept(self) -> bool {
        self == Trust::Agreed
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Trust::Agreed => "agreed",
            Trust::Questioned => "questioned",
            Trust::Halted => "halted",
            Trust::Wrong => "wrong",
        }
    }
}

/// The trust in one replica, for all who have to know.
#[derive(Clone, Default)]
pub(crate) struct Trusted(Arc<Shared>);

#[derive(Default)]
struct Shared {
    now: watch::Sender<Trust>,
    /// Other replicas that a majority contradicted at the last checkpoint.
    strayed: Mutex<BTreeSet<NodeId>>,
}

impl Trusted {
    pub fn now(&self) -> Trust {
        *self.0.now.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<Trust> {
        self.0.now.subscribe()
    }

    pub fn set(&self, trust: Trust) {
        self.0.now.send_if_modified(|now| std::mem::replace(now, trust) != trust);
    }

    /// Replicas of other nodes that should not lead: their state is not that of the majority.
    pub fn strayed(&self) -> BTreeSet<NodeId> {
        self.0.strayed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes which others strayed; returns those that are new.
    pub fn note_strayed(&self, nodes: BTreeSet<NodeId>) -> Vec<NodeId> {
        let mut strayed = self.0.strayed.lock().unwrap_or_else(PoisonError::into_inner);
        let new = nodes.difference(&strayed).copied().collect();
        *strayed = nodes;
        new
    }
}
