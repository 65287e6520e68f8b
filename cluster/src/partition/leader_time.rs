//! What the leader of a partition stamps, given its clock and the time that the log has come to.

use hoga_engine::time::Time;

/// Behind the time of its log, a leader's time goes slower than its clock by this.
const SLOWER: u64 = 2;

/// A leader's time in one term: its clock's, as long as that is not behind the log.
///
/// When it is, because the clock was set back or the leader before had one that was ahead, time
/// goes on from the log's at half the pace until the clock has caught up: it neither stands, so
/// that nothing waits for it in vain, nor stays wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeaderTime {
    /// The log's time when it was found to be ahead, and what the clock said then.
    behind: Option<(Time, Time)>,
}

impl LeaderTime {
    /// The time now, by a clock that never goes back, for a log that has come to `passed`.
    pub fn now(&mut self, clock: Time, passed: Time) -> Time {
        // What this leader stamped itself is never ahead of what it would stamp.
        if passed > self.led(clock) {
            self.behind = Some((passed, clock));
        }
        self.led(clock)
    }

    fn led(&self, clock: Time) -> Time {
        let Some((log, then)) = self.behind else { return clock };
        clock.max(Time(log.0 + clock.0.saturating_sub(then.0) / SLOWER))
    }
}
