//! The pauses between two tries to connect: twice as long each time, up to a bound, and never the
//! same for two nodes.

use std::time::Duration;

pub struct BackOff {
    bounds: (Duration, Duration),
    next: Duration,
}

impl BackOff {
    /// The first pause and the longest.
    pub fn between(least: Duration, most: Duration) -> BackOff {
        BackOff { bounds: (least, most), next: least }
    }

    /// The pause before the next try: between half of what it may be and all of it, as the dice
    /// say.
    pub fn pause(&mut self, dice: u64) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.bounds.1);
        let half = whole / 2;
        let more = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        half + Duration::from_nanos(dice % more)
    }

    /// It went well: the next pause is the first again.
    pub fn reset(&mut self) {
        self.next = self.bounds.0;
    }
}
