//! The only clock: what sequencers stamp into the log.

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

    /// Moves a virtual clock forward; a wall clock moves by itself.
    pub fn set(&self, to: Time) {
        if let Clock::Virtual(now) = self {
            now.fetch_max(to.0, Ordering::AcqRel);
        }
    }
}
