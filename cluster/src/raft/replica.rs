//! One replica of one partition: proposing, reading, and its life.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use openraft::alias::OneshotReceiverOf;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, LinearizableReadError, RaftError};
use openraft::impls::ProgressResponder;
use openraft::network::{NetSnapshot, RaftNetworkFactory};
use openraft::raft::ClientWriteResult;
use openraft::type_config::TypeConfigExt;
use openraft::{EmptyNode, Raft, RaftTypeConfig, ReadPolicy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::applier::Applier;
use super::codec;
use super::error::{ProposeError, ReadError, SnapshotError, StartError};
use super::handover::Handover;
use super::leadership::{self, Leadership};
use super::machine::Machine;
use super::members::{self, Membership};
use super::network::SnapshotToken;
use super::settings::ReplicaSettings;
use super::snapshotting::Snapshotter;
use super::store::LogStore;
use super::types::{Batch, NodeId, RaftTypes, TokioRaft};
use crate::log::{LogError, LogPosition, PartitionId, PartitionLog, Reservation, SegmentLog};

pub(super) type Responder<C> = ProgressResponder<C, ClientWriteResult<C>>;

/// A replica of a partition; cheap to clone. It stops with [`Replica::shutdown`], or when every
/// clone is gone.
pub struct Replica<M: Machine, C: RaftTypes = TokioRaft> {
    inner: Arc<Inner<M, C>>,
}

impl<M: Machine, C: RaftTypes> Clone for Replica<M, C> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

struct Inner<M: Machine, C: RaftTypes> {
    node: NodeId,
    raft: Raft<C, Applier<M>>,
    log: PartitionLog,
    leadership: watch::Receiver<Leadership>,
    members: watch::Receiver<Membership>,
    snapshots: Arc<Snapshotter<M, C>>,
    in_flight: Arc<Semaphore>,
    /// The state is to be replaced by whatever a peer gives, however far it reaches.
    awaits_state: AtomicBool,
    handover: Arc<Handover>,
    /// It is meant to end.
    ends: Arc<AtomicBool>,
    /// Ends the background task when it is dropped.
    _running: watch::Sender<()>,
}

impl<M: Machine, C: RaftTypes> Drop for Inner<M, C> {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
    }
}

