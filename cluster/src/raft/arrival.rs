//! Taking a snapshot from another node, block by block.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::carriage::{NameForm, Reply};
use super::depot::{BLOCK_BYTES_MAX, Block, Depot};
use super::error::SnapshotError;
use super::types::NodeId;

/// Blocks that wait for the disk; the giving side is not asked for more.
const BLOCKS_MAX: usize = 2;
/// How long the giving side may be gone before what came so far is thrown away.
const RESUMED_WITHIN: Duration = Duration::from_secs(30);

/// The snapshot that a replica is taking, if it is.
pub(super) struct Arrivals {
    depot: Arc<dyn Depot>,
    current: Mutex<Option<Arrival>>,
}

struct Arrival {
    from: NodeId,
    name: NameForm,
    next: u64,
    cursor: Option<Vec<u8>>,
    blocks: mpsc::Sender<Part>,
    writing: JoinHandle<Result<(), SnapshotError>>,
    heard: Instant,
}

/// What the writing side is handed.
enum Part {
    Block(Block),
    Last,
}

impl Arrivals {
    pub fn new(depot: Arc<dyn Depot>) -> Arc<Arrivals> {
        Arc::new(Arrivals { depot, current: Mutex::new(None) })
    }

    /// Says where a snapshot is to be gone on with; another one that was on its way is given up.
    pub async fn offered(self: &Arc<Self>, from: NodeId, name: NameForm) -> Reply {
        let mut current = self.current.lock().await;
        if let Some(arrival) = current.as_mut()
            && arrival.is(from, &name)
        {
            arrival.heard = Instant::now();
            return arrival.wants();
        }
        if let Some(other) = current.take() {
            // Its writer needs the depot to itself until it has noticed.
            other.give_up().await;
        }
        let arrival = Arrival::begin(Arc::clone(&self.depot), from, name.clone());
        let reply = arrival.wants();
        *current = Some(arrival);
        drop(tokio::spawn(watch(Arc::downgrade(self), from, name)));
        reply
    }

    pub async fn block(
        &self,
        (from, name): (NodeId, &NameForm),
        number: u64,
        cursor: Vec<u8>,
        (crc, bytes): (u32, Bytes),
    ) -> Reply {
        let mut current = self.current.lock().await;
        let Some(arrival) = current.as_mut().filter(|arrival| arrival.is(from, name)) else {
            return refused("it was not offered");
        };
        arrival.heard = Instant::now();
        if number != arrival.next {
            return arrival.wants();
        }
        if bytes.len() > BLOCK_BYTES_MAX || crc32c::crc32c(&bytes) != crc {
            return refused("a block is damaged");
        }
        let block = Block { cursor: Bytes::copy_from_slice(&cursor), bytes };
        if arrival.blocks.send(Part::Block(block)).await.is_err() {
            let Some(arrival) = current.take() else { return refused("it was given up") };
            return refused(arrival.ended().await.err().map_or_else(
                || "it ended before its last block".into(),
                |error| error.to_string(),
            ));
        }
        arrival.next += 1;
        arrival.cursor = Some(cursor);
        arrival.wants()
    }

    /// Finishes the snapshot: it is durable and the newest when this returns `Ok`.
    pub async fn finish(&self, from: NodeId, name: &NameForm, blocks: u64) -> Result<(), Reply> {
        let mut current = self.current.lock().await;
        let of_this = current.take_if(|arrival| arrival.is(from, name));
        let Some(arrival) = of_this else { return Err(refused("it was not offered")) };
        if arrival.next != blocks {
            let wants = arrival.wants();
            *current = Some(arrival);
            return Err(wants);
        }
        drop(arrival.blocks.send(Part::Last).await);
        arrival.ended().await.map_err(|error| refused(error.to_string()))
    }

    pub async fn abandon(&self, from: NodeId, name: &NameForm) {
        let mut current = self.current.lock().await;
        if let Some(arrival) = current.take_if(|arrival| arrival.is(from, name)) {
            arrival.give_up().await;
        }
    }
}

/// Gives a snapshot up whose giver has been gone for too long. It keeps nothing open of a replica
/// that has stopped.
async fn watch(arrivals: Weak<Arrivals>, from: NodeId, name: NameForm) {
    let mut until = Instant::now() + RESUMED_WITHIN;
    loop {
        tokio::time::sleep_until(until).await;
        let Some(arrivals) = arrivals.upgrade() else { return };
        let mut current = arrivals.current.lock().await;
        let Some(arrival) = current.as_ref().filter(|arrival| arrival.is(from, &name)) else {
            return;
        };
        until = arrival.heard + RESUMED_WITHIN;
        if until <= Instant::now()
            && let Some(arrival) = current.take()
        {
            tracing::info!(from, "a snapshot is given up: its giver has gone");
            arrival.give_up().await;
            return;
        }
    }
}

impl Arrival {
    fn begin(depot: Arc<dyn Depot>, from: NodeId, name: NameForm) -> Arrival {
        let (blocks, mut parts) = mpsc::channel(BLOCKS_MAX);
        let meta = name.meta();
        let writing = tokio::task::spawn_blocking(move || {
            let mut has_ended = false;
            let mut blocks = std::iter::from_fn(|| {
                if has_ended {
                    return None;
                }
                match parts.blocking_recv() {
                    Some(Part::Block(block)) => Some(Ok(block)),
                    Some(Part::Last) => {
                        has_ended = true;
                        None
                    }
                    None => {
                        has_ended = true;
                        Some(Err(SnapshotError::GivenUp))
                    }
                }
            });
            depot.take(&meta, &mut blocks)
        });
        let heard = Instant::now();
        Arrival { from, name, next: 0, cursor: None, blocks, writing, heard }
    }

    fn is(&self, from: NodeId, name: &NameForm) -> bool {
        self.from == from && self.name == *name
    }

    fn wants(&self) -> Reply {
        Reply::Next { number: self.next, cursor: self.cursor.clone() }
    }

    /// Waits for the writer, which has got all it will get.
    async fn ended(self) -> Result<(), SnapshotError> {
        drop(self.blocks);
        let written = self.writing.await;
        written.map_err(|error| SnapshotError::Writing(error.to_string()))?
    }

    async fn give_up(self) {
        // It fails, because its last block is missing; that is what is wanted.
        drop(self.ended().await);
    }
}

fn refused(cause: impl Into<String>) -> Reply {
    Reply::Refused { cause: cause.into() }
}
