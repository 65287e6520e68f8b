//! What the replicas said at the last checkpoints, and what follows from it. Pure.

use crate::link::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// Checkpoints that are remembered; a replica that lags behind further is not compared.
const ROUNDS_MAX: usize = 16;

/// What the hashes at one checkpoint say of one replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A majority has its state; the others named have another one.
    Agreed { strayed: BTreeSet<NodeId> },
    /// They differ, and no state has a majority, so far.
    Split,
    /// A majority has another state: these.
    Wrong { right: BTreeSet<NodeId> },
}

/// Hashes by index of the checkpoint, then by node.
#[derive(Default)]
pub(super) struct Rounds(BTreeMap<u64, BTreeMap<NodeId, u64>>);

impl Rounds {
    /// Notes what a replica has at a checkpoint.
    pub fn note(&mut self, index: u64, node: NodeId, hash: u64) {
        self.0.entry(index).or_default().insert(node, hash);
        while self.0.len() > ROUNDS_MAX {
            self.0.pop_first();
        }
    }

    pub fn hash(&self, index: u64, node: NodeId) -> Option<u64> {
        self.0.get(&index)?.get(&node).copied()
    }

    /// The newest checkpoint at which a replica has said something.
    pub fn newest_of(&self, node: NodeId) -> Option<(u64, u64)> {
        self.0.iter().rev().find_map(|(index, said)| Some((*index, *said.get(&node)?)))
    }

    /// The state of a replica was replaced: what it said before says nothing of it any more.
    pub fn forget(&mut self, node: NodeId) {
        for said in self.0.values_mut() {
            said.remove(&node);
        }
    }

    /// What the newest checkpoint says at which anything can be said of `me`. A majority is more
    /// than half of all replicas, heard or not.
    pub fn verdict(&self, members: &BTreeSet<NodeId>, me: NodeId) -> Option<(u64, Verdict)> {
        self.0.iter().rev().find_map(|(index, said)| Some((*index, of_one(said, members, me)?)))
    }
}

fn of_one(said: &BTreeMap<NodeId, u64>, members: &BTreeSet<NodeId>, me: NodeId) -> Option<Verdict> {
    // While voters change, a replica may be no member for a moment; the others that are left then
    // are too few to say anything of it.
    let mine = *said.get(&me).filter(|_| members.contains(&me))?;
    let mut by_hash: BTreeMap<u64, BTreeSet<NodeId>> = BTreeMap::new();
    for (node, hash) in said.iter().filter(|(node, _)| members.contains(node)) {
        by_hash.entry(*hash).or_default().insert(*node);
    }
    let majority = members.len() / 2 + 1;
    match by_hash.iter().find(|(_, nodes)| nodes.len() >= majority) {
        Some((hash, _)) if *hash == mine => {
            by_hash.remove(&mine);
            Some(Verdict::Agreed { strayed: by_hash.into_values().flatten().collect() })
        }
        Some((_, right)) => Some(Verdict::Wrong { right: right.clone() }),
        None => (by_hash.len() > 1).then_some(Verdict::Split),
    }
}
