//! One open stream to a peer, as those see it who ask: what is under way, and what became of it.

use super::NodeId;
use super::error::CallError;
use super::lane::Lane;
use bytes::Bytes;
use hoga_proto::internal::{Answer, Frame};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// A stream from its greeting to its end.
pub(super) struct Session {
    peer: NodeId,
    lane: Lane,
    /// Bounds what is under way, by number and by bytes.
    slots: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    /// Never full: who is in it has a slot.
    queue: mpsc::Sender<Frame>,
    under_way: Mutex<UnderWay>,
}

#[derive(Default)]
struct UnderWay {
    last_id: u64,
    frames: HashMap<u64, Sent>,
    ended: bool,
}

/// A frame that is queued, or sent and not dealt with.
struct Sent {
    /// None for a notification.
    asks: Option<oneshot::Sender<Result<Bytes, CallError>>>,
    /// It is in a message, or on its way; before that it can still be taken back.
    is_out: bool,
    _room: [OwnedSemaphorePermit; 2],
}

impl Session {
    /// A session, and the queue of what it wants to have sent.
    pub fn new(peer: NodeId, lane: Lane) -> (Arc<Session>, mpsc::Receiver<Frame>) {
        let (queue, frames) = mpsc::channel(lane.under_way_max());
        let slots = Arc::new(Semaphore::new(lane.under_way_max()));
        let bytes = Arc::new(Semaphore::new(lane.bytes_under_way_max()));
        let session = Session { peer, lane, slots, bytes, queue, under_way: Mutex::default() };
        (Arc::new(session), frames)
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn call(&self, kind: u8, body: Bytes, within: Duration) -> Result<Bytes, CallError> {
        let (asks, answer) = oneshot::channel();
        let id = self.submit(kind, body, Some(asks))?;
        match tokio::time::timeout(within, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(CallError::Unknown(self.peer)),
            Err(_) => Err(self.give_up(id)),
        }
    }

    pub fn notify(&self, kind: u8, body: Bytes) -> Result<(), CallError> {
        self.submit(kind, body, None).map(drop)
    }

    /// Queues a frame, or refuses it; it was definitely not sent then.
    fn submit(
        &self,
        kind: u8,
        body: Bytes,
        asks: Option<oneshot::Sender<Result<Bytes, CallError>>>,
    ) -> Result<u64, CallError> {
        let (bytes, max) = (body.len(), self.lane.body_bytes_max());
        if bytes > max {
            return Err(CallError::TooLarge { bytes, max });
        }
        let full = |_| CallError::Full(self.peer);
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(full)?;
        let cost = Lane::cost(bytes);
        let cost = Arc::clone(&self.bytes).try_acquire_many_owned(cost).map_err(full)?;
        let mut under_way = self.under_way();
        if under_way.ended {
            return Err(CallError::Down(self.peer));
        }
        let id = under_way.last_id + 1;
        let frame = Frame { id, kind: u32::from(kind), body };
        self.queue.try_send(frame).map_err(|_| CallError::Down(self.peer))?;
        under_way.last_id = id;
        under_way.frames.insert(id, Sent { asks, is_out: false, _room: [slot, cost] });
        Ok(id)
    }

    /// Whoever asked waits no longer. What is out keeps its slot: the peer is still at it.
    fn give_up(&self, id: u64) -> CallError {
        let mut under_way = self.under_way();
        match under_way.frames.get(&id) {
            Some(sent) if !sent.is_out => {
                under_way.frames.remove(&id);
                CallError::Down(self.peer)
            }
            _ => CallError::Unknown(self.peer),
        }
    }

    /// Keeps the frames that are still wanted, and marks them as being out.
    pub fn leaving(&self, frames: &mut Vec<Frame>) {
        let mut under_way = self.under_way();
        frames.retain(|frame| {
            let Some(sent) = under_way.frames.get_mut(&frame.id) else { return false };
            if sent.asks.as_ref().is_some_and(oneshot::Sender::is_closed) {
                under_way.frames.remove(&frame.id);
                return false;
            }
            sent.is_out = true;
            true
        });
    }

    /// Takes what the peer answers.
    pub fn answered(&self, answers: Vec<Answer>) {
        if answers.is_empty() {
            return;
        }
        let mut under_way = self.under_way();
        for Answer { id, body } in answers {
            let Some(sent) = under_way.frames.remove(&id) else { continue };
            let Some(asks) = sent.asks else { continue };
            // Whoever asked may have given up.
            drop(asks.send(body.ok_or(CallError::Unknown(self.peer))));
        }
    }

    /// The stream is gone. What is under way gets the answer that is true of it.
    pub fn end(&self) {
        let frames = {
            let mut under_way = self.under_way();
            under_way.ended = true;
            std::mem::take(&mut under_way.frames)
        };
        for Sent { asks, is_out, .. } in frames.into_values() {
            let error = match is_out {
                true => CallError::Unknown(self.peer),
                false => CallError::Down(self.peer),
            };
            drop(asks.map(|asks| asks.send(Err(error))));
        }
    }
}

/// Where the session of one lane to one peer is found, while there is one.
#[derive(Default)]
pub(super) struct Port(Mutex<Option<Arc<Session>>>);

impl Port {
    fn session(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self) -> Option<Arc<Session>> {
        self.session().clone()
    }

    /// Opens the port; it closes, and the session ends, when what is returned is dropped.
    pub fn open(self: &Arc<Self>, session: Arc<Session>) -> OpenPort {
        *self.session() = Some(Arc::clone(&session));
        OpenPort { port: Arc::clone(self), session }
    }
}

pub(super) struct OpenPort {
    port: Arc<Port>,
    pub session: Arc<Session>,
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        *self.port.session() = None;
        self.session.end();
    }
}
