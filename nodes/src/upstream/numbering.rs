//! What number a snapshot has: the venue's own time, in microseconds since 1970.
//!
//! So the order in which snapshots count is that in which the venue made them, whoever posts them:
//! what a connection that was given up still has on its way is older than what its successor
//! posted, and is dropped. A book that a venue says once more, as it does behind every
//! subscription, is the same snapshot: what was taken from it stays taken, and it is no fresher.

use hoga_scenarios::feed::OutsideBook;
use std::sync::Arc;

/// How far ahead of this node a venue's clock may be. A number from beyond would shut out all that
/// follow until then.
const AHEAD_NS_MAX: u64 = 60 * 1_000_000_000;

/// The numbers of one instrument's snapshots by way of one node.
#[derive(Debug, Default)]
pub struct Numbering {
    last: u64,
    book: Option<Arc<OutsideBook>>,
}

/// Why a book gets no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unnumbered {
    #[error("it is older than the one before")]
    Older,
    #[error("the venue's clock is more than a minute ahead of this node's, or not set")]
    Clock,
}

impl Numbering {
    /// The number of a book; `now_ns` is this node's clock, since 1970.
    ///
    /// # Errors
    /// It must not be posted.
    pub fn number(&mut self, book: &Arc<OutsideBook>, now_ns: u64) -> Result<u64, Unnumbered> {
        let time_ns = book.time_ns;
        if time_ns < 1_000 || time_ns > now_ns.saturating_add(AHEAD_NS_MAX) {
            return Err(Unnumbered::Clock);
        }
        if let Some(before) = &self.book {
            if time_ns < before.time_ns {
                return Err(Unnumbered::Older);
            }
            if time_ns == before.time_ns && book.bids == before.bids && book.asks == before.asks {
                return Ok(self.last);
            }
        }
        // Of one millisecond there may be several.
        self.last = (time_ns / 1_000).max(self.last + 1);
        self.book = Some(book.clone());
        Ok(self.last)
    }
}
