//! What is refused, wherever that was: counted, and a line each, as long as they are few.

use hoga_proto::status::Refusal;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines a second. A gateway that has to shed load has better things to do than to say so of each.
const LINES_MAX: u64 = 100;

static LINES: LazyLock<Mutex<Lines>> = LazyLock::new(|| Mutex::new(Lines::from(Instant::now())));

/// Somebody's request is refused; the refusal as he is told, with the request's id.
#[must_use]
pub fn refused(refusal: Refusal, request: &str) -> Refusal {
    metrics::counter!("hoga_refusals_total", "reason" => refusal.reason.clone()).increment(1);
    if tracing::enabled!(tracing::Level::INFO) {
        let may_say = LINES.lock().unwrap_or_else(PoisonError::into_inner).may_say(Instant::now());
        if let Some(left_out) = may_say {
            let Refusal { code, reason, message, .. } = &refusal;
            tracing::info!(request, ?code, reason, message, left_out, "refused");
        }
    }
    refusal.request_id(request)
}

/// The lines of one second.
struct Lines {
    since: Instant,
    asked: u64,
    /// Refusals that had none, and of which nothing was said yet.
    left_out: u64,
}

impl Lines {
    fn from(since: Instant) -> Lines {
        Lines { since, asked: 0, left_out: 0 }
    }

    /// Whether there may be one more; then how many had none since the one before.
    fn may_say(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            *self = Lines { left_out: self.left_out, ..Lines::from(now) };
        }
        self.asked += 1;
        if self.asked > LINES_MAX {
            self.left_out += 1;
            return None;
        }
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Lines};
    use std::time::{Duration, Instant};

    #[test]
    fn every_second_has_its_lines() {
        let now = Instant::now();
        let mut lines = Lines::from(now);
        let mut said =
            |after| (0..500).filter_map(|_| lines.may_say(now + after)).collect::<Vec<_>>();
        for (second, left_out) in [(0, 0), (1, 400), (5, 400)] {
            let said = said(Duration::from_secs(second));
            assert_eq!((said.len() as u64, said[0], said[1]), (LINES_MAX, left_out, 0));
        }
    }
}
