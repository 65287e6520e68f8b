//! When a leader logs the next checkpoint.

use std::time::Duration;
use tokio::time::Instant;

/// A checkpoint may take one part in so many of a leader's time.
const SHARE: u32 = 100;

/// What the replica of the leader says of its checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Commands applied, and as many as were when the last checkpoint was.
    pub commands: u64,
    pub checkpointed: u64,
    /// The work of its last one.
    pub took: Duration,
}

/// Every `every`, and seldom enough for what it takes; not while nothing happens.
pub(crate) struct Pace {
    every: Duration,
    /// When the last one was seen, or logged by this node.
    since: Instant,
    seen: u64,
}

impl Pace {
    pub fn new(every: Duration, now: Instant) -> Pace {
        Pace { every, since: now, seen: 0 }
    }

    /// Whether one should be logged now; if so, it counts as logged.
    pub fn is_due(&mut self, now: Instant, passed: Passed) -> bool {
        if passed.checkpointed != self.seen {
            self.seen = passed.checkpointed;
            self.since = now;
        }
        let pause = self.every.max(passed.took * SHARE);
        let is_due = passed.commands > passed.checkpointed && now - self.since >= pause;
        if is_due {
            self.since = now;
        }
        is_due
    }
}
