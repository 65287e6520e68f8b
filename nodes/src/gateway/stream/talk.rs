//! One open stream: what the client says, and what there is to tell it.
//!
//! Frames are made when the transport asks for the next one, so a reader that does not read costs
//! nothing but its places.

use super::frame;
use super::opening;
use super::subscription::{Next, READ_WITHIN, Subscription};
use crate::auth::{Caller, in_our_words};
use crate::gateway::desk::Desk;
use crate::gateway::failure::Refused;
use crate::gateway::reasons::refusal;
use bytes::Bytes;
use futures::stream::BoxStream;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::client_frame::Frame as Said;
use hoga_proto::v1::server_frame::Frame;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

/// How often a stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Topics of one stream.
pub const SUBSCRIPTIONS_MAX: usize = 64;

/// What clients say on a stream.
pub type Says = BoxStream<'static, Result<v1::StreamRequest, Status>>;

/// An open stream.
pub struct Talk {
    desk: Arc<Desk>,
    caller: Caller,
    says: Says,
    has_said_all: bool,
    subscriptions: Vec<Subscription>,
    /// The subscription that is asked first, so that a busy one starves no other.
    turn: usize,
    /// When a subscription may make the frame that it waits for.
    due: Option<Instant>,
    /// Made and not yet sent: answers to one client frame, no more.
    ready: VecDeque<Bytes>,
    bell: Arc<Notify>,
    /// When it says next that it lives.
    heartbeat: Instant,
    /// Wakes it when something is due.
    alarm: Pin<Box<Sleep>>,
    _counted: Counted,
}

/// Counts an open stream while it is open.
struct Counted(metrics::Gauge);