impl<M, C> Replica<M, C>
where
    M: Machine,
    C: RaftTypes + RaftTypeConfig<Responder<ClientWriteResult<C>> = Responder<C>>,
{
    /// Starts the replica: applies what is known to be committed behind the machine's state, then
    /// takes part. A partition with one voter elects itself at once.
    ///
    /// # Errors
    /// See [`StartError`]; the replica does not run.
    pub async fn start<N>(
        partition: PartitionId,
        node: NodeId,
        log: &SegmentLog,
        machine: M,
        network: N,
        settings: ReplicaSettings,
    ) -> Result<Self, StartError>
    where
        N: RaftNetworkFactory<C>,
        N::Network: NetSnapshot<C, SnapshotData = SnapshotToken>,
    {
        let config = settings.config(partition)?;
        let stale = log.stale();
        let log = log.partition(partition);
        check_reach(&log, &machine)?;
        cut_conflict(&log, &machine).await?;
        let applier = Applier::new(machine).map_err(consensus)?;
        let store = LogStore::<C>::new(log.clone());
        let raft = Raft::new(node, config, network, store, applier).await.map_err(consensus)?;
        found(&raft, &settings).await?;

        let (told, leadership) = watch::channel(Leadership::default());
        let handover = Arc::new(Handover::default());
        let following = leadership::follow::<C>(raft.server_metrics(), told, handover.clone());
        drop(C::spawn(following));
        let (told, members) = watch::channel(Membership::default());
        drop(C::spawn(members::follow::<C>(raft.server_metrics(), told)));
        let snapshots = Arc::new(Snapshotter::new(partition, raft.clone()));
        let (running, ended) = watch::channel(());
        let keeper = Arc::clone(&snapshots);
        drop(C::spawn(async move { keeper.keep_log_short(stale, ended).await }));
        let in_flight = Arc::new(Semaphore::new(settings.proposals_in_flight_max));
        let _running = running;
        let awaits_state = AtomicBool::new(false);
        let inner = Inner {
            node,
            raft,
            log,
            leadership,
            members,
            snapshots,
            in_flight,
            awaits_state,
            handover,
            ends: Arc::default(),
            _running,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Proposes a batch and waits until it is applied on this node. Dropping the future does not
    /// take the batch back.
    ///
    /// # Errors
    /// See [`ProposeError`]: each says whether the batch was appended.
    pub async fn propose(&self, batch: Bytes) -> Result<LogPosition, ProposeError> {
        self.submit(batch).await?.applied().await
    }

    /// Hands over a batch and returns as soon as it has its place: batches submitted one after the
    /// other are appended in that order, if they are appended. Waits while too many are under way.
    ///
    /// # Errors
    /// The batch was definitely not appended.
    pub async fn submit(&self, batch: Bytes) -> Result<Pending<C>, ProposeError> {
        let inner = &self.inner;
        let (bytes, max) = (batch.len(), inner.log.entry_bytes_max());
        if bytes > max {
            return Err(ProposeError::TooLarge { bytes, max });
        }
        let permit = Arc::clone(&inner.in_flight).acquire_owned().await;
        let permit = permit.map_err(|_| ProposeError::Stopped)?;
        let room = inner.log.reserve(bytes).await.map_err(|error| match error {
            LogError::Full { .. } => ProposeError::Full,
            _ => ProposeError::Stopped,
        })?;
        let (responder, answer) = Responder::<C>::complete_only();
        let sent = inner.raft.client_write_ff(Batch(batch), Some(responder)).await;
        sent.map_err(|_| ProposeError::Stopped)?;
        Ok(Pending { node: inner.node, answer, _permit: permit, _room: room })
    }

    /// Waits until this replica has applied everything that was acknowledged anywhere before the
    /// call, and returns the index it reached: a read after it is linearizable.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_barrier(&self) -> Result<u64, ReadError> {
        match self.inner.raft.ensure_linearizable(ReadPolicy::ReadIndex).await {
            Ok(reached) => Ok(reached.index()),
            Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(to))) => {
                Err(ReadError::NotLeader { hint: to.leader_id.filter(|l| *l != self.inner.node) })
            }
            Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => {
                Err(ReadError::NoQuorum)
            }
            Err(RaftError::Fatal(_)) => Err(ReadError::Stopped),
        }
    }

    /// Who leads, as it changes.
    #[must_use]
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.inner.leadership.clone()
    }

    /// Makes the machine take a snapshot, waits until it is durable, and cuts the log as far as
    /// the machine allows. False when nothing was applied since the last one.
    ///
    /// # Errors
    /// See [`SnapshotError`]; the replica goes on.
    pub async fn trigger_snapshot(&self) -> Result<bool, SnapshotError> {
        self.inner.snapshots.take().await
    }

    /// Stops taking part and waits until nothing is applied any more. What is under way ends as
    /// unknown.
    pub async fn shutdown(&self) {
        self.inner.ends.store(true, Ordering::Release);
        if let Err(error) = self.inner.raft.shutdown().await {
            tracing::error!(%error, "a replica ended by a panic");
        }
    }
}

impl<M: Machine, C: RaftTypes> Replica<M, C> {
    /// Waits until consensus ends by itself, and says why: it was refused what it has to read or
    /// write, or a part of it is gone. Nothing is said of a replica that was meant to end.
    pub fn failed(&self) -> impl Future<Output = Option<String>> + Send + use<M, C> {
        let (mut metrics, ends) = (self.inner.raft.metrics(), Arc::clone(&self.inner.ends));
        async move {
            let cause = loop {
                if let Err(cause) = &metrics.borrow_watched().running_state {
                    break cause.to_string();
                }
                if metrics.changed().await.is_err() {
                    break "it is gone".into();
                }
            };
            (!ends.load(Ordering::Acquire)).then_some(cause)
        }
    }

    pub(super) fn raft(&self) -> &Raft<C, Applier<M>> {
        &self.inner.raft
    }

