//! How long anybody waited for an answer after something was broken.

use hoga_scenarios::player::Recovery;
use hoga_scenarios::time::Millis;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Everybody's waiting since the first strike.
#[derive(Debug, Default)]
pub struct Waits {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Inner {
    struck: Option<Instant>,
    longest: Duration,
    /// Requests whose outcome was not known when they were given up.
    unknown: u64,
    /// Nothing more counts.
    is_over: bool,
}

impl Waits {
    /// Something is broken from now on.
    pub fn struck(&self, at: Instant) {
        self.change(|inner| inner.struck = inner.struck.or(Some(at)));
    }

    /// A request was answered. Whoever had asked before the strike waits since the strike.
    pub fn answered(&self, asked: Instant, answered: Instant) {
        self.change(|inner| {
            if let Some(struck) = inner.struck.filter(|_| !inner.is_over) {
                let waited = answered.saturating_duration_since(asked.max(struck));
                inner.longest = inner.longest.max(waited);
            }
        });
    }

    /// A request was given up without an answer.
    pub fn never(&self) {
        self.change(|inner| inner.unknown += u64::from(!inner.is_over));
    }

    /// Everything was mended.
    pub fn over(&self) {
        self.change(|inner| inner.is_over = true);
    }

    pub fn unknown(&self) -> u64 {
        self.change(|inner| inner.unknown)
    }

    pub fn recovery(&self) -> Recovery {
        let inner = self.change(|inner| *inner);
        match inner.struck {
            None => Recovery::NoFault,
            Some(_) if inner.unknown > 0 => Recovery::Never,
            Some(_) => Recovery::Within(Millis(inner.longest.as_millis() as u64)),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::Waits;
    use hoga_scenarios::player::Recovery;
    use hoga_scenarios::time::Millis;
    use std::time::{Duration, Instant};

    #[test]
    fn waiting_counts_from_the_strike_on() {
        let waits = Waits::default();
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        waits.answered(at(0), at(900));
        assert_eq!(waits.recovery(), Recovery::NoFault);
        waits.struck(at(1_000));
        waits.struck(at(5_000));
        // Asked before the strike, answered after it.
        waits.answered(at(400), at(1_300));
        assert_eq!(waits.recovery(), Recovery::Within(Millis(300)));
        waits.answered(at(1_100), at(1_700));
        waits.answered(at(1_800), at(1_801));
        assert_eq!(waits.recovery(), Recovery::Within(Millis(600)));
        waits.over();
        waits.answered(at(2_000), at(9_000));
        assert_eq!(waits.recovery(), Recovery::Within(Millis(600)));
    }

    #[test]
    fn who_was_never_answered_has_not_recovered() {
        let waits = Waits::default();
        waits.struck(Instant::now());
        waits.never();
        assert_eq!((waits.recovery(), waits.unknown()), (Recovery::Never, 1));
    }
}
