//! Clients of this node that wait for an answer.

use super::read::At;
use hoga_engine::effect::Answer;
use hoga_engine::ids::{Origin, PartitionId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Independent tables, so that partitions do not meet on one lock.
const SHARDS: usize = 16;

/// What a client hears.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub answer: Result<Answer, Failure>,
    /// Where in which log it became true; none for a failure.
    pub at: Option<At>,
    /// It was given before, to an earlier try of the same request.
    pub is_repeated: bool,
}

impl Reply {
    /// Of a request that was not answered.
    pub(super) fn failure(failure: Failure) -> Reply {
        Reply { answer: Err(failure), at: None, is_repeated: false }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing was written; try again after a moment.
    #[error("the exchange is busy: {0}")]
    Busy(String),
    /// Nothing was written: this node does not lead the partition now.
    #[error("partition {0} has no leader here")]
    NotLeader(u16),
    /// Nothing was written: the disk is full.
    #[error("the log's disk is full; nothing was accepted")]
    DiskFull,
    /// It may have been written. A retry with the same id gets the first answer.
    #[error("the outcome is unknown; ask again with the same id")]
    Unknown,
}

/// Whoever waits, with the partition that was asked.
type Waiting = HashMap<u64, (PartitionId, oneshot::Sender<Reply>)>;

/// The registry of waiting requests.
pub(crate) struct Answers {
    node: u16,
    incarnation: u32,
    next: AtomicU64,
    shards: [Mutex<Waiting>; SHARDS],
    /// Of each partition, what it was asked and is answered, by itself or by a book.
    answered: Box<[AtomicU64]>,
}

impl Answers {
    pub fn new(node: u16, incarnation: u32, partitions: u16) -> Answers {
        let answered = (0..partitions).map(|_| AtomicU64::new(0)).collect();
        let (next, shards) = (AtomicU64::new(1), Default::default());
        Answers { node, incarnation, next, shards, answered }
    }

    /// Registers a request to a partition that will wait.
    pub fn open(&self, asked: PartitionId) -> (Origin, oneshot::Receiver<Reply>) {
        let request = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.shard(request).insert(request, (asked, sender));
        let (node, incarnation) = (self.node, self.incarnation);
        (Origin { node, incarnation, request }, receiver)
    }

    /// Answers a request, if it is one of this process and still waits.
    pub fn complete(&self, origin: Origin, reply: Reply) {
        if origin.node != self.node || origin.incarnation != self.incarnation {
            return;
        }
        let waiting = self.shard(origin.request).remove(&origin.request);
        if let Some((asked, sender)) = waiting {
            if reply.answer.is_ok() {
                self.answered[usize::from(asked.0)].fetch_add(1, Ordering::Relaxed);
            }
            drop(sender.send(reply));
        }
    }

    /// How many requests to a partition were answered: what failed or was forgotten does not count.
    pub fn answered(&self, asked: PartitionId) -> u64 {
        self.answered[usize::from(asked.0)].load(Ordering::Relaxed)
    }

    pub fn is_waiting(&self, origin: Origin) -> bool {
        self.shard(origin.request).contains_key(&origin.request)
    }

    pub fn fail(&self, origin: Origin, failure: Failure) {
        self.complete(origin, Reply::failure(failure));
    }

    /// A request whose client gave up.
    pub fn forget(&self, origin: Origin) {
        self.shard(origin.request).remove(&origin.request);
    }

    fn shard(&self, request: u64) -> MutexGuard<'_, Waiting> {
        let shard = &self.shards[request as usize % SHARDS];
        // A poisoned table is still a table: every entry is a sender of its own.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
