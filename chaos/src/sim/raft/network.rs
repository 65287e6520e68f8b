//! The network under consensus: the world's links, one call at a time.
//!
//! The wire is outside of all processes; the handler of a call runs in the target's. A lost reply
//! is never an early error: the caller's time runs out.

use super::hub::{Hub, sleep};
use super::runtime::{NodeRuntime, OUTSIDE, spawn_in};
use super::types::{SimRaft, SimTypes, SimVote, Snapshot};
use super::words;
use crate::sim::conversation::said;
use crate::sim::words::{MS, Moment, NodeId};
use bytes::Bytes;
use hoga_engine::ids::PartitionId;
use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Timeout};
use openraft::network::{RPCOption, RPCTypes, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{AsyncRuntime, EmptyNode, OptionalSend};
use std::future::Future;
use std::time::Duration;
use tokio::sync::oneshot;

/// An append may take this long, whatever consensus says: what it says is the heartbeat interval.
const APPEND_WITHIN: Duration = Duration::from_secs(1);
/// A snapshot takes at most this long on its way.
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(4);

#[derive(Clone)]
pub struct Network {
    pub hub: Hub,
    pub from: NodeId,
    pub partition: PartitionId,
}

impl RaftNetworkFactory<SimTypes> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: NodeId, _: &EmptyNode) -> Peer {
        Peer { network: self.clone(), target, is_heartbeat: false }
    }

    async fn new_heartbeat_client(&mut self, target: NodeId, _: &EmptyNode) -> Peer {
        Peer { network: self.clone(), target, is_heartbeat: true }
    }
}

/// The way to one peer.
pub struct Peer {
    network: Network,
    target: NodeId,
    is_heartbeat: bool,
}

impl Peer {
    /// Calls the peer; none when no answer came in time.
    async fn call<T, F, Fut>(&self, within: Duration, handle: F) -> Option<T>
    where
        T: Send + 'static,
        F: Fn(SimRaft, Hub) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Option<T>> + Send + 'static,
    {
        let Network { hub, from, partition } = self.network.clone();
        let (to, (sender, answer)) = (self.target, oneshot::channel());
        let mut sender = Some(sender);
        for delay in hub.fate(from, to).into_iter().flatten() {
            let (hub, handle, sender) = (hub.clone(), handle.clone(), sender.take());
            spawn_in(OUTSIDE, async move {
                sleep(delay).await;
                if hub.is_cut(from, to) {
                    return;
                }
                let Some((scope, raft)) = hub.raft(to, partition) else { return };
                spawn_in(scope, async move {
                    let Some(result) = handle(raft, hub.clone()).await else { return };
                    let Some(sender) = sender else { return };
                    let [Some(back), _] = hub.fate(to, from) else { return lost(sender) };
                    spawn_in(OUTSIDE, async move {
                        sleep(back).await;
                        if hub.is_cut(to, from) {
                            return lost(sender);
                        }
                        drop(sender.send(result));
                    });
                });
            });
        }
        match NodeRuntime::timeout(within, answer).await {
            Ok(Ok(result)) => Some(result),
            // Dropped on the way: the time has to run out all the same.
            Ok(Err(_)) => {
                NodeRuntime::sleep(within).await;
                None
            }
            Err(_) => None,
        }
    }

    /// Writes down what is said to the peer.
    fn say(&self, what: impl FnOnce() -> String) {
        let Network { hub, from, partition } = &self.network;
        hub.say(*partition, || said(*from, self.target, &what()));
    }

    /// The same of what the peer answers.
    fn answers<T>(&self, what: fn(&T) -> String) -> impl Fn(&Hub, &T) + Clone + use<T> {
        let (to, from, partition) = (self.network.from, self.target, self.network.partition);
        move |hub, answer| hub.say(partition, || said(from, to, &what(answer)))
    }

    fn timeout(&self, action: RPCTypes, timeout: Duration) -> Timeout<SimTypes> {
        Timeout { action, id: self.network.from, target: self.target, timeout }
    }
}

/// Keeps the caller waiting for ever.
fn lost<T: Send + 'static>(sender: oneshot::Sender<T>) {
    drop(sender);
}

