//! What a dialled stream sends: the greeting, frames many at a time, and pings.

use super::lane::{FRAME_BYTES, MESSAGE_BYTES, MESSAGE_FRAMES};
use super::session::Session;
use futures::Stream;
use futures::stream;
use hoga_proto::internal::{Frame, Hello, OpenRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Time between two pings: peers notice within as much of each other that one is gone.
const PING_EVERY: Duration = Duration::from_millis(250);

struct Sending {
    hello: Option<Hello>,
    session: Arc<Session>,
    frames: mpsc::Receiver<Frame>,
    pings: Interval,
    ping: u64,
}

/// The messages of a stream, as they are wanted.
pub(super) fn sending(
    hello: Hello,
    session: Arc<Session>,
    frames: mpsc::Receiver<Frame>,
) -> impl Stream<Item = OpenRequest> + Send + 'static {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let sending = Sending { hello: Some(hello), session, frames, pings, ping: 0 };
    stream::unfold(sending, |mut sending| async move {
        let message = sending.next().await?;
        Some((message, sending))
    })
}

impl Sending {
    async fn next(&mut self) -> Option<OpenRequest> {
        if let Some(hello) = self.hello.take() {
            return Some(OpenRequest { hello: Some(hello), ..OpenRequest::default() });
        }
        loop {
            tokio::select! {
                biased;
                _ = self.pings.tick() => {
                    self.ping += 1;
                    return Some(OpenRequest { ping: self.ping, ..OpenRequest::default() });
                }
                frame = self.frames.recv() => {
                    let frames = self.gather(frame?);
                    if !frames.is_empty() {
                        return Some(OpenRequest { frames, ..OpenRequest::default() });
                    }
                }
            }
        }
    }

    /// A frame with those that wait behind it, as far as they are wanted.
    fn gather(&mut self, first: Frame) -> Vec<Frame> {
        let mut bytes = first.body.len() + FRAME_BYTES;
        let mut frames = vec![first];
        while bytes < MESSAGE_BYTES && frames.len() < MESSAGE_FRAMES {
            let Ok(frame) = self.frames.try_recv() else { break };
            bytes += frame.body.len() + FRAME_BYTES;
            frames.push(frame);
        }
        self.session.leaving(&mut frames);
        frames
    }
}
