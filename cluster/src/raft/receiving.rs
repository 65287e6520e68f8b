//! What other nodes ask of the replicas of this one.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use openraft::Snapshot;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::metrics::RaftMetrics;
use openraft::raft::AppendEntriesResponse;

use super::applier::Applier;
use super::arrival::Arrivals;
use super::carriage::{NameForm, Reply, Saying, decode_stored, hear};
use super::codec;
use super::depot::Depot;
use super::error::SnapshotError;
use super::leadership;
use super::machine::{Machine, SnapshotMeta};
use super::network::SnapshotToken;
use super::replica::Replica;
use super::types::{NodeId, RaftSnapshotMeta, RaftTypes, Vote};
use super::wire;
use crate::link::Handler;
use crate::log::PartitionId;

/// Whether entries or a heartbeat came from a leader that is none any more.
fn is_refused<C: RaftTypes>(answer: &AppendEntriesResponse<C>) -> bool {
    matches!(answer, AppendEntriesResponse::HigherVote(_))
}

/// How long a replica whose state is replaced may take to apply as far as that reaches.
const APPLIED_WITHIN: Duration = Duration::from_secs(10);

/// Hands what other nodes ask to the replica that they ask. Replicas come and go.
///
/// It takes the kinds in [`super::KINDS`]; a node's handler gives it those and keeps the others.
#[derive(Clone, Default)]
pub struct RaftHandler {
    replicas: Arc<RwLock<BTreeMap<PartitionId, Arc<dyn Receives>>>>,
}

impl RaftHandler {
    /// From now on a replica is heard. Snapshots for it are put into `depot`.
    pub fn add<M: Machine, C: RaftTypes>(
        &self,
        partition: PartitionId,
        replica: &Replica<M, C>,
        depot: Arc<dyn Depot>,
    ) {
        let inlet = Inlet { replica: replica.clone(), arrivals: Arrivals::new(depot) };
        let mut replicas = self.replicas.write().unwrap_or_else(PoisonError::into_inner);
        replicas.insert(partition, Arc::new(inlet));
    }

    /// The replica of a partition is heard no more; who asks it is told so.
    pub fn remove(&self, partition: PartitionId) {
        self.replicas.write().unwrap_or_else(PoisonError::into_inner).remove(&partition);
    }
}

impl Handler for RaftHandler {
    fn handle(&self, from: NodeId, kind: u8, body: Bytes) -> BoxFuture<'static, Option<Bytes>> {
        let (partition, request) = match wire::addressee(body) {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(from, kind, %error, "a request that is none");
                return std::future::ready(None).boxed();
            }
        };
        let replicas = self.replicas.read().unwrap_or_else(PoisonError::into_inner);
        match replicas.get(&partition) {
            Some(replica) => Arc::clone(replica).receive(from, kind, request),
            None => std::future::ready(Some(wire::not_here())).boxed(),
        }
    }
}

/// A replica of whatever machine.
trait Receives: Send + Sync {
    fn receive(
        self: Arc<Self>,
        from: NodeId,
        kind: u8,
        request: Bytes,
    ) -> BoxFuture<'static, Option<Bytes>>;
}

struct Inlet<M: Machine, C: RaftTypes> {
    replica: Replica<M, C>,
    arrivals: Arc<Arrivals>,
}

impl<M: Machine, C: RaftTypes> Receives for Inlet<M, C> {
    fn receive(
        self: Arc<Self>,
        from: NodeId,
        kind: u8,
        request: Bytes,
    ) -> BoxFuture<'static, Option<Bytes>> {
        let answering = async move {
            let answered = match kind {
                wire::APPEND => self.replica.receive_append(&request).await,
                wire::VOTE => self.replica.receive_vote(&request).await,
                wire::PRE_VOTE => self.replica.receive_pre_vote(&request).await,
                wire::TRANSFER => self.replica.receive_transfer(&request).await,
                wire::SNAPSHOT => self.receive_snapshot(from, request).await,
                other => Err(codec::damaged(format!("the unknown kind {other}"))),
            };
            match answered {
                Ok(answer) => Some(answer),
                Err(error) => {
                    tracing::error!(from, kind, %error, "a request that is not understood");
                    None
                }
            }
        };
        answering.boxed()
    }
}

impl<M: Machine, C: RaftTypes> Inlet<M, C> {
    async fn receive_snapshot(&self, from: NodeId, request: Bytes) -> io::Result<Bytes> {
        let (saying, bytes) = hear(&request)?;
        let reply = match saying {
            Saying::Offer { vote, name } => self.offered(from, vote.into(), name).await,
            Saying::Block { name, number, cursor, crc } => {
                let bytes = request.slice_ref(bytes);
                self.arrivals.block((from, &name), number, cursor, (crc, bytes)).await
            }
            Saying::Done { vote, name, blocks } => {
                return self.install(from, vote.into(), name, blocks).await;
            }
            Saying::Abandoned { name } => {
                self.arrivals.abandon(from, &name).await;
                Reply::NotNeeded
            }
        };
        Ok(wire::answer(&reply))
    }

    async fn offered(&self, from: NodeId, vote: Vote, name: NameForm) -> Reply {
        if !self.replica.awaits_state()
            && let Some(reply) = self.no_need(vote, &name)
        {
            return reply;
        }
        self.arrivals.offered(from, name).await
    }

