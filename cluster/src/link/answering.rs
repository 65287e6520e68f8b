//! A stream that a peer has opened: what it asks goes to the handler, what that says goes back.

use super::NodeId;
use super::handler::Handler;
use super::lane::{FRAME_BYTES, Lane, MESSAGE_BYTES, MESSAGE_FRAMES};
use super::register::Entered;
use super::{SILENT_MS_MAX, hello::Greeting};
use bytes::Bytes;
use futures::{FutureExt, Stream, stream};
use hoga_proto::internal::{Answer, Frame, Hello, OpenRequest, OpenResponse};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;
use tonic::{Status, Streaming};

/// The room a frame takes until its answer is on its way.
type Room = [OwnedSemaphorePermit; 2];

/// An answer that can leave.
struct Ready {
    answer: Answer,
    _room: Room,
    _bytes: Option<OwnedSemaphorePermit>,
}

/// Reads one stream of a peer.
pub(super) struct Answering {
    from: NodeId,
    lane: Lane,
    handler: Arc<dyn Handler>,
    /// Bounds what is under way as the asking side does; who exceeds them is cut off.
    slots: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    /// Bounds the bytes of answers that wait to be written.
    answer_bytes: Arc<Semaphore>,
    answers: mpsc::Sender<Ready>,
    pongs: watch::Sender<u64>,
}

/// What a stream answers, from the greeting to its end.
struct Answers {
    hello: Option<Hello>,
    ready: mpsc::Receiver<Ready>,
    pongs: watch::Receiver<u64>,
    /// Why the stream ended; also ends the reading when it is dropped.
    ended: oneshot::Receiver<Status>,
    has_ended: bool,
}

/// Begins to serve a stream whose greeting was accepted; returns what it answers.
pub(super) fn answer(
    me: &Greeting,
    (from, lane): (NodeId, Lane),
    handler: Arc<dyn Handler>,
    incoming: Streaming<OpenRequest>,
    entered: Entered,
) -> impl Stream<Item = Result<OpenResponse, Status>> + Send + 'static {
    let (answers, ready) = mpsc::channel(lane.under_way_max());
    let (pongs, ponged) = watch::channel(0);
    let (end, ended) = oneshot::channel();
    let answering = Answering {
        from,
        lane,
        handler,
        slots: Arc::new(Semaphore::new(lane.under_way_max())),
        bytes: Arc::new(Semaphore::new(lane.bytes_under_way_max())),
        answer_bytes: Arc::new(Semaphore::new(lane.bytes_under_way_max())),
        answers,
        pongs,
    };
    // It ends with the stream, or when nobody listens to its answers any more.
    tokio::spawn(answering.run(incoming, entered, end));
    let hello = Some(me.hello(lane));
    let answers = Answers { hello, ready, pongs: ponged, ended, has_ended: false };
    stream::unfold(answers, |mut answers| async move {
        let message = answers.next().await?;
        Some((message, answers))
    })
}

impl Answering {
    async fn run(
        self,
        incoming: Streaming<OpenRequest>,
        mut entered: Entered,
        mut end: oneshot::Sender<Status>,
    ) {
        let status = tokio::select! {
            biased;
            // Nobody listens: the peer has gone, or this node stops.
            () = end.closed() => return,
            _ = entered.leave.wait_for(|leave| *leave) => {
                Status::cancelled("another stream of this node has taken over, or it is no peer")
            }
            status = self.read(incoming) => status,
        };
        drop(end.send(status));
    }

    async fn read(&self, mut incoming: Streaming<OpenRequest>) -> Status {
        let silent = Duration::from_millis(SILENT_MS_MAX);
        loop {
            let message = match timeout(silent, incoming.message()).await {
                Err(_) => return Status::deadline_exceeded("no sign of life"),
                Ok(Err(status)) => return status,
                Ok(Ok(None)) => return Status::cancelled("the stream was closed"),
                Ok(Ok(Some(message))) => message,
            };
            if message.ping != 0 {
                self.pongs.send_replace(message.ping);
            }
            for frame in message.frames {
                if let Err(excess) = self.take(frame) {
                    tracing::error!(from = self.from, lane = ?self.lane, excess, "cut off");
                    return Status::resource_exhausted(excess);
                }
            }
        }
    }

    /// Hands a frame to the handler; what a peer that keeps the bounds never exceeds is an error.
    fn take(&self, frame: Frame) -> Result<(), &'static str> {
        let Frame { id, kind, body } = frame;
        let kind = u8::try_from(kind).map_err(|_| "a kind that is no byte")?;
        if body.len() > self.lane.body_bytes_max() {
            return Err("a body larger than the lane takes");
        }
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(Lane::cost(body.len()));
        let room = [slot.map_err(|_| "too many frames")?, bytes.map_err(|_| "too many bytes")?];
        let handler = &self.handler;
        let begun = catch_unwind(AssertUnwindSafe(|| handler.handle(self.from, kind, body)));
        let (answers, answer_bytes) = (self.answers.clone(), Arc::clone(&self.answer_bytes));
        let (from, lane) = (self.from, self.lane);
        tokio::spawn(async move {
            let body = match begun {
                Ok(answering) => AssertUnwindSafe(answering).catch_unwind().await.ok().flatten(),
                // The panic's own message is in the log; the caller learns nothing.
                Err(_) => None,
            };
            let body = body.filter(|body| fits(body, from, lane));
            let mut waiting = None;
            if let Some(body) = &body {
                waiting = answer_bytes.acquire_many_owned(Lane::cost(body.len())).await.ok();
            }
            let ready = Ready { answer: Answer { id, body }, _room: room, _bytes: waiting };
            // There is room for every frame; when the stream has ended, nobody wants to know.
            drop(answers.send(ready).await);
        });
        Ok(())
    }
}

fn fits(body: &Bytes, from: NodeId, lane: Lane) -> bool {
    let (bytes, max) = (body.len(), lane.body_bytes_max());
    if bytes > max {
        tracing::error!(from, ?lane, bytes, max, "an answer is too large to be sent");
    }
    bytes <= max
}

impl Answers {
    async fn next(&mut self) -> Option<Result<OpenResponse, Status>> {
        if self.has_ended {
            return None;
        }
        if let Some(hello) = self.hello.take() {
            return Some(Ok(OpenResponse { hello: Some(hello), ..OpenResponse::default() }));
        }
        let first = tokio::select! {
            biased;
            status = &mut self.ended => {
                self.has_ended = true;
                return Some(Err(status.unwrap_or_else(|_| Status::internal("reading panicked"))));
            }
            // An error means that reading has ended, and the reason comes at the next turn.
            Ok(()) = self.pongs.changed() => None,
            Some(ready) = self.ready.recv() => Some(ready),
        };
        Some(Ok(self.gather(first)))
    }

    /// An answer with those that wait behind it, and the newest pong.
    fn gather(&mut self, first: Option<Ready>) -> OpenResponse {
        let mut bytes = 0;
        let mut answers = Vec::new();
        let mut next = first.or_else(|| self.ready.try_recv().ok());
        while let Some(Ready { answer, .. }) = next {
            bytes += answer.body.as_ref().map_or(0, Bytes::len) + FRAME_BYTES;
            answers.push(answer);
            let has_room = bytes < MESSAGE_BYTES && answers.len() < MESSAGE_FRAMES;
            next = if has_room { self.ready.try_recv().ok() } else { None };
        }
        let pong = if self.pongs.has_changed().unwrap_or(false) || answers.is_empty() {
            *self.pongs.borrow_and_update()
        } else {
            0
        };
        OpenResponse { hello: None, answers, pong }
    }
}
