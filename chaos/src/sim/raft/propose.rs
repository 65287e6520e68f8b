//! What the world asks of a running replica: proposals, barriers, snapshots, leadership.

use super::hub::{Hub, sleep};
use super::runtime::spawn_in;
use super::types::SimTypes;
use crate::sim::words::{Fate, MS, NodeId};
use bytes::Bytes;
use hoga_cluster::log::{LogError, PartitionId as LogId};
use hoga_cluster::raft::Batch;
use hoga_engine::ids::PartitionId;
use openraft::ReadPolicy;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, LinearizableReadError, RaftError};
use openraft::impls::ProgressResponder;
use openraft::raft::ClientWriteResult;
use std::time::Duration;

/// Proposes a batch as the product's replica does: room first, then consensus, then the answer
/// when it is applied here.
pub fn propose(hub: &Hub, node: NodeId, partition: PartitionId, ticket: u64, batch: Bytes) {
    let Some((scope, raft)) = hub.raft(node, partition) else {
        return hub.proposed(node, partition, ticket, Fate::NotLeader(None));
    };
    let log = {
        let shared = hub.lock();
        let log = shared.processes.get(&node).map(|process| process.log.clone());
        log.map(|log| log.partition(LogId(partition.0.into())))
    };
    let (Some(log), hub) = (log, hub.clone()) else { return };
    spawn_in(scope, async move {
        let room = match log.reserve(batch.len()).await {
            Ok(room) => room,
            Err(error) => {
                let is_full = matches!(error, LogError::Full { .. });
                let fate = if is_full { Fate::Full } else { Fate::NotLeader(None) };
                return hub.proposed(node, partition, ticket, fate);
            }
        };
        type Responder = ProgressResponder<SimTypes, ClientWriteResult<SimTypes>>;
        let (responder, answer) = Responder::complete_only();
        if raft.client_write_ff(Batch(batch), Some(responder)).await.is_err() {
            return hub.proposed(node, partition, ticket, Fate::NotLeader(None));
        }
        let fate = match answer.await {
            Ok(Ok(done)) => Fate::Done(done.log_id.index + 1),
            Ok(Err(ClientWriteError::ForwardToLeader(to))) => {
                Fate::NotLeader(to.leader_id.filter(|leader| *leader != node))
            }
            Ok(Err(_)) | Err(_) => Fate::Unknown,
        };
        drop(room);
        hub.proposed(node, partition, ticket, fate);
    });
}

/// Waits until a read may be answered here.
pub fn barrier(hub: &Hub, node: NodeId, partition: PartitionId, ticket: u64) {
    let Some((scope, raft)) = hub.raft(node, partition) else {
        return hub.proposed(node, partition, ticket, Fate::NotLeader(None));
    };
    let hub = hub.clone();
    spawn_in(scope, async move {
        let fate = match raft.ensure_linearizable(ReadPolicy::ReadIndex).await {
            Ok(reached) => Fate::Done(reached.index() + 1),
            Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(to))) => {
                Fate::NotLeader(to.leader_id.filter(|leader| *leader != node))
            }
            Err(_) => Fate::Unknown,
        };
        hub.proposed(node, partition, ticket, fate);
    });
}

/// A snapshot is durable: consensus hears of it, and the log is cut behind the older one.
pub fn shorten(hub: &Hub, node: NodeId, partition: PartitionId) {
    let Some((scope, raft)) = hub.raft(node, partition) else { return };
    let newest = {
        let mut shared = hub.lock();
        let newest = shared.world.newest(node, partition);
        if let Some((generation, needless)) = &newest
            && let Some(machine) = shared.machines.get_mut(&node)
        {
            // What belongs to snapshots that are gone goes, too.
            let oldest = needless.unwrap_or(generation.index);
            machine.kept.retain(|(of, index), _| *of != partition || *index >= oldest);
        }
        newest
    };
    let Some((generation, needless)) = newest else { return };
    spawn_in(scope, async move {
        let reached = |index: u64| index + 1 >= generation.index;
        let known = raft.metrics().borrow_watched().snapshot;
        if !known.is_some_and(|known| reached(known.index)) {
            if raft.trigger().snapshot().await.is_err() {
                return;
            }
            let wait = raft.wait(Some(Duration::from_secs(10)));
            let is_noted = |metrics: &openraft::RaftMetrics<SimTypes>| {
                metrics.snapshot.is_some_and(|known| reached(known.index))
            };
            if wait.metrics(is_noted, "the snapshot is noted").await.is_err() {
                return;
            }
        }
        if let Some(index) = needless.and_then(|index| index.checked_sub(1)) {
            raft.trigger().purge_log(index).await.ok();
        }
    });
}

/// Whoever leads is asked to hand over.
pub fn transfer(hub: &Hub, partition: PartitionId, to: NodeId) {
    let leader = hub.lock().world.leader(partition);
    let Some(leader) = leader.filter(|leader| *leader != to) else { return };
    let Some((scope, raft)) = hub.raft(leader, partition) else { return };
    spawn_in(scope, async move {
        sleep(MS).await;
        raft.trigger().transfer_leader(to).await.ok();
    });
}
