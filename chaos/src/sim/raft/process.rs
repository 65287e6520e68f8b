//! A node's process: opening its log, starting its replicas, writing to its disk.

use super::disk::SimDisk;
use super::hub::{Hub, Machinery, Process, Steps, sleep};
use super::machine::Machine;
use super::network::Network;
use super::runtime::{self, Scope, spawn_in};
use super::store::Store;
use super::types::SimRaft;
use crate::sim::mutants::Mutant;
use crate::sim::words::{Broken, DiskState, Down, MS, NodeId};
use hoga_cluster::log::{LogOptions, LogSteps, PartitionId as LogId, SegmentLog};
use hoga_cluster::raft::{LogStore, ReplicaSettings};
use hoga_engine::ids::PartitionId;
use hoga_engine::pit::Chooser;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::{Config, EmptyNode};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Segments and writes small enough that a run rolls over many of them.
fn sizes() -> LogOptions {
    LogOptions {
        segment_bytes: 256 << 10,
        write_bytes_max: 32 << 10,
        queue_requests_max: 256,
        cache_bytes_max: 64 << 10,
        spare_segments: 2,
        stale_segments: 8,
    }
}

/// Starts a node; its founders are the nodes that the cluster began with.
pub fn start(hub: &Hub, node: NodeId, scope: Scope, founders: &[NodeId]) {
    let (disk, mutant) = {
        let mut shared = hub.lock();
        let mutant = shared.world.mutant;
        let lies = mutant == Some(Mutant::NoFsync);
        let machine = shared.machines.entry(node).or_insert_with(|| Machinery {
            disk: SimDisk::new(lies),
            state: DiskState::Sound,
            kept: BTreeMap::new(),
        });
        if machine.state == DiskState::Failing {
            // Whoever starts a node again has mended its disk.
            machine.state = DiskState::Sound;
            machine.disk.set_failing(false);
        }
        (machine.disk.clone(), mutant)
    };
    let opened = SegmentLog::open_stepped(Arc::new(disk.clone()), sizes());
    let (log, steps) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let what = format!("the log of node {node} does not open: {error}");
            hub.lock().world.found(Err(Broken { invariant: "LOG-1", what }));
            return;
        }
    };
    let steps: Steps = Arc::new(Mutex::new(Some(steps)));
    let reached = {
        let mut shared = hub.lock();
        let reached = shared.world.boot(node);
        let (rafts, steps, log) = (BTreeMap::new(), steps.clone(), log.clone());
        shared.processes.insert(node, Process { scope, rafts, log, steps });
        reached
    };
    spawn_in(scope, write(hub.clone(), node, steps, disk));
    let founds = founders.contains(&node);
    for (partition, applied) in reached {
        let settings = {
            let shared = hub.lock();
            let swarm = &shared.world.swarm;
            ReplicaSettings {
                heartbeat_ms: swarm.heartbeat_ms,
                election_ms_min: swarm.election_ms.0,
                election_ms_max: swarm.election_ms.1,
                ..ReplicaSettings::founded_by(founders.iter().copied())
            }
        };
        let Ok(config) = settings.config(LogId(partition.0.into())) else { return };
        let mut config = Config::clone(&config);
        if mutant == Some(Mutant::LeaderRestored) {
            config.enable_leader_restore = None;
        }
        let replica = Replica { hub: hub.clone(), node, partition, applied, founds };
        let store = Store::new(LogStore::new(log.partition(LogId(partition.0.into()))), mutant);
        let founders = founders.to_vec();
        spawn_in(scope, replica.run(store, config, founders));
    }
}

struct Replica {
    hub: Hub,
    node: NodeId,
    partition: PartitionId,
    applied: u64,
    founds: bool,
}

