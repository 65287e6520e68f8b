//! What this node does with what its peers ask.

use super::checkpoint::Heard;
use super::exchange::{Exchange, WeakExchange};
use super::founding::Who;
use super::intake::{Asked, Inbound};
use super::peers::{Carry, Checkpoint, Enter, Entered, Met, Submit, Taken, decode, encode, kind};
use crate::link::{Handler, NodeId};
use crate::raft::RaftHandler;
use bytes::Bytes;
use futures::future::{BoxFuture, ready};
use hoga_engine::ids::PartitionId;
use serde::Serialize;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

/// Answers peers; until the exchange has started, only who this node is.
pub(crate) struct Receiving {
    who: Arc<Who>,
    consensus: RaftHandler,
    exchange: OnceLock<WeakExchange>,
}

type Answer = BoxFuture<'static, Option<Bytes>>;

impl Receiving {
    pub fn new(who: Arc<Who>, consensus: RaftHandler) -> Receiving {
        Receiving { who, consensus, exchange: OnceLock::new() }
    }

    pub fn open(&self, exchange: &Exchange) {
        // It is opened once, by the one who starts the exchange.
        drop(self.exchange.set(exchange.downgrade()));
    }

    fn exchange(&self) -> Option<Exchange> {
        self.exchange.get()?.upgrade()
    }

    /// Queues requests before it returns: the order of the calls is the order in the log.
    fn submit(&self, body: &[u8]) -> Option<Taken> {
        let Submit { partition, entries } = decode(body)?;
        let Some(exchange) = self.exchange() else { return Some(Taken::NotLeader) };
        let partition = exchange.partition(PartitionId(partition))?;
        if !partition.leads() {
            return Some(Taken::NotLeader);
        }
        if exchange.is_short_of_space() {
            return Some(Taken::DiskFull);
        }
        for (origin, entry) in entries {
            match partition.sequencer.try_send(Asked { entry, origin }) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => return Some(Taken::Busy),
                Err(TrySendError::Closed(_)) => return Some(Taken::NotLeader),
            }
        }
        Some(Taken::All)
    }

    /// Queues a batch before it returns; the answer comes when it is applied.
    fn carry(&self, body: &[u8]) -> Answer {
        let queue = |carry: Carry| {
            let partition = self.exchange()?.partition(PartitionId(carry.to))?;
            let (done, applied) = oneshot::channel();
            let Carry { source, first, messages, .. } = carry;
            let batch = Inbound { source: PartitionId(source), first, messages, done };
            let taken = partition.leads() && partition.inbound.try_send(batch).is_ok();
            taken.then_some(applied)
        };
        match decode(body).and_then(queue) {
            None => now(&false),
            Some(applied) => Box::pin(async move { Some(encode(&applied.await.unwrap_or(false))) }),
        }
    }

    fn missed(&self, body: &[u8]) {
        let partition = decode(body).and_then(|id| self.exchange()?.partition(PartitionId(id)));
        if let Some(partition) = partition {
            partition.missed.notify_one();
        }
    }

    fn read_index(&self, body: &[u8]) -> Answer {
        let partition = decode(body).and_then(|id| self.exchange()?.partition(PartitionId(id)));
        match partition {
            None => now(&None::<u64>),
            Some(partition) => {
                Box::pin(async move { Some(encode(&partition.read_barrier().await)) })
            }
        }
    }

    /// Notes what a peer has at a checkpoint, and says what this node has.
    fn checkpoint(&self, from: NodeId, body: &[u8]) -> Answer {
        let hear = |said: Checkpoint| {
            let partition = self.exchange()?.partition(PartitionId(said.partition))?;
            let (mine, answer) = oneshot::channel();
            let Checkpoint { index, hash, .. } = said;
            let heard = Heard::Theirs { from, index, hash, mine };
            partition.among.as_ref()?.comparing.try_send(heard).ok()?;
            Some(answer)
        };
        match decode(body).and_then(hear) {
            // Unanswered, so that it is told again.
            None => Box::pin(ready(None)),
            Some(answer) => Box::pin(async move { answer.await.ok().map(|mine| encode(&mine)) }),
        }
    }

    fn give_state(&self, to: NodeId, body: &[u8]) -> Answer {
        let partition = decode(body).and_then(|id| self.exchange()?.partition(PartitionId(id)));
        match partition {
            None => now(&false),
            Some(partition) => {
                Box::pin(async move { Some(encode(&partition.give_state(to).await)) })
            }
        }
    }

    fn enter(&self, body: &[u8]) -> Answer {
        let (Some(newcomer), Some(exchange)) = (decode::<Enter>(body), self.exchange()) else {
            return now(&Entered::Later);
        };
        Box::pin(async move { Some(encode(&exchange.enter_node(newcomer).await)) })
    }
}

impl Handler for Receiving {
    fn handle(&self, from: NodeId, kind: u8, body: Bytes) -> Answer {
        match kind {
            kind::SUBMIT => Box::pin(ready(self.submit(&body).map(|taken| encode(&taken)))),
            kind::CARRY => self.carry(&body),
            kind::MISSED => {
                self.missed(&body);
                Box::pin(ready(None))
            }
            kind::READ_INDEX => self.read_index(&body),
            kind::MEET => now::<Met>(&self.who.met()),
            kind::ENTER => self.enter(&body),
            kind::CLOCK => {
                perhaps(self.exchange().map(|exchange| exchange.options().clock.system()))
            }
            kind::REACHED => perhaps(self.exchange().and_then(|it| it.reached_if_it_would_lead())),
            kind::CHECKPOINT => self.checkpoint(from, &body),
            kind::GIVE_STATE => self.give_state(from, &body),
            _ => self.consensus.handle(from, kind, body),
        }
    }
}

/// None stays without an answer.
fn perhaps<T: Serialize>(answer: Option<T>) -> Answer {
    Box::pin(ready(answer.map(|answer| encode(&answer))))
}

fn now<T: Serialize>(answer: &T) -> Answer {
    Box::pin(ready(Some(encode(answer))))
}
