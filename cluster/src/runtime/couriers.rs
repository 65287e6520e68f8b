//! The couriers of one partition, one on every node, as its sequencer knows them: they are told
//! when a batch with requests of theirs came to nothing.

use super::peers::Peers;
use crate::link::NodeId;
use hoga_engine::ids::{Origin, PartitionId};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Notify;

pub(crate) struct Couriers {
    pub peers: Peers,
    /// This node's own is woken by it.
    pub missed: Arc<Notify>,
}

impl Couriers {
    /// Tells the couriers of these requests to send again what is not answered.
    pub fn tell(&self, partition: PartitionId, requests: impl Iterator<Item = Origin>) {
        let nodes: BTreeSet<NodeId> = requests.map(|origin| origin.node.into()).collect();
        for node in nodes {
            if node == self.peers.me() {
                self.missed.notify_one();
            } else {
                self.peers.missed(node, partition);
            }
        }
    }
}
