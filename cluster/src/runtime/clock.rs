//! The only clock, and what leaders make of it to stamp into the log.

use crate::partition::LeaderTime;
use hoga_engine::time::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells a leader's time: anchored once, then carried by the monotonic clock; or a virtual time
/// that its owner moves.
#[derive(Clone, Debug)]
pub enum Clock {
    Wall { anchor: Time, since: Instant },
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// Anchored at the system's time now.
    #[must_use]
    pub fn wall() -> Clock {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock::Wall { anchor: Time(since_epoch.as_nanos() as u64), since: Instant::now() }
    }

    /// Stands at `start` until it is moved.
    #[must_use]
    pub fn virtual_from(start: Time) -> Clock {
        Clock::Virtual(Arc::new(AtomicU64::new(start.0)))
    }

    #[must_use]
    pub fn now(&self) -> Time {
        match self {
            Clock::Wall { anchor, since } => Time(anchor.0 + since.elapsed().as_nanos() as u64),
            Clock::Virtual(now) => Time(now.load(Ordering::Acquire)),
        }
    }

    /// What the system says now; a virtual clock is always what it says.
    #[must_use]
    pub fn system(&self) -> Time {
        match self {
            Clock::Wall { .. } => Clock::wall().now(),
            Clock::Virtual(_) => self.now(),
        }
    }

    /// Anchors a wall clock anew at the system's time.
    fn anchor(&mut self) {
        if let Clock::Wall { .. } = self {
            *self = Clock::wall();
        }
    }

    /// Moves a virtual clock forward; a wall clock moves by itself.
    pub fn set(&self, to: Time) {
        if let Clock::Virtual(now) = self {
            now.fetch_max(to.0, Ordering::AcqRel);
        }
    }
}

/// What the leader of a partition stamps: its clock, anchored at its election and carried by the
/// monotonic clock from there; see [`LeaderTime`].
pub(crate) struct LeaderClock {
    clock: Clock,
    term: u64,
    time: LeaderTime,
}

impl LeaderClock {
    pub fn new(clock: Clock) -> LeaderClock {
        LeaderClock { clock, term: 0, time: LeaderTime::default() }
    }

    /// The time now in a term, for a log that has come to `passed`.
    pub fn now(&mut self, term: u64, passed: Time) -> Time {
        if term != self.term {
            (self.term, self.time) = (term, LeaderTime::default());
            self.clock.anchor();
        }
        self.time.now(self.clock.now(), passed)
    }
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
