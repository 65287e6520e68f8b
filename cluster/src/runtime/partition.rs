//! One partition of this node: its replica and the tasks around it.

use super::checkpoint::{Heard, Trust, Trusted};
use super::historian::Historian;
use super::intake::{Asked, Inbound};
use super::machine::PerformerMachine;
use super::peers::READ_INDEX_WITHIN;
use super::performer::{Job, Visible};
use super::read::{After, Look, ReadError, Subject};
use crate::link::NodeId;
use crate::raft::{PeerNetwork, Replica};
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Role;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How a partition stands on this node.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionStatus {
    pub id: u16,
    pub role: &'static str,
    pub leads: bool,
    /// Who leads, as far as this node knows.
    pub leader: Option<u64>,
    pub voters: Vec<u64>,
    pub learners: Vec<u64>,
    pub term: u64,
    pub applied: u64,
    /// Index of the newest snapshot; 0 when there is none.
    pub snapshot: u64,
    pub commands: u64,
    /// Of them, those that came with the snapshot at the start.
    pub restored: u64,
    /// Messages that wait for the performer.
    pub mailbox: u64,
    /// Requests of clients that wait to be stamped.
    pub intake: u64,
    pub entities: u64,
    pub actors: u64,
    /// What the last checkpoints say of its state: [`Trust::name`].
    pub trust: &'static str,
}

/// The handles to one partition.
pub(crate) struct Partition {
    pub id: PartitionId,
    pub role: Role,
    pub replica: Replica<PerformerMachine>,
    pub jobs: mpsc::Sender<Job>,
    /// The way to whoever leads.
    pub clients: mpsc::Sender<Asked>,
    /// This node's own sequencer, for when it leads: requests, and batches out of outboxes.
    pub sequencer: mpsc::Sender<Asked>,
    pub inbound: mpsc::Sender<Inbound>,
    /// Wakes this node's courier: a batch with its requests came to nothing.
    pub missed: Arc<Notify>,
    pub congested: watch::Receiver<bool>,
    pub visible: Arc<Visible>,
    pub historian: Historian,
    pub trusted: Trusted,
    /// What there is only among other nodes.
    pub among: Option<Among>,
    /// The tasks that end with the partition.
    pub tasks: Mutex<JoinSet<()>>,
}

/// A partition's ways to its other replicas.
pub(crate) struct Among {
    /// Takes hashes that peers tell.
    pub comparing: mpsc::Sender<Heard>,
    pub network: PeerNetwork,
}

impl Partition {
    /// Asks a question once the partition has come as far as `after`.
    pub async fn read(
        &self,
        subject: Subject,
        after: After,
        within: Duration,
        look: Look,
    ) -> Result<(), ReadError> {
        if !self.trusted.now().serves() {
            return Err(ReadError::Stopped);
        }
        let until = Instant::now() + within;
        let job = Job::Read { subject, after, until, look };
        self.jobs.send(job).await.map_err(|_| ReadError::Stopped)
    }

    /// How far a read has to see, where this node leads; none when it does not, cannot prove it, or
    /// is too far behind in applying.
    pub async fn read_barrier(&self) -> Option<u64> {
        let reached = tokio::time::timeout(READ_INDEX_WITHIN, self.replica.read_barrier()).await;
        reached.ok()?.ok()
    }

    /// This node leads, as far as it knows, and has a state to lead with.
    pub fn leads(&self) -> bool {
        self.replica.leadership().borrow().is_me && self.trusted.now().serves()
    }

    /// Gives a peer that has a wrong state this replica's; whether it has it.
    pub async fn give_state(&self, to: NodeId) -> bool {
        let Some(among) = self.among.as_ref().filter(|_| self.trusted.now() == Trust::Agreed)
        else {
            return false;
        };
        let given = among.network.give_state(to, &self.replica).await;
        if let Err(error) = &given {
            tracing::warn!(partition = self.id.0, to, %error, "the state did not get there");
        }
        given.is_ok()
    }

    pub fn status(&self) -> PartitionStatus {
        let leadership = *self.replica.leadership().borrow();
        let members = self.replica.membership().borrow().clone();
        let load = |value: &std::sync::atomic::AtomicU64| value.load(Ordering::Relaxed);
        PartitionStatus {
            id: self.id.0,
            role: match self.role {
                Role::Meta => "meta",
                Role::Boards => "boards",
                Role::Books => "books",
                Role::Accounts => "accounts",
            },
            leads: leadership.is_me,
            leader: leadership.leader,
            voters: members.voters.into_iter().collect(),
            learners: members.learners.into_iter().collect(),
            term: leadership.term,
            applied: load(&self.visible.applied),
            snapshot: load(&self.visible.snapshot),
            commands: load(&self.visible.commands),
            restored: load(&self.visible.restored),
            mailbox: (self.jobs.max_capacity() - self.jobs.capacity()) as u64,
            intake: (self.clients.max_capacity() - self.clients.capacity()) as u64,
            entities: load(&self.visible.entities),
            actors: load(&self.visible.actors),
            trust: self.trusted.now().name(),
        }
    }

    /// Takes no more, applies what is committed, and ends.
    pub async fn stop(&self) {
        self.replica.shutdown().await;
        let (done, stopped) = oneshot::channel();
        drop(self.jobs.send(Job::Stop { done }).await);
        drop(stopped.await);
        // The next start has less to rewrite then; a history that fails here is behind, no more.
        if let Err(error) = self.historian.sync().await {
            tracing::warn!(partition = self.id.0, %error, "the history ends unsynced");
        }
        self.tasks.lock().await.shutdown().await;
    }
}
