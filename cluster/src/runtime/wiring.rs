//! The channels between the partitions of a node, and to the leaders of partitions on others.

use super::answers::Answers;
use super::carrier::Carrier;
use super::courier::Courier;
use super::intake::{Asked, CLIENTS_MAX, INBOUND_MAX, Inbound};
use super::peers::Peers;
use crate::raft::Leadership;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

/// Both ends of a queue.
type Queue<T> = (mpsc::Sender<T>, mpsc::Receiver<T>);

/// The ends of the channels between partitions, made before anybody works.
pub(super) struct Wiring {
    /// What pumps send to a partition.
    carried: BTreeMap<PartitionId, Ends<Inbound>>,
    /// By (source, destination): how far the destination has heard the source.
    heard: BTreeMap<(PartitionId, PartitionId), watch::Sender<u64>>,
    congested: BTreeMap<PartitionId, watch::Sender<bool>>,
}

/// Both ends of a channel; the receiving one is there until its partition takes it.
struct Ends<T>(mpsc::Sender<T>, Mutex<Option<mpsc::Receiver<T>>>);

impl<T> Ends<T> {
    fn new(places: usize) -> Ends<T> {
        let (sender, receiver) = mpsc::channel(places);
        Ends(sender, Mutex::new(Some(receiver)))
    }

    fn take(&self) -> mpsc::Receiver<T> {
        let mut receiver = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.take().expect("a partition is started once")
    }
}

impl Wiring {
    pub fn new(topology: &Topology) -> Wiring {
        let ids: Vec<PartitionId> = topology.partitions().map(|(id, _)| id).collect();
        let pairs = ids.iter().flat_map(|&from| ids.iter().map(move |&to| (from, to)));
        Wiring {
            carried: ids.iter().map(|&id| (id, Ends::new(INBOUND_MAX))).collect(),
            heard: pairs.map(|pair| (pair, watch::channel(1).0)).collect(),
            congested: ids.iter().map(|&id| (id, watch::channel(false).0)).collect(),
        }
    }

    /// Where a pump sends what is for a partition.
    pub fn to(&self, destination: PartitionId) -> mpsc::Sender<Inbound> {
        self.carried[&destination].0.clone()
    }

    pub fn congested(&self, id: PartitionId) -> &watch::Sender<bool> {
        &self.congested[&id]
    }

    /// How far each destination has heard a source.
    pub fn heard_from(&self, source: PartitionId) -> BTreeMap<PartitionId, watch::Receiver<u64>> {
        let mine = self.heard.iter().filter(|((from, _), _)| *from == source);
        mine.map(|((_, to), heard)| (*to, heard.subscribe())).collect()
    }

    /// Where a destination says how far it has heard each source.
    pub fn heard_by(&self, destination: PartitionId) -> BTreeMap<PartitionId, watch::Sender<u64>> {
        let mine = self.heard.iter().filter(|((_, to), _)| *to == destination);
        mine.map(|((from, _), heard)| (*from, heard.clone())).collect()
    }

    /// The ways into a partition; asked once for each.
    pub fn intake(&self, id: PartitionId) -> Intake {
        let clients = mpsc::channel(CLIENTS_MAX);
        let carried = &self.carried[&id];
        Intake {
            clients: clients.0.clone(),
            sequencer: clients.0,
            inbound: carried.0.clone(),
            asked: clients.1,
            batches: carried.take(),
        }
    }
}

/// The ways into a partition: where clients and pumps send, and what its sequencer takes.
pub(super) struct Intake {
    /// What clients of this node ask.
    pub clients: mpsc::Sender<Asked>,
    /// Straight to this node's sequencer: requests, and batches out of outboxes.
    pub sequencer: mpsc::Sender<Asked>,
    pub inbound: mpsc::Sender<Inbound>,
    pub asked: mpsc::Receiver<Asked>,
    pub batches: mpsc::Receiver<Inbound>,
}

impl Intake {
    /// The same where another node may lead: a courier and a carrier stand before the sequencer.
    pub fn by_way_of(
        self,
        id: PartitionId,
        peers: &Peers,
        leadership: &watch::Receiver<Leadership>,
        missed: &Arc<Notify>,
        answers: &Arc<Answers>,
        tasks: &mut JoinSet<()>,
    ) -> Intake {
        let (sequencer, asked): Queue<Asked> = mpsc::channel(CLIENTS_MAX);
        let (inbound, batches): Queue<Inbound> = mpsc::channel(INBOUND_MAX);
        let courier = Courier::new(
            id,
            sequencer.clone(),
            peers.clone(),
            leadership.clone(),
            missed.clone(),
            answers.clone(),
        );
        tasks.spawn(courier.run(self.asked));
        let carrier = Carrier {
            to: id,
            sequencer: inbound.clone(),
            peers: peers.clone(),
            leadership: leadership.clone(),
        };
        tasks.spawn(carrier.run(self.batches));
        Intake { clients: self.clients, sequencer, inbound, asked, batches }
    }
}
