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
mod tests {
    use super::{Duration, Handover, Instant};

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_is_from_the_last_sign_of_one_leader_to_the_first_of_the_next() {
        let (handover, start) = (Handover::default(), Instant::now());
        assert_eq!(handover.hear(1, start), None, "the first one follows nobody");
        assert_eq!(handover.hear(1, start + ms(50)), None);
        assert_eq!(handover.hear(3, start + ms(550)), Some(ms(500)));
        assert_eq!(handover.hear(3, start + ms(600)), None);
        assert_eq!(handover.lead(start + ms(700)), Some(ms(100)));
        assert_eq!(handover.lead(start + ms(800)), None);
    }

    #[test]
    fn who_led_itself_has_missed_nobody() {
        let (handover, start) = (Handover::default(), Instant::now());
        assert_eq!(handover.lead(start), None);
        assert_eq!(handover.hear(5, start + ms(9_000)), None);
        assert_eq!(handover.lead(start + ms(9_100)), Some(ms(100)));
        handover.follow();
        assert_eq!(handover.hear(7, start + ms(9_900)), None);
        handover.follow();
        assert_eq!(handover.hear(8, start + ms(9_950)), Some(ms(50)), "another leads since");
    }
}