impl Counted {
    fn new() -> Counted {
        let clients = metrics::gauge!("hoga_feed_clients");
        clients.increment(1.0);
        Counted(clients)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Talk {
    #[must_use]
    pub fn new(desk: Arc<Desk>, caller: Caller, says: Says) -> Talk {
        let (bell, heartbeat) = (Arc::new(Notify::new()), Instant::now() + HEARTBEAT);
        desk.streams.opened(&bell);
        Talk {
            desk,
            caller,
            says,
            has_said_all: false,
            subscriptions: Vec::new(),
            turn: 0,
            due: None,
            ready: VecDeque::new(),
            bell,
            heartbeat,
            alarm: Box::pin(sleep_until(heartbeat)),
            _counted: Counted::new(),
        }
    }

    /// Subscribes before the first frame is sent.
    ///
    /// # Errors
    /// As [`opening::open`], and for more than a stream may have.
    pub async fn begin(&mut self, wishes: Vec<v1::Subscribe>) -> Result<(), Refused> {
        for wish in wishes {
            self.subscribe(0, wish).await?;
        }
        Ok(())
    }

    /// The stream of frames.
    #[must_use]
    pub fn frames(self) -> BoxStream<'static, Result<Bytes, Status>> {
        let frames = futures::stream::unfold(Some(self), async |talk| {
            let mut talk = talk?;
            match talk.next().await {
                Ok(frame) => Some((Ok(frame), Some(talk))),
                Err(None) => None,
                Err(Some(status)) => Some((Err(status), None)),
            }
        });
        Box::pin(frames)
    }

    /// The next frame, or the end of the stream.
    ///
    /// Everything that there may be to say is looked at once, and leaves behind who has to be woken
    /// when there is: a wake costs the same whatever woke it.
    async fn next(&mut self) -> Result<Bytes, Option<Status>> {
        let bell = self.bell.clone();
        loop {
            if self.desk.streams.is_closing() {
                return Err(Some(self.stopping()));
            }
            if let Some(refusal) = self.caller.expired() {
                return Err(Some(self.caller.refuse(refusal)));
            }
            if let Some(frame) = self.ready.pop_front() {
                return Ok(frame);
            }
            // What the client says and the heartbeat come before events, which may never end.
            if !self.has_said_all
                && let Poll::Ready(said) = futures::poll!(futures::StreamExt::next(&mut self.says))
            {
                self.hear(said).await?;
                continue;
            }
            if Instant::now() >= self.heartbeat {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Ok(alive(0));
            }
            let mut rung = std::pin::pin!(bell.notified());
            if let Some(frame) = self.event().await? {
                return Ok(frame);
            }
            let due = self.due.map_or(self.heartbeat, |due| due.min(self.heartbeat));
            if self.alarm.deadline() != due {
                self.alarm.as_mut().reset(due);
            }
            if futures::poll!(&mut rung).is_pending()
                && futures::poll!(&mut self.alarm).is_pending()
            {
                woken().await;
                // Taken, if that was it: left behind, it would ring once more.
                let _ = futures::poll!(&mut rung);
            }
        }
    }

    fn stopping(&self) -> Status {
        let message = "the gateway is about to stop; resume with the last tokens";
        self.caller.refuse(*refusal("STOPPING", message))
    }

    /// The next frame of any subscription.
    async fn event(&mut self) -> Result<Option<Bytes>, Option<Status>> {
        let count = self.subscriptions.len();
        self.due = None;
        for step in 0..count {
            let at = (self.turn + step) % count;
            match self.subscriptions[at].next(&self.desk, &self.caller).await {
                Ok(Next::Nothing) => {}
                Ok(Next::Later(at)) => self.due = Some(self.due.map_or(at, |due| due.min(at))),
                Ok(Next::Frame(frame)) => {
                    self.turn = at + 1;
                    return Ok(Some(frame));
                }
                Ok(Next::Over(frame)) => {
                    self.subscriptions.remove(at);
                    return Ok(Some(frame));
                }
                // Nothing was skipped: the client resumes with its last tokens.
                Err(refusal) => return Err(Some(self.caller.refuse(*refusal))),
            }
        }
        Ok(None)
    }

    async fn hear(
        &mut self,
        said: Option<Result<v1::StreamRequest, Status>>,
    ) -> Result<(), Option<Status>> {
        let frame = match said {
            Some(Ok(request)) => request.frame.unwrap_or_default(),
            // A client that has said all it wanted still listens.
            None => {
                self.has_said_all = true;
                return Ok(());
            }
            Some(Err(status)) => return Err(Some(self.caller.refuse(in_our_words(status)))),
        };
        let tag = frame.tag;
        if let Err(refusal) = self.answer(tag, frame.frame).await {
            let refusal = self.caller.refused(*refusal);
            self.ready.push_back(frame::plain(tag, Frame::Refusal(refusal.to_frame())));
        }
        Ok(())
    }

    async fn answer(&mut self, tag: u64, said: Option<Said>) -> Result<(), Refused> {
        match said {
            Some(Said::Subscribe(wish)) => self.subscribe(tag, wish).await,
            Some(Said::Unsubscribe(message)) => self.unsubscribe(tag, message),
            Some(Said::List(_)) => {
                let topics = self.subscriptions.iter().map(|s| s.asked.shown.clone()).collect();
                let list = Frame::Subscriptions(v1::Subscriptions { topics });
                self.ready.push_back(frame::plain(tag, list));
                Ok(())
            }
            Some(Said::Ping(_)) => {
                self.ready.push_back(alive(tag));
                Ok(())
            }
            None => {
                let rule = "a frame says what is asked";
                Err(Box::new(Refusal::malformed("frame", rule)))
            }
        }
    }

    async fn subscribe(&mut self, tag: u64, wish: v1::Subscribe) -> Result<(), Refused> {
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            let message = format!("the stream has {SUBSCRIPTIONS_MAX} topics");
            return Err(refusal("TOO_MANY_SUBSCRIPTIONS", message));
        }
        let caller = self.caller.anew(READ_WITHIN);
        let asked = super::topic::Asked::of(&self.desk, &caller, wish.topic.clone())?;
        if self.place_of(&asked.shown).is_some() {
            let message = format!("{} is subscribed on this stream", name_of(&asked.shown));
            return Err(refusal("ALREADY_SUBSCRIBED", message));
        }
        let (opened, frames) = opening::open(&self.desk, &caller, tag, wish, &self.bell).await?;
        self.subscriptions.push(opened);
        self.ready.extend(frames);
        Ok(())
    }

    fn unsubscribe(&mut self, tag: u64, message: v1::Unsubscribe) -> Result<(), Refused> {
        let asked = super::topic::Asked::of(&self.desk, &self.caller, message.topic)?;
        let Some(at) = self.place_of(&asked.shown) else {
            let message = format!("{} is not subscribed on this stream", name_of(&asked.shown));
            return Err(refusal("NOT_SUBSCRIBED", message));
        };
        self.subscriptions.remove(at);
        let topic = Some(asked.shown);
        let gone = Frame::Unsubscribed(v1::Unsubscribed { topic });
        self.ready.push_back(frame::plain(tag, gone));
        Ok(())
    }

    fn place_of(&self, topic: &v1::Topic) -> Option<usize> {
        self.subscriptions.iter().position(|subscription| subscription.asked.shown == *topic)
    }
}

/// Waits until somebody wakes the task, whoever it is.
async fn woken() {
    let mut is_asleep = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut is_asleep, true) {
        false => Poll::Pending,
        true => Poll::Ready(()),
    })
    .await;
}

fn name_of(topic: &v1::Topic) -> String {
    let channel = topic.channel().as_str_name().to_lowercase();
    format!("{} of {}", channel.trim_start_matches("channel_"), topic.name)
}

fn alive(tag: u64) -> Bytes {
    let time = Some(SystemTime::now().into());
    frame::plain(tag, Frame::Heartbeat(v1::Heartbeat { time }))
}
