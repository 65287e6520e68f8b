//! A client that only watches: the book's stream, gapless across gateways by its token.

use super::{Gateways, INSTRUMENT, Line};
use crate::history::{Frame, History};
use hoga_proto::v1;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long nothing may come, not even a heartbeat, before another gateway is called.
const SILENCE_MAX: Duration = Duration::from_secs(7);
/// The pause before the next gateway, and how often it is looked whether this is over.
const PAUSE: Duration = Duration::from_millis(100);

/// What a watcher saw of the stream itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    pub frames: u64,
    /// Streams that went on, at another gateway or the same, where the one before had ended.
    pub resumed: u64,
    /// Tokens that were too old: it began anew, and was told so.
    pub begun_anew: u64,
}

impl Watched {
    pub fn add(&mut self, other: Watched) {
        self.frames += other.frames;
        self.resumed += other.resumed;
        self.begun_anew += other.begun_anew;
    }
}

/// Watches a book through one gateway after the other.
pub struct Watcher {
    pub name: String,
    gateways: Arc<Gateways>,
    at: usize,
    token: String,
    seen: Watched,
}

impl Watcher {
    #[must_use]
    pub fn new(name: String, gateways: Arc<Gateways>, at: usize) -> Watcher {
        Watcher { name, gateways, at, token: String::new(), seen: Watched::default() }
    }

    /// Watches until it is told to stop.
    ///
    /// # Errors
    /// The history could not be written.
    pub async fn watch(mut self, history: &History, stop: &AtomicBool) -> anyhow::Result<Watched> {
        while !stop.load(Ordering::Relaxed) {
            let channels = self.gateways.channels(self.at);
            let Some(channel) = channels.get(self.at % channels.len().max(1)).cloned() else {
                sleep(PAUSE).await;
                continue;
            };
            let mut line = Line::of(channel, "accounts/watcher")?;
            let opened = timeout(SILENCE_MAX, line.watch_book(INSTRUMENT, &self.token)).await;
            if let Ok(Ok(mut frames)) = opened {
                self.follow(&mut frames, history, stop).await?;
            }
            self.at += 1;
            sleep(PAUSE).await;
        }
        Ok(self.seen)
    }

    async fn follow(
        &mut self,
        frames: &mut tonic::Streaming<v1::WatchResponse>,
        history: &History,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        let mut silence = Duration::ZERO;
        while silence < SILENCE_MAX && !stop.load(Ordering::Relaxed) {
            match timeout(PAUSE, frames.message()).await {
                Err(_) => silence += PAUSE,
                Ok(Ok(Some(response))) => {
                    silence = Duration::ZERO;
                    let frame = response.frame.and_then(|frame| frame.frame);
                    if let Some(frame) = frame.and_then(|frame| self.read(frame)) {
                        self.seen.frames += 1;
                        history.saw(&self.name, &frame)?;
                    }
                }
                Ok(_) => return Ok(()),
            }
        }
        Ok(())
    }

    fn read(&mut self, frame: v1::server_frame::Frame) -> Option<Frame> {
        use v1::server_frame::Frame as Wire;
        match frame {
            Wire::Subscribed(subscribed) => {
                let goes_on = subscribed.resumed;
                self.seen.resumed += u64::from(goes_on);
                self.seen.begun_anew += u64::from(!goes_on && !self.token.is_empty());
                None
            }
            Wire::Snapshot(snapshot) => {
                self.token = snapshot.resume_token;
                let book = book(snapshot.content)?;
                Some(Frame::new(INSTRUMENT, true, (0, snapshot.sequence), book))
            }
            Wire::Delta(delta) => {
                self.token = delta.resume_token;
                let book = book(delta.content)?;
                Some(Frame::new(INSTRUMENT, false, (delta.first, delta.last), book))
            }
            _ => None,
        }
    }
}

type Levels = Vec<(String, String)>;

fn book(content: Option<v1::Content>) -> Option<(Levels, Levels)> {
    let Some(v1::content::Content::Book(book)) = content?.content else { return None };
    let text = |number: Option<v1::Decimal>| number.unwrap_or_default().value;
    let levels = |levels: Vec<v1::Level>| {
        levels.into_iter().map(|level| (text(level.price), text(level.quantity))).collect()
    };
    Some((levels(book.bids), levels(book.asks)))
}