    /// Whether this replica stands for election when it hears of no leader. It votes either way.
    pub fn stand_for_election(&self, stands: bool) {
        self.inner.raft.runtime_config().elect(stands);
    }

    /// Whether the state is wrong: then the next snapshot that a peer gives replaces it, and the
    /// log is applied again behind that.
    pub fn await_state(&self, awaits: bool) {
        self.inner.awaits_state.store(awaits, Ordering::Release);
    }

    pub(super) fn awaits_state(&self) -> bool {
        self.inner.awaits_state.load(Ordering::Acquire)
    }

    /// Begins to replace every snapshot that the machine keeps by the state as it is now.
    pub fn renew_snapshots(&self) {
        let (partition, snapshots) = (self.inner.log.id(), Arc::clone(&self.inner.snapshots));
        drop(C::spawn(async move {
            if let Err(error) = snapshots.renew().await {
                tracing::warn!(%partition, %error, "an old snapshot stays");
            }
        }));
    }

    pub(super) fn handover(&self) -> &Handover {
        &self.inner.handover
    }

    pub(super) fn log(&self) -> &PartitionLog {
        &self.inner.log
    }

    pub(super) fn node(&self) -> NodeId {
        self.inner.node
    }

    pub(super) fn members_told(&self) -> watch::Receiver<Membership> {
        self.inner.members.clone()
    }
}

/// A batch that has its place and is not applied yet.
pub struct Pending<C: RaftTypes = TokioRaft> {
    node: NodeId,
    answer: OneshotReceiverOf<C, ClientWriteResult<C>>,
    _permit: OwnedSemaphorePermit,
    _room: Reservation,
}

impl<C: RaftTypes> Pending<C> {
    /// Waits until the batch is applied on this node.
    ///
    /// # Errors
    /// See [`ProposeError`].
    pub async fn applied(self) -> Result<LogPosition, ProposeError> {
        match self.answer.await {
            Ok(Ok(done)) => Ok(codec::position(&done.log_id)),
            Ok(Err(ClientWriteError::ForwardToLeader(to))) => {
                let hint = to.leader_id.filter(|leader| *leader != self.node);
                Err(ProposeError::NotLeader { hint })
            }
            Ok(Err(_)) | Err(_) => Err(ProposeError::Unknown),
        }
    }
}

fn consensus(error: impl std::fmt::Display) -> StartError {
    StartError::Consensus(error.to_string())
}

/// The log must begin where the state ends, or before.
fn check_reach(log: &PartitionLog, machine: &impl Machine) -> Result<(), StartError> {
    let Some(purged) = log.state().purged else { return Ok(()) };
    let applied = machine.applied().last;
    if applied.is_some_and(|applied| applied.index >= purged.index) {
        return Ok(());
    }
    let applied = applied.map_or_else(|| "nothing".into(), |at| at.to_string());
    Err(StartError::StateLost { applied, purged: purged.to_string() })
}

/// Cuts what a state that arrived has overruled: a crash between its arrival and the cut of the log
/// leaves entries of an older term from where it stands on. It is committed, so they never were.
async fn cut_conflict(log: &PartitionLog, machine: &impl Machine) -> Result<(), StartError> {
    let Some(applied) = machine.applied().last else { return Ok(()) };
    let there = log.terms(applied.index..applied.index + 1);
    if there.first().is_none_or(|at| at.term == applied.term) {
        return Ok(());
    }
    tracing::warn!(partition = %log.id(), %applied, "entries that a snapshot overruled are cut");
    log.truncate_from(applied.index).await.map_err(consensus)
}

/// Founds the partition if the log has nothing of it. Afterwards there is nothing to do here: a
/// sole voter elects itself at openraft's first tick, without waiting for a time-out.
async fn found<M: Machine, C: RaftTypes>(
    raft: &Raft<C, Applier<M>>,
    settings: &ReplicaSettings,
) -> Result<(), StartError> {
    if settings.founders.is_empty() || raft.is_initialized().await.map_err(consensus)? {
        return Ok(());
    }
    let founders: BTreeMap<NodeId, EmptyNode> =
        settings.founders.iter().map(|founder| (*founder, EmptyNode {})).collect();
    raft.initialize(founders).await.map_err(consensus)
}
