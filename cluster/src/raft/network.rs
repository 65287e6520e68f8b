//! The way to other replicas. For now there is none: a partition with one voter needs none.

use std::future::Future;

use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse,
};
use openraft::{EmptyNode, OptionalSend, Snapshot};

use super::types::{NodeId, RaftTypes, Term, Vote};

/// Stands for a snapshot inside openraft; its bytes travel on a channel of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotToken;

/// Reaches nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNetwork;

impl<C: RaftTypes> RaftNetworkFactory<C> for NoNetwork {
    type Network = NoPeer;

    async fn new_client(&mut self, target: NodeId, _node: &EmptyNode) -> NoPeer {
        NoPeer { target }
    }
}

/// A peer that never answers.
#[derive(Clone, Copy, Debug)]
pub struct NoPeer {
    target: NodeId,
}

impl NoPeer {
    fn unreachable<C: RaftTypes>(&self) -> Unreachable<C> {
        Unreachable::from_string(format!("no way to node {}", self.target))
    }
}

impl<C: RaftTypes> RaftNetworkV2<C> for NoPeer {
    type SnapshotData = SnapshotToken;

    async fn append_entries(
        &mut self,
        _request: AppendEntriesRequest<C>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<C>, RPCError<C>> {
        Err(self.unreachable().into())
    }

    async fn vote(
        &mut self,
        _request: VoteRequest<C>,
        _option: RPCOption,
    ) -> Result<VoteResponse<C>, RPCError<C>> {
        Err(self.unreachable().into())
    }

    /// openraft's own default grants what nobody was asked for.
    async fn pre_vote(
        &mut self,
        _request: VoteRequest<C>,
        _option: RPCOption,
    ) -> Result<VoteResponse<C>, RPCError<C>> {
        Err(self.unreachable().into())
    }

    async fn full_snapshot(
        &mut self,
        _vote: Vote,
        _snapshot: Snapshot<Term, NodeId, EmptyNode, SnapshotToken>,
        _cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<C>, StreamingError<C>> {
        Err(self.unreachable().into())
    }
}
