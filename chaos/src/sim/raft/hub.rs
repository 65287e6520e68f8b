//! What all tasks of a run share: the world, and the processes and disks under it.

use super::disk::SimDisk;
use super::runtime::{NodeRuntime, Scope};
use super::types::{Members, SimLogId, SimRaft};
use crate::sim::words::{DiskState, Fate, MS, Moment, Nanos, NodeId};
use crate::sim::world::{Generation, World};
use bytes::Bytes;
use hoga_cluster::log::{LogSteps, SegmentLog};
use hoga_engine::ids::PartitionId;
use openraft::{AsyncRuntime, Instant};
use openraft_rt_sim::SimInstant;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What consensus wants to have back with a snapshot.
#[derive(Clone, Debug)]
pub struct Kept {
    pub last: Option<SimLogId>,
    pub members: Members,
}

/// A write that was asked for and is on its way to the disk.
pub type Steps = Arc<Mutex<Option<LogSteps>>>;

/// A running process.
pub struct Process {
    pub scope: Scope,
    pub rafts: BTreeMap<PartitionId, SimRaft>,
    pub log: SegmentLog,
    pub steps: Steps,
}

/// What a node keeps when its process is gone.
pub struct Machinery {
    pub disk: SimDisk,
    pub state: DiskState,
    pub kept: BTreeMap<(PartitionId, u64), Kept>,
}

pub struct Shared {
    pub world: World,
    pub processes: BTreeMap<NodeId, Process>,
    pub machines: BTreeMap<NodeId, Machinery>,
}

/// Clones share it. It is never held across an await.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Mutex<Shared>>,
    pub changed: Arc<Notify>,
    /// Somebody wants to read what is said.
    is_overheard: bool,
}

/// Virtual time since the run began.
pub fn now() -> Nanos {
    SimInstant::now().elapsed_since_start().as_nanos() as Nanos
}

pub async fn sleep(nanos: Nanos) {
    NodeRuntime::sleep(Duration::from_nanos(nanos)).await;
}

pub async fn pause_ms(ms: u64) {
    sleep(ms * MS).await;
}

impl Hub {
    #[must_use]
    pub fn new(world: World) -> Hub {
        let (processes, machines) = Default::default();
        let is_overheard = world.swarm.conversation.is_some();
        let shared = Arc::new(Mutex::new(Shared { world, processes, machines }));
        Hub { shared, changed: Arc::new(Notify::new()), is_overheard }
    }

    pub fn lock(&self) -> MutexGuard<'_, Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        // Only within a run is there a time.
        if let Some(at) = SimInstant::try_now() {
            let at = at.elapsed_since_start().as_nanos() as Nanos;
            shared.world.now = shared.world.now.max(at);
        }
        shared
    }

    /// Changes the world, and lets the driver see what follows.
    fn tell<T>(&self, act: impl FnOnce(&mut Shared) -> T) -> T {
        let told = act(&mut self.lock());
        self.changed.notify_one();
        told
    }

    pub fn apply(
        &self,
        node: NodeId,
        partition: PartitionId,
        index: u64,
        term: u64,
        batch: Option<&Bytes>,
        kept: Kept,
    ) {
        self.tell(|shared| {
            let captured = shared.world.apply(node, partition, index, term, batch);
            if captured && let Some(machine) = shared.machines.get_mut(&node) {
                machine.kept.insert((partition, index), kept);
            }
        });
    }

    pub fn install(
        &self,
        node: NodeId,
        partition: PartitionId,
        generation: Generation,
        kept: Kept,
    ) {
        self.tell(|shared| {
            if let Some(machine) = shared.machines.get_mut(&node) {
                machine.kept.insert((partition, generation.index), kept);
            }
            shared.world.install(node, partition, generation);
        });
    }

    pub fn lead(&self, node: NodeId, partition: PartitionId, leader: Option<NodeId>, term: u64) {
        self.tell(|shared| {
            if leader == Some(node) {
                let elected = shared.world.witness.elected(node, partition, term);
                shared.world.found(elected);
            }
            shared.world.lead(node, partition, leader);
        });
    }

    pub fn proposed(&self, node: NodeId, partition: PartitionId, ticket: u64, fate: Fate) {
        self.tell(|shared| shared.world.proposed(node, partition, ticket, fate));
    }

    pub fn say(&self, partition: PartitionId, line: impl FnOnce() -> String) {
        if self.is_overheard {
            self.lock().world.say(&[partition], line);
        }
    }

    pub fn moment(&self, moment: Moment, node: NodeId) {
        self.tell(|shared| shared.world.moment(moment, node));
    }

    /// When the copies of a message arrive.
    pub fn fate(&self, from: NodeId, to: NodeId) -> [Option<Nanos>; 2] {
        self.lock().world.links.fate(from, to)
    }

    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.lock().world.links.is_cut(from, to)
    }

    /// A running replica, with its process.
    pub fn raft(&self, node: NodeId, partition: PartitionId) -> Option<(Scope, SimRaft)> {
        let shared = self.lock();
        let process = shared.processes.get(&node)?;
        Some((process.scope, process.rafts.get(&partition)?.clone()))
    }

    pub fn kept(&self, node: NodeId, partition: PartitionId, index: u64) -> Option<Kept> {
        self.lock().machines.get(&node)?.kept.get(&(partition, index)).cloned()
    }

    /// The newest durable snapshot of a replica, as consensus wants it.
    pub fn newest(&self, node: NodeId, partition: PartitionId) -> Option<(Generation, Kept)> {
        let shared = self.lock();
        let (generation, _) = shared.world.newest(node, partition)?;
        let kept = shared.machines.get(&node)?.kept.get(&(partition, generation.index)).cloned()?;
        Some((generation, kept))
    }
}
