//! How long a partition is without a leader, as one of its replicas sees it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The leader that this replica knows.
#[derive(Clone, Copy, Debug, Default)]
enum Known {
    #[default]
    Nobody,
    /// That of a term, last heard then.
    Other(u64, Instant),
    Myself,
}

/// From the last sign of one leader to the first of the next.
///
/// A replica that led until it heard of the next leader has missed nobody, and measures nothing.
#[derive(Default)]
pub(super) struct Handover(Mutex<Known>);

impl Handover {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The leader of a term was heard; when it is another than before, how long nobody was.
    pub fn hear(&self, term: u64, now: Instant) -> Option<Duration> {
        match std::mem::replace(&mut *self.known(), Known::Other(term, now)) {
            Known::Other(before, heard) if before != term => Some(now - heard),
            _ => None,
        }
    }

    /// This replica leads from now on.
    pub fn lead(&self, now: Instant) -> Option<Duration> {
        match std::mem::replace(&mut *self.known(), Known::Myself) {
            Known::Other(_, heard) => Some(now - heard),
            Known::Nobody | Known::Myself => None,
        }
    }

    /// This replica does not lead any more.
    pub fn follow(&self) {
        let mut known = self.known();
        if matches!(*known, Known::Myself) {
            *known = Known::Nobody;
        }
    }
}

#[cfg(test)]
#[path = "handover_tests.rs"]
mod tests;