impl Replica {
    /// Takes part until its process is gone.
    async fn run(self, store: Store, config: Config, founders: Vec<NodeId>) {
        let Replica { hub, node, partition, applied, founds } = self;
        let machine = Machine::new(hub.clone(), node, partition, applied);
        let network = Network { hub: hub.clone(), from: node, partition };
        let started = SimRaft::new(node, Arc::new(config), network, store, machine).await;
        let raft: SimRaft = match started {
            Ok(raft) => raft,
            Err(error) => {
                let what = format!("{} of node {node} does not start: {error}", partition.0);
                hub.lock().world.found(Err(Broken { invariant: "LOG-1", what }));
                return;
            }
        };
        if let Some(process) = hub.lock().processes.get_mut(&node) {
            process.rafts.insert(partition, raft.clone());
        }
        if founds && raft.is_initialized().await.is_ok_and(|is| !is) {
            let founders: BTreeMap<NodeId, EmptyNode> =
                founders.into_iter().map(|it| (it, EmptyNode {})).collect();
            // A peer may have been quicker.
            raft.initialize(founders).await.ok();
        }
        let mut metrics = raft.server_metrics();
        loop {
            let (leader, term) = {
                let metrics = metrics.borrow_watched();
                let is_me = metrics.current_leader == Some(node);
                let leader = metrics.current_leader;
                (
                    leader.filter(|_| !is_me || metrics.state.is_leader()),
                    metrics.vote.leader_id.term,
                )
            };
            hub.lead(node, partition, leader, term);
            if metrics.changed().await.is_err() {
                return;
            }
        }
    }
}

/// The log's thread: waits for requests, takes a disk's time, writes and syncs.
async fn write(hub: Hub, node: NodeId, steps: Steps, disk: SimDisk) {
    loop {
        let mut mine = take(&steps);
        let asked = match &mut mine {
            Some(steps) => steps.asked().await,
            None => return,
        };
        if !asked {
            return;
        }
        put(&steps, mine);
        let delay = {
            let mut shared = hub.lock();
            let (least, most) = shared.world.swarm.fsync;
            let delay = least + shared.world.dice.below(most - least + 1);
            match shared.machines.get(&node).map(|machine| machine.state) {
                Some(DiskState::Slow(extra)) => delay + extra,
                _ => delay,
            }
        };
        sleep(delay).await;
        let Some(mut mine) = take(&steps) else { return };
        let (written, failed) = (mine.write(), disk.has_failed());
        put(&steps, Some(mine));
        if failed {
            // A failed fsync is never tried again: the process ends itself.
            let mut shared = hub.lock();
            shared.world.failed(node);
            hub.changed.notify_one();
        }
        if !written {
            // No space: somebody may make some.
            sleep(50 * MS).await;
        }
    }
}

fn take(steps: &Steps) -> Option<LogSteps> {
    steps.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn put(steps: &Steps, mine: Option<LogSteps>) {
    *steps.lock().unwrap_or_else(PoisonError::into_inner) = mine;
}

/// Ends a node's process; what it was writing may be written in part.
pub fn stop(hub: &Hub, node: NodeId, down: Down, dice: &mut Chooser) {
    let Some(process) = hub.lock().processes.remove(&node) else { return };
    let disk = hub.lock().machines.get(&node).map(|machine| machine.disk.clone());
    let Some(disk) = disk else { return };
    runtime::kill(process.scope);
    // A write that was on its way may have reached the device, whole or torn, without an answer.
    if dice.below(2) == 0
        && let Some(mut steps) = take(&process.steps)
    {
        disk.set_failing(true);
        steps.write();
    }
    let is_torn = match down {
        Down::Power => disk.lose_power(dice),
        Down::Kill => {
            disk.lose_process();
            false
        }
    };
    hub.lock().world.tally.torn += u64::from(is_torn);
    drop(process);
}

/// A log that was damaged behind its owner's back has to refuse.
pub fn opens(disk: &SimDisk) -> bool {
    SegmentLog::open_stepped(Arc::new(disk.clone()), sizes()).is_ok()
}
