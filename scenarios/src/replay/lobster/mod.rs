//! A day of LOBSTER: every message of a NASDAQ book with the published book after each.
//!
//! Two questions to the real book. Does it show the published levels after every message? And
//! does it fill an incoming order from the very makers that the venue took, in its order?
//!
//! Messages exist only for the levels that are published, so the book sees what the file sees:
//! see [`view`] for how levels come into sight and leave it.

mod files;
mod matcher;
mod message;
mod orders;
#[cfg(test)]
mod tests;
mod view;

use super::ReplayError;
use super::script::Unheard;
use files::Day;
use matcher::Matcher;
use message::{Message, MessageKind, Published};
pub use orders::{Orders, orders};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use view::View;

/// In so many incoming orders, one may be filled in another way: a venue's file holds volume
/// without a name, whose place in the queue is unknown.
const ORDERS_PER_MISS: u64 = 1_000;

/// What a day came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LobsterReport {
    pub rows: u64,
    /// Compared levels of each side: published - 1, because the last one comes into sight
    /// without a message.
    pub levels: usize,
    /// Rows after which a compared level differs.
    pub book_mismatches: u64,
    /// Executions of a visible order, and those at the best price of the book.
    pub executions_at_best: u64,
    pub executions: u64,
    pub matcher: MatcherReport,
    /// The first row, from 1, that differed.
    pub first_mismatch: Option<u64>,
    /// Messages about an order and level that the book does not have.
    pub strangers: u64,
    pub wall_seconds: f64,
    /// No mismatch, every execution at the best price, and the matcher exact but for one order
    /// in a thousand.
    pub ok: bool,
}

/// Incoming orders, and those that the matcher filled from the same makers as the venue, by the
/// same quantities, in the same order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MatcherReport {
    pub orders: u64,
    pub exact: u64,
    /// Incoming orders, beside those, that traded at prices not published before them.
    pub out_of_sight: u64,
}

/// Replays a day from a zip archive or a directory that holds `*_message_N.csv` and
/// `*_orderbook_N.csv`.
///
/// # Errors
/// A file is missing or does not read as LOBSTER writes it; nothing is kept.
pub fn replay(path: &Path) -> Result<LobsterReport, ReplayError> {
    let since = Instant::now();
    let mut day = Day::open(path)?;
    let mut replay = Replay::new(day.levels);
    let messages = std::mem::take(&mut day.messages);
    let mut published = Published::default();
    for (at, message) in messages.iter().enumerate() {
        day.next_book(&mut published)?;
        if at == 0 {
            replay.view.open(&published, message);
        }
        replay.row(&messages, at, &published);
    }
    day.end()?;
    Ok(replay.finish(messages.len() as u64, since))
}

struct Replay {
    view: View<Unheard>,
    matcher: Matcher,
    book_mismatches: u64,
    first_mismatch: Option<u64>,
    executions: u64,
    executions_at_best: u64,
}

impl Replay {
    fn new(levels: usize) -> Replay {
        Replay {
            view: View::new(levels, Unheard::default()),
            matcher: Matcher::default(),
            book_mismatches: 0,
            first_mismatch: None,
            executions: 0,
            executions_at_best: 0,
        }
    }

    fn row(&mut self, messages: &[Message], at: usize, published: &Published) {
        let message = &messages[at];
        if message.kind == MessageKind::Execution {
            let is_best = self.view.book().best(message.side) == Some(message.price);
            self.executions += 1;
            self.executions_at_best += u64::from(is_best);
            self.matcher.execution(messages, at, &self.view);
        }
        self.view.apply(message);
        self.view.follow(published);
        if !self.view.shows(published) {
            self.book_mismatches += 1;
            self.first_mismatch.get_or_insert(at as u64 + 1);
        }
    }

    fn finish(self, rows: u64, since: Instant) -> LobsterReport {
        let matcher = self.matcher.report();
        let misses = matcher.orders - matcher.exact;
        let is_exact = misses * ORDERS_PER_MISS <= matcher.orders;
        let is_best = self.executions_at_best == self.executions;
        LobsterReport {
            rows,
            levels: self.view.levels() - 1,
            book_mismatches: self.book_mismatches,
            executions_at_best: self.executions_at_best,
            executions: self.executions,
            matcher,
            first_mismatch: self.first_mismatch,
            strangers: self.view.strangers(),
            wall_seconds: since.elapsed().as_secs_f64(),
            ok: self.book_mismatches == 0 && is_best && is_exact,
        }
    }
}
