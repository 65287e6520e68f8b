//! What is refused, wherever that was: counted, and a line each, as long as they are few.

use hoga_proto::status::Refusal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines a second. A gateway that has to shed load has better things to do than to say so of each.
const LINES_MAX: u32 = 100;

static LINES: LazyLock<Mutex<Lines>> = LazyLock::new(|| Mutex::new(Lines::new(Instant::now())));
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Somebody's request was refused.
pub fn refused(refusal: &Refusal, request: &str) {
    metrics::counter!("hoga_refusals_total", "reason" => refusal.reason.clone()).increment(1);
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    if !LINES.lock().unwrap_or_else(PoisonError::into_inner).may_say(Instant::now()) {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let left_out = LEFT_OUT.swap(0, Ordering::Relaxed);
    if left_out > 0 {
        tracing::info!(left_out, "refusals without a line of their own");
    }
    let Refusal { code, reason, message, .. } = refusal;
    tracing::info!(request, ?code, reason, message, "refused");
}

/// So many lines in each second.
struct Lines {
    since: Instant,
    said: u32,
}

impl Lines {
    fn new(now: Instant) -> Lines {
        Lines { since: now, said: 0 }
    }

    fn may_say(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            *self = Lines::new(now);
        }
        self.said += 1;
        self.said <= LINES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Lines};
    use std::time::{Duration, Instant};

    #[test]
    fn every_second_has_its_lines() {
        let now = Instant::now();
        let mut lines = Lines::new(now);
        let mut said = |after| (0..500).filter(|_| lines.may_say(now + after)).count();
        for second in [0, 1, 5] {
            assert_eq!(said(Duration::from_secs(second)), LINES_MAX as usize);
        }
    }
}
