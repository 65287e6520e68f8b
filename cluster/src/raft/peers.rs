//! The way to the other replicas of a partition: openraft's network over the links of the node.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{
    NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable,
};
use openraft::network::{Backoff, RPCOption, RPCTypes, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, ClientWriteResult, SnapshotResponse,
    TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{EmptyNode, OptionalSend, RaftTypeConfig, Snapshot};

use super::donor::Donor;
use super::error::SnapshotError;
use super::machine::Machine;
use super::network::SnapshotToken;
use super::replica::{Replica, Responder};
use super::types::{NodeId, RaftTypes, Term, Vote};
use super::wire;
use crate::link::{CallError, Lane, Links};
use crate::log::PartitionId;

/// The least time an append has. openraft allows it one heartbeat, in which a follower may not
/// even have done its fsync.
const APPEND_WITHIN: Duration = Duration::from_secs(1);

/// The pauses while a peer cannot be reached; the last is repeated.
const PAUSES_MS: [u64; 5] = [10, 20, 50, 100, 200];

/// Makes the ways from one replica of a partition to the others.
#[derive(Clone)]
pub struct PeerNetwork {
    links: Links,
    partition: PartitionId,
    donor: Donor,
}

impl PeerNetwork {
    /// The network of a partition. Its snapshots are read from `depot`.
    #[must_use]
    pub fn new(links: Links, partition: PartitionId, donor: Donor) -> Self {
        Self { links, partition, donor }
    }

    /// Gives a peer whose state is wrong the state of this replica, as of now. The peer has to
    /// await it.
    ///
    /// # Errors
    /// Why it does not have it; it may be tried again.
    pub async fn give_state<M, C>(
        &self,
        to: NodeId,
        replica: &Replica<M, C>,
    ) -> Result<(), SnapshotError>
    where
        M: Machine,
        C: RaftTypes + RaftTypeConfig<Responder<ClientWriteResult<C>> = Responder<C>>,
    {
        replica.trigger_snapshot().await?;
        let vote = replica.raft().metrics().borrow_watched().vote;
        let given = self.donor.give::<C>(&self.peer(to, Lane::Snapshots), vote, None).await;
        given.map(drop).map_err(|error| SnapshotError::Writing(error.to_string()))
    }

    fn peer(&self, target: NodeId, lane: Lane) -> Peer {
        let (links, donor) = (self.links.clone(), self.donor.clone());
        Peer { links, partition: self.partition, target, lane, donor }
    }
}

impl<C: RaftTypes> RaftNetworkFactory<C> for PeerNetwork {
    type Network = Peer;

    async fn new_client(&mut self, target: NodeId, _node: &EmptyNode) -> Peer {
        self.peer(target, Lane::Appends)
    }

    async fn new_heartbeat_client(&mut self, target: NodeId, _node: &EmptyNode) -> Peer {
        self.peer(target, Lane::Votes)
    }

    async fn new_snapshot_client(&mut self, target: NodeId, _node: &EmptyNode) -> Peer {
        self.peer(target, Lane::Snapshots)
    }
}

/// The way to one peer, for one purpose.
pub struct Peer {
    pub(super) links: Links,
    pub(super) partition: PartitionId,
    pub(super) target: NodeId,
    /// The lane of appends: heartbeats have another than entries.
    lane: Lane,
    donor: Donor,
}

impl Peer {
    async fn call<C: RaftTypes, T>(
        &self,
        (lane, kind, action): (Lane, u8, RPCTypes),
        body: Bytes,
        within: Duration,
        read: impl FnOnce(&[u8]) -> io::Result<Option<T>>,
    ) -> Result<T, RPCError<C>> {
        let called = self.links.call(self.target, lane, kind, body, within).await;
        let answer = called.map_err(|error| -> RPCError<C> {
            match error {
                CallError::Down(_) => Unreachable::<C>::new(&error).into(),
                CallError::Unknown(_) => {
                    let (id, target) = (self.links.me(), self.target);
                    Timeout::<C> { action, id, target, timeout: within }.into()
                }
                CallError::Full(_) | CallError::TooLarge { .. } => {
                    NetworkError::<C>::new(&error).into()
                }
            }
        })?;
        match read(&answer) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => {
                let (partition, target) = (self.partition, self.target);
                let gone = format!("node {target} runs no replica of {partition}");
                Err(Unreachable::<C>::from_string(gone).into())
            }
            Err(error) => Err(NetworkError::<C>::new(&error).into()),
        }
    }

    async fn ask_vote<C: RaftTypes>(
        &self,
        kind: u8,
        asked: VoteRequest<C>,
        option: &RPCOption,
    ) -> Result<VoteResponse<C>, RPCError<C>> {
        let body = wire::vote_request(self.partition, asked);
        let how = (Lane::Votes, kind, RPCTypes::Vote);
        self.call(how, body, option.hard_ttl(), wire::read_voted).await
    }
}

impl<C: RaftTypes> RaftNetworkV2<C> for Peer {
    type SnapshotData = SnapshotToken;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<C>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<C>, RPCError<C>> {
        let within = match self.lane {
            Lane::Votes => option.hard_ttl(),
            _ => option.hard_ttl().max(APPEND_WITHIN),
        };
        let body = wire::append_request(self.partition, request);
        let body = body.map_err(|error| NetworkError::<C>::new(&error))?;
        let how = (self.lane, wire::APPEND, RPCTypes::AppendEntries);
        self.call(how, body, within, wire::read_appended).await
    }

    async fn vote(
        &mut self,
        request: VoteRequest<C>,
        option: RPCOption,
    ) -> Result<VoteResponse<C>, RPCError<C>> {
        self.ask_vote(wire::VOTE, request, &option).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<C>,
        option: RPCOption,
    ) -> Result<VoteResponse<C>, RPCError<C>> {
        self.ask_vote(wire::PRE_VOTE, request, &option).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<Term, NodeId, EmptyNode, SnapshotToken>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<C>, StreamingError<C>> {
        self.donor.send(self, vote, snapshot.meta.last_log_id, cancel).await
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<C>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<C>, RPCError<C>> {
        let body = wire::transfer_request(self.partition, &request);
        let how = (Lane::Votes, wire::TRANSFER, RPCTypes::TransferLeader);
        self.call(how, body, option.hard_ttl(), wire::read_transferred).await
    }

    fn backoff(&self) -> Option<Backoff> {
        let longest = PAUSES_MS.last().copied().into_iter().cycle();
        Some(Backoff::new(PAUSES_MS.into_iter().chain(longest).map(Duration::from_millis)))
    }
}
