//! Clients of this node that wait for an answer.

use super::read::At;
use hoga_engine::effect::Answer;
use hoga_engine::ids::Origin;
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

type Waiting = HashMap<u64, oneshot::Sender<Reply>>;

/// The registry of waiting requests.
pub(crate) struct Answers {
    node: u16,
    incarnation: u32,
    next: AtomicU64,
    shards: [Mutex<Waiting>; SHARDS],
}

impl Answers {
    pub fn new(node: u16, incarnation: u32) -> Answers {
        Answers { node, incarnation, next: AtomicU64::new(1), shards: Default::default() }
    }

    /// Registers a request that will wait.
    pub fn open(&self) -> (Origin, oneshot::Receiver<Reply>) {
        let request = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.shard(request).insert(request, sender);
        let (node, incarnation) = (self.node, self.incarnation);
        (Origin { node, incarnation, request }, receiver)
    }

    /// Answers a request, if it is one of this process and still waits: whether it was.
    pub fn complete(&self, origin: Origin, reply: Reply) -> bool {
        if origin.node != self.node || origin.incarnation != self.incarnation {
            return false;
        }
        let waiting = self.shard(origin.request).remove(&origin.request);
        waiting.is_some_and(|sender| sender.send(reply).is_ok())
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
