//! A node: what of it dies with the process, and what its disk keeps of snapshots.

use super::feed::Ring;
use super::gateway::Gateway;
use super::life::{Earlier, Life};
use super::pump::Pump;
use super::sequencer::Sequencer;
use crate::sim::words::{Nanos, NodeId};
use bytes::Bytes;
use hoga_cluster::partition::LeaderTime;
use hoga_engine::ids::PartitionId;
use std::collections::{BTreeMap, VecDeque};

/// Snapshots kept for each partition.
const GENERATIONS: usize = 2;

/// A snapshot of a partition, durable on its node.
#[derive(Clone, Debug)]
pub struct Generation {
    pub index: u64,
    pub bytes: Bytes,
}

impl Generation {
    #[must_use]
    pub fn is_same(&self, other: &Generation) -> bool {
        // Mostly a clone of the other.
        let is_clone = std::ptr::eq(&raw const *self.bytes, &raw const *other.bytes);
        self.index == other.index && (is_clone || self.bytes == other.bytes)
    }
}

/// One replica with the shells around it.
pub struct Seat {
    pub life: Life,
    /// This node may propose.
    pub leads: bool,
    pub leader: Option<NodeId>,
    pub sequencer: Sequencer,
    pub pumps: BTreeMap<PartitionId, Pump>,
    pub ring: Ring,
    pub since_snapshot: u64,
    /// A snapshot that is being written.
    pub writing: Option<Generation>,
    /// The leader's clock, anchored at its election: wall time then, when that was, and how many
    /// times faster it goes than the machines.
    pub anchor: (u64, Nanos, u64),
    pub time: LeaderTime,
    /// Reads that wait for their barrier.
    pub barriers: BTreeMap<u64, (NodeId, hoga_engine::ids::Origin, Box<str>)>,
}

pub struct Host {
    pub node: NodeId,
    pub is_up: bool,
    pub is_paused: bool,
    /// Its disk is gone or damaged for good; it never comes back under this name.
    pub is_lost: bool,
    pub incarnation: u32,
    pub seats: BTreeMap<PartitionId, Seat>,
    pub gateway: Gateway,
    /// How far its wall clock is off.
    pub skew: i64,
    pub shelf: BTreeMap<PartitionId, VecDeque<Generation>>,
    /// What its replicas had come to when it died last.
    pub earlier: BTreeMap<PartitionId, Earlier>,
}

impl Host {
    #[must_use]
    pub fn new(node: NodeId, skew: i64) -> Host {
        Host {
            node,
            is_up: false,
            is_paused: false,
            is_lost: false,
            incarnation: 0,
            seats: BTreeMap::new(),
            gateway: Gateway::default(),
            skew,
            shelf: BTreeMap::new(),
            earlier: BTreeMap::new(),
        }
    }

    /// Puts a snapshot on the shelf; returns the index up to which the log is not needed even to
    /// fall back to the older one.
    pub fn shelve(&mut self, partition: PartitionId, generation: Generation) -> Option<u64> {
        let shelf = self.shelf.entry(partition).or_default();
        shelf.push_back(generation);
        while shelf.len() > GENERATIONS {
            shelf.pop_front();
        }
        (shelf.len() == GENERATIONS).then(|| shelf[0].index)
    }
}
