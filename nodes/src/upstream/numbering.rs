//! What number a snapshot has: the venue's own time, in microseconds since 1970.
//!
//! So the order in which snapshots count is that in which the venue made them, whoever posts them:
//! what a connection that was given up still has on its way is older than what its successor
//! posted, and is dropped.

/// How far ahead of this node a venue's clock may be. A number from beyond would shut out all that
/// follow until then.
const AHEAD_NS_MAX: u64 = 60 * 1_000_000_000;

/// The numbers of one instrument's snapshots by way of one node.
#[derive(Debug, Default)]
pub struct Numbering {
    time_ns: u64,
    last: u64,
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
    /// The number of a book of a time, in nanoseconds; both clocks' since 1970.
    ///
    /// # Errors
    /// It must not be posted.
    pub fn number(&mut self, time_ns: u64, now_ns: u64) -> Result<u64, Unnumbered> {
        if time_ns < 1_000 || time_ns > now_ns.saturating_add(AHEAD_NS_MAX) {
            return Err(Unnumbered::Clock);
        }
        if time_ns < self.time_ns {
            return Err(Unnumbered::Older);
        }
        // Of one millisecond there may be several.
        let number = (time_ns / 1_000).max(self.last + 1);
        (self.time_ns, self.last) = (time_ns, number);
        Ok(number)
    }
}
