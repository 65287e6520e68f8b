//! How the way to a venue is: what operators look at, and what Prometheus reads.

use super::address::Address;
use super::connection::Lost;
use super::wanted::Wanted;
use hoga_engine::ids::InstrumentId;
use metrics::{counter, gauge};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a node knows of a venue.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub venue: String,
    pub address: String,
    /// This node is to hear it; otherwise all that follows is of when it was.
    pub is_here: bool,
    /// Since when it is connected, if it is.
    pub connected: Option<SystemTime>,
    /// Connections so far.
    pub connects: u64,
    /// When anything was heard last.
    pub heard: Option<SystemTime>,
    /// Messages that are none.
    pub unreadable: u64,
    /// Why the last connection was lost or not opened, or what the venue refused.
    pub trouble: String,
    pub fed: BTreeMap<InstrumentId, Fed>,
    /// By this connection a book came.
    has_booked: bool,
}

/// What became of the books of one instrument.
#[derive(Clone, Debug, Default)]
pub struct Fed {
    pub code: Box<str>,
    /// When the last one was taken.
    pub taken_at: Option<SystemTime>,
    pub taken: u64,
    pub dropped: u64,
    pub unfit: u64,
    pub failed: u64,
    /// Replaced by a newer one before they were posted.
    pub conflated: u64,
    /// Why the last one that was unfit, or failed, did.
    pub trouble: String,
}

/// What became of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It stands.
    Taken,
    /// One that is as new or newer stood.
    Dropped,
    /// The instrument cannot follow it.
    Unfit(String),
    /// It did not get into the log, as far as is known.
    Failed(String),
}

#[derive(Debug)]
pub struct Health {
    venue: String,
    seen: Mutex<Seen>,
}

impl Health {
    pub fn new(venue: &str, address: &Address) -> Health {
        let seen = Seen { venue: venue.into(), address: address.to_string(), ..Seen::default() };
        let health = Health { venue: venue.into(), seen: Mutex::new(seen) };
        health.show_connected(false);
        health.show_followers(0);
        // An alert on a counter that does not exist yet would never fire.
        counter!("hoga_upstream_reconnects_total", "venue" => health.venue()).absolute(0);
        counter!("hoga_upstream_unreadable_total", "venue" => health.venue()).absolute(0);
        gauge!("hoga_upstream_last_message_timestamp_seconds", "venue" => health.venue()).set(0.0);
        for became in ["taken", "dropped", "unfit", "failed", "conflated"] {
            health.count(became, 0);
        }
        health
    }

    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    pub fn is_here(&self) {
        self.lock().is_here = true;
    }

    pub fn is_elsewhere(&self) {
        let mut seen = self.lock();
        (seen.is_here, seen.connected) = (false, None);
        self.show_connected(false);
        self.show_followers(0);
    }

    /// There is nothing to be heard.
    pub fn idle(&self) {
        self.lock().connected = None;
        self.show_connected(false);
    }

    pub fn connected(&self) {
        let mut seen = self.lock();
        (seen.connected, seen.has_booked) = (Some(SystemTime::now()), false);
        if seen.connects > 0 {
            counter!("hoga_upstream_reconnects_total", "venue" => self.venue()).increment(1);
        }
        seen.connects += 1;
        self.show_connected(true);
        tracing::info!(venue = %self.venue, address = %seen.address, "the venue is connected");
    }

    pub fn subscribed(&self, wanted: &Wanted) {
        let codes: Vec<&str> = wanted.iter().map(|(_, code)| code).collect();
        tracing::info!(venue = %self.venue, ?codes, "books are subscribed");
    }

    /// The connection is no more; whether a book came by it.
    pub fn lost(&self, why: &Lost) -> bool {
        let mut seen = self.lock();
        (seen.connected, seen.trouble) = (None, why.to_string());
        self.show_connected(false);
        std::mem::take(&mut seen.has_booked)
    }

    pub fn heard(&self) {
        let now = SystemTime::now();
        self.lock().heard = Some(now);
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        gauge!("hoga_upstream_last_message_timestamp_seconds", "venue" => self.venue())
            .set(seconds);
    }

    pub fn booked(&self) {
        self.lock().has_booked = true;
    }

    pub fn unreadable(&self, why: &str) {
        let mut seen = self.lock();
        seen.unreadable += 1;
        if seen.trouble != why {
            seen.trouble = why.into();
            tracing::warn!(venue = %self.venue, why, "a message of a venue is not understood");
        }
        counter!("hoga_upstream_unreadable_total", "venue" => self.venue()).increment(1);
    }

    pub fn refused(&self, why: &str) {
        let (mut seen, trouble) = (self.lock(), format!("it refuses: {why}"));
        if seen.trouble != trouble {
            seen.trouble = trouble;
            tracing::warn!(venue = %self.venue, why, "a venue refuses what is asked of it");
        }
    }

    /// Forgets the books that are not followed any more.
    pub fn keep(&self, followers: &BTreeMap<InstrumentId, &str>) {
        let mut seen = self.lock();
        seen.fed.retain(|id, _| followers.contains_key(id));
        for (id, code) in followers {
            seen.fed.entry(*id).or_default().code = (*code).into();
        }
        self.show_followers(followers.len());
    }

    pub fn conflated(&self, id: InstrumentId, books: u64) {
        if let Some(fed) = self.lock().fed.get_mut(&id) {
            fed.conflated += books;
        }
        self.count("conflated", books);
    }

    pub fn fed(&self, id: InstrumentId, became: Became) {
        let mut seen = self.lock();
        // It may have been the last one of a book that is not followed any more.
        let mut forgotten = Fed::default();
        let fed = seen.fed.get_mut(&id).unwrap_or(&mut forgotten);
        let label = match became {
            Became::Taken => {
                fed.taken_at = Some(SystemTime::now());
                fed.taken += 1;
                "taken"
            }
            Became::Dropped => {
                fed.dropped += 1;
                "dropped"
            }
            Became::Unfit(why) => {
                fed.unfit += 1;
                self.tell_trouble(fed, why);
                "unfit"
            }
            Became::Failed(why) => {
                fed.failed += 1;
                self.tell_trouble(fed, why);
                "failed"
            }
        };
        self.count(label, 1);
    }

    /// Said once, not with every book.
    fn tell_trouble(&self, fed: &mut Fed, why: String) {
        if fed.trouble != why {
            tracing::warn!(venue = %self.venue, code = %fed.code, why, "a book is not followed");
            fed.trouble = why;
        }
    }

    fn count(&self, became: &'static str, books: u64) {
        let venue = self.venue();
        counter!("hoga_upstream_books_total", "venue" => venue, "became" => became)
            .increment(books);
    }

    fn show_connected(&self, is_connected: bool) {
        let value = if is_connected { 1.0 } else { 0.0 };
        gauge!("hoga_upstream_connected", "venue" => self.venue()).set(value);
    }

    fn show_followers(&self, followers: usize) {
        gauge!("hoga_upstream_followers", "venue" => self.venue()).set(followers as f64);
    }

    fn venue(&self) -> String {
        self.venue.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Every field is whole by itself.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
