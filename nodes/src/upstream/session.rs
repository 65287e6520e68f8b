//! One connection, from its first subscription to its end.

use super::connection::{Lost, Socket};
use super::health::Health;
use super::options::Pace;
use super::posting::Posts;
use super::wanted::Wanted;
use futures::{SinkExt, StreamExt};
use hoga_engine::instrument::Catalogue;
use hoga_scenarios::feed::{UpbitFrame, upbit_frame};
use std::future::pending;
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

/// What a session works with.
pub struct Session<'k> {
    pub venue: &'k str,
    pub pace: Pace,
    pub health: &'k Health,
    pub posts: &'k mut Posts,
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
    /// What is to be heard, and whether the venue still has to be told.
    pub wanted: Wanted,
}

/// When something was heard last.
struct Heard {
    anything: Instant,
    book: Instant,
}

impl Session<'_> {
    /// Hears books until there is nothing to be heard any more.
    ///
    /// # Errors
    /// The connection is of no use any more.
    pub async fn run(&mut self, mut socket: Socket) -> Result<(), Lost> {
        let pace = self.pace;
        let mut pings = tokio::time::interval(pace.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = Instant::now();
        let mut heard = Heard { anything: now, book: now };
        let ticket = format!("hoga-{}-{}", self.venue, std::process::id());
        let mut subscribes_at = Some(now);
        let mut subscribed_at = now;
        loop {
            let silent_at = heard.anything + pace.silent_after;
            let bookless_at = heard.book + pace.bookless_after;
            tokio::select! {
                frame = socket.next() => self.hear(frame, &mut heard)?,
                changed = self.catalogue.changed() => {
                    if changed.is_err() || self.look_for_changes(&mut subscribes_at) {
                        // A venue that does not answer the farewell is left without.
                        drop(timeout(pace.send_within, socket.close(None)).await);
                        return Ok(());
                    }
                    let earliest = subscribed_at + pace.subscribe_every;
                    subscribes_at = subscribes_at.map(|at| at.max(earliest));
                }
                () = at(subscribes_at) => {
                    let request = Message::text(self.wanted.request(&ticket));
                    send(&mut socket, request, pace).await?;
                    // Who asks for another book starts to wait for it anew.
                    (subscribes_at, subscribed_at) = (None, Instant::now());
                    heard.book = subscribed_at;
                    self.health.subscribed(&self.wanted);
                }
                _ = pings.tick() => send(&mut socket, Message::Ping(Default::default()), pace).await?,
                () = sleep_until(silent_at) => return Err(Lost::Silent),
                () = sleep_until(bookless_at) => return Err(Lost::Bookless),
            }
        }
    }

    /// Takes over what an operator changed; true when nothing is left to be heard.
    fn look_for_changes(&mut self, subscribes_at: &mut Option<Instant>) -> bool {
        let wanted = Wanted::of(&self.catalogue.borrow_and_update(), self.venue);
        if wanted == self.wanted {
            return false;
        }
        self.posts.keep(&wanted);
        if !wanted.is_same_for_venue(&self.wanted) {
            *subscribes_at = Some(Instant::now());
        }
        self.wanted = wanted;
        self.wanted.is_empty()
    }

    fn hear(
        &mut self,
        frame: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
        heard: &mut Heard,
    ) -> Result<(), Lost> {
        let frame = frame.ok_or(Lost::Closed)??;
        heard.anything = Instant::now();
        self.health.heard();
        let text = match &frame {
            Message::Text(text) => text.as_str(),
            // Upbit sends its text as bytes.
            Message::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(_) => {
                    self.health.unreadable("a message is no text");
                    return Ok(());
                }
            },
            Message::Close(_) => return Err(Lost::Closed),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(()),
        };
        let received = UNIX_EPOCH.elapsed().unwrap_or_default();
        match upbit_frame(text, u64::try_from(received.as_nanos()).unwrap_or(u64::MAX)) {
            Ok(UpbitFrame::Book { code, book }) => {
                let followers = self.wanted.followers(code);
                if !followers.is_empty() {
                    heard.book = heard.anything;
                    self.health.booked();
                    self.posts.offer(&followers, Arc::new(book));
                }
            }
            Ok(UpbitFrame::Refused(why)) => self.health.refused(&why),
            Ok(UpbitFrame::Other) => {}
            Err(why) => self.health.unreadable(&why),
        }
        Ok(())
    }
}

/// Waits until then; for ever when there is no such time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

async fn send(socket: &mut Socket, message: Message, pace: Pace) -> Result<(), Lost> {
    match timeout(pace.send_within, socket.send(message)).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(Lost::Silent),
    }
}