    /// Whether the snapshot is of an earlier leader, or older than what this replica has.
    fn no_need(&self, vote: Vote, name: &NameForm) -> Option<Reply> {
        let metrics = self.replica.raft().metrics();
        let (mine, applied) = {
            let now = metrics.borrow_watched();
            (now.vote, now.last_applied)
        };
        if mine > vote {
            return Some(Reply::HigherVote { vote: mine.into() });
        }
        let has_it = applied.is_some_and(|applied| applied.index >= name.meta().last.index);
        has_it.then_some(Reply::NotNeeded)
    }

    async fn install(
        &self,
        from: NodeId,
        vote: Vote,
        name: NameForm,
        blocks: u64,
    ) -> io::Result<Bytes> {
        if self.replica.awaits_state() && self.replica.has_logged(name.meta().last.index) {
            return self.reinstall(from, name, blocks).await;
        }
        match self.no_need(vote, &name) {
            // openraft sees that it has the entries, and what it has to answer.
            Some(Reply::NotNeeded) => self.arrivals.abandon(from, &name).await,
            Some(reply) => return Ok(wire::answer(&reply)),
            None => {
                if let Err(reply) = self.arrivals.finish(from, &name, blocks).await {
                    return Ok(wire::answer(&reply));
                }
            }
        }
        let meta = name.meta();
        let meta = RaftSnapshotMeta {
            last_log_id: Some(codec::log_id(meta.last)),
            last_membership: decode_stored(&meta.membership)?,
        };
        let snapshot = Snapshot { meta, snapshot: SnapshotToken };
        Ok(match self.replica.raft().install_full_snapshot(vote, snapshot).await {
            Ok(installed) => {
                // From the older snapshot the log reaches no further: there would be nothing to
                // fall back to.
                self.replica.renew_snapshots();
                wire::answer(&Reply::Installed { vote: installed.vote.into() })
            }
            Err(_) => wire::not_here(),
        })
    }
}

impl<M: Machine, C: RaftTypes> Inlet<M, C> {
    /// Takes a state in the place of one that is wrong; openraft, which takes no older state than
    /// it has, does not hear of it.
    async fn reinstall(&self, from: NodeId, name: NameForm, blocks: u64) -> io::Result<Bytes> {
        if let Err(reply) = self.arrivals.finish(from, &name, blocks).await {
            return Ok(wire::answer(&reply));
        }
        Ok(match self.replica.reinstall(name.meta()).await {
            Ok(vote) => wire::answer(&Reply::Installed { vote: vote.into() }),
            Err(error) => wire::answer(&Reply::Refused { cause: error.to_string() }),
        })
    }
}

impl<M: Machine, C: RaftTypes> Replica<M, C> {
    /// Whether the log comes as far; if not, a snapshot is installed by consensus.
    fn has_logged(&self, index: u64) -> bool {
        self.log().state().last.is_some_and(|last| last.index >= index)
    }

    /// Replaces the state by the newest snapshot in the depot, once it is applied as far.
    async fn reinstall(&self, snapshot: SnapshotMeta) -> Result<Vote, SnapshotError> {
        let (index, log) = (snapshot.last.index, self.log().clone());
        let applied = self.raft().wait(Some(APPLIED_WITHIN));
        let reached = |metrics: &RaftMetrics<C>| {
            metrics.last_applied.is_some_and(|applied| applied.index >= index)
        };
        let reached = applied.metrics(reached, "the snapshot is not ahead").await;
        let late = |_| SnapshotError::Reading("this replica has not come as far".into());
        let vote = reached.map_err(late)?.vote;
        let reinstalled = self.raft().with_state_machine(move |applier: &mut Applier<M>| {
            Box::pin(async move { applier.reinstall(snapshot, &log).await })
        });
        reinstalled.await.map_err(|_| SnapshotError::Stopped)??;
        Ok(vote)
    }

    async fn receive_append(&self, request: &[u8]) -> io::Result<Bytes> {
        let request = wire::read_append::<C>(request)?;
        let (vote, heard) = (request.vote, Instant::now());
        let answer = self.raft().append_entries(request).await;
        if answer.as_ref().is_ok_and(|answer| !is_refused(answer)) {
            leadership::measure(self.handover().hear(vote.leader_id.term, heard));
        }
        Ok(answer.map_or_else(|_| wire::not_here(), wire::appended))
    }

    async fn receive_vote(&self, request: &[u8]) -> io::Result<Bytes> {
        let answer = self.raft().vote(wire::read_vote::<C>(request)?).await;
        Ok(answer.map_or_else(|_| wire::not_here(), wire::voted))
    }

    async fn receive_pre_vote(&self, request: &[u8]) -> io::Result<Bytes> {
        let answer = self.raft().pre_vote(wire::read_vote::<C>(request)?).await;
        Ok(answer.map_or_else(|_| wire::not_here(), wire::voted))
    }

    async fn receive_transfer(&self, request: &[u8]) -> io::Result<Bytes> {
        let answer = self.raft().handle_transfer_leader(wire::read_transfer::<C>(request)?).await;
        Ok(answer.map_or_else(|_| wire::not_here(), wire::transferred))
    }
}