impl RaftNetworkV2<SimTypes> for Peer {
    type SnapshotData = Bytes;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<SimTypes>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<SimTypes>, RPCError<SimTypes>> {
        let within = if self.is_heartbeat {
            option.soft_ttl()
        } else {
            option.hard_ttl().max(APPEND_WITHIN)
        };
        let has_entries = !rpc.entries.is_empty();
        if has_entries {
            self.network.hub.moment(Moment::AppendSent, self.network.from);
            self.say(|| words::append(&rpc));
        }
        let target = self.target;
        let tell = self.answers(words::appended);
        let handle = move |raft: SimRaft, hub: Hub| {
            let (rpc, tell) = (rpc.clone(), tell.clone());
            async move {
                let result = raft.append_entries(rpc).await.ok();
                if has_entries {
                    hub.moment(Moment::AppendTaken, target);
                    result.iter().for_each(|answer| tell(&hub, answer));
                }
                result
            }
        };
        let answer = self.call(within, handle).await;
        answer.ok_or_else(|| self.timeout(RPCTypes::AppendEntries, within).into())
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<SimTypes>,
        option: RPCOption,
    ) -> Result<VoteResponse<SimTypes>, RPCError<SimTypes>> {
        let within = option.soft_ttl();
        let target = self.target;
        self.say(|| words::vote("elect me", &rpc));
        let tell = self.answers(words::voted);
        let handle = move |raft: SimRaft, hub: Hub| {
            let (rpc, tell) = (rpc.clone(), tell.clone());
            async move {
                let result = raft.vote(rpc).await.ok();
                result.iter().for_each(|answer| tell(&hub, answer));
                if result.as_ref().is_some_and(|vote| vote.vote_granted) {
                    hub.moment(Moment::VoteGranted, target);
                }
                result
            }
        };
        let answer = self.call(within, handle).await;
        answer.ok_or_else(|| self.timeout(RPCTypes::Vote, within).into())
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<SimTypes>,
        option: RPCOption,
    ) -> Result<VoteResponse<SimTypes>, RPCError<SimTypes>> {
        let within = option.soft_ttl();
        self.say(|| words::vote("would you elect me", &rpc));
        let tell = self.answers(words::voted);
        let handle = move |raft: SimRaft, hub: Hub| {
            let (rpc, tell) = (rpc.clone(), tell.clone());
            async move {
                let result = raft.pre_vote(rpc).await.ok();
                result.iter().for_each(|answer| tell(&hub, answer));
                result
            }
        };
        let answer = self.call(within, handle).await;
        answer.ok_or_else(|| self.timeout(RPCTypes::Vote, within).into())
    }

    async fn full_snapshot(
        &mut self,
        vote: SimVote,
        snapshot: Snapshot,
        _: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _: RPCOption,
    ) -> Result<SnapshotResponse<SimTypes>, StreamingError<SimTypes>> {
        self.say(|| "a snapshot".into());
        // It travels in pieces, on a channel of its own.
        let pieces = 1 + snapshot.snapshot.len() as u64 / 65_536;
        sleep(pieces * 3 * MS).await;
        let handle = move |raft: SimRaft, _: Hub| {
            let snapshot = snapshot.clone();
            async move { raft.install_full_snapshot(vote, snapshot).await.ok() }
        };
        let answer = self.call(SNAPSHOT_WITHIN, handle).await;
        answer.ok_or_else(|| {
            StreamingError::Timeout(self.timeout(RPCTypes::InstallSnapshot, SNAPSHOT_WITHIN))
        })
    }

    async fn transfer_leader(
        &mut self,
        rpc: TransferLeaderRequest<SimTypes>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<SimTypes>, RPCError<SimTypes>> {
        let within = option.soft_ttl();
        let handle = move |raft: SimRaft, _: Hub| {
            let rpc = rpc.clone();
            async move { raft.handle_transfer_leader(rpc).await.ok() }
        };
        let answer = self.call(within, handle).await;
        answer.ok_or_else(|| self.timeout(RPCTypes::TransferLeader, within).into())
    }
}
