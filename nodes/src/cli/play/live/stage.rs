//! How far a play is, for whoever has to do something at a time of it.

use hoga_scenarios::time::Millis;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The time of the scenario, as far as it has come.
#[derive(Debug)]
pub struct Stage {
    now: watch::Sender<Millis>,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage { now: watch::channel(Millis(0)).0 }
    }
}

impl Stage {
    /// The play has come to this time. It never goes back.
    pub fn reach(&self, at: Millis) {
        self.now.send_if_modified(|now| {
            let is_later = *now < at;
            *now = at.max(*now);
            is_later
        });
    }

    pub fn now(&self) -> Millis {
        *self.now.borrow()
    }

    /// Waits until the play comes to `at`, or for as long as the scenario says that it takes from
    /// `mark`: a play that nobody answers does not get on, and what is to mend it must come.
    pub async fn until(&self, at: Millis, mark: (Instant, Millis)) {
        let mut now = self.now.subscribe();
        let latest = mark.0 + Duration::from_millis(at.0.saturating_sub(mark.1.0));
        tokio::select! {
            biased;
            _ = now.wait_for(|now| *now >= at) => {}
            () = sleep_until(latest) => {}
        }
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
