//! The network between nodes: what becomes of a message.
//!
//! Owns: which directions are cut, and how bad each link is. Takes: a message's two ends. Emits:
//! when its copies arrive; none for a lost one. On failure: that is its trade.

use super::words::{MS, Nanos, NodeId};
use hoga_engine::pit::Chooser;
use std::collections::{BTreeMap, BTreeSet};

/// How a link treats messages. Chances are in thousandths, times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    pub lost: u64,
    pub doubled: u64,
    pub delay_min: Nanos,
    pub delay_max: Nanos,
    /// This many of a thousand take up to `late` longer, and so come out of order.
    pub late_chance: u64,
    pub late: Nanos,
}

impl Default for Quality {
    fn default() -> Self {
        Quality { lost: 0, doubled: 0, delay_min: MS / 5, delay_max: MS, late_chance: 0, late: 0 }
    }
}

pub struct Links {
    dice: Chooser,
    usual: Quality,
    /// Links that are worse than usual, by direction.
    odd: BTreeMap<(NodeId, NodeId), Quality>,
    /// Cuts under way, by number of the fault that made them.
    cuts: BTreeMap<usize, BTreeSet<(NodeId, NodeId)>>,
    pub sent: u64,
    pub lost: u64,
}

impl Links {
    #[must_use]
    pub fn new(seed: u64, usual: Quality) -> Links {
        let (odd, cuts) = Default::default();
        Links { dice: Chooser(seed), usual, odd, cuts, sent: 0, lost: 0 }
    }

    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        from != to && self.cuts.values().any(|cut| cut.contains(&(from, to)))
    }

    /// When the copies of a message arrive, as delays from now.
    pub fn fate(&mut self, from: NodeId, to: NodeId) -> [Option<Nanos>; 2] {
        if from == to {
            return [Some(1_000), None];
        }
        self.sent += 1;
        let quality = *self.odd.get(&(from, to)).unwrap_or(&self.usual);
        if self.is_cut(from, to) || self.dice.below(1000) < quality.lost {
            self.lost += 1;
            return [None, None];
        }
        let first = self.delay(&quality);
        let again = self.dice.below(1000) < quality.doubled;
        [Some(first), again.then(|| self.delay(&quality))]
    }

    fn delay(&mut self, quality: &Quality) -> Nanos {
        let spread = quality.delay_max.saturating_sub(quality.delay_min) + 1;
        let delay = quality.delay_min + self.dice.below(spread);
        let is_late = self.dice.below(1000) < quality.late_chance;
        delay + if is_late { self.dice.below(quality.late + 1) } else { 0 }
    }

    pub fn cut(&mut self, fault: usize, directions: BTreeSet<(NodeId, NodeId)>) {
        self.cuts.insert(fault, directions);
    }

    pub fn mend(&mut self, fault: usize) {
        self.cuts.remove(&fault);
    }

    pub fn spoil(&mut self, from: NodeId, to: NodeId, quality: Quality) {
        self.odd.insert((from, to), quality);
    }

    pub fn restore(&mut self, from: NodeId, to: NodeId) {
        self.odd.remove(&(from, to));
    }

    /// Everything is well from now on.
    pub fn heal(&mut self) {
        self.cuts.clear();
        self.odd.clear();
        self.usual = Quality::default();
    }
}
