//! Orders and movements of money a second of one account: a bucket that fills evenly and holds a
//! second's worth.
//!
//! What is above it is refused before the log, so it costs nobody else anything.

use super::failure::Refused;
use super::reasons::refusal;
use hoga_proto::names::AccountName;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Independent tables, so that accounts do not meet on one lock.
const SHARDS: usize = 16;
/// Accounts of a table above which those with a full bucket are forgotten: they are as new.
const TRACKED: usize = 4_096;
const SECOND: u64 = 1_000_000_000;

/// The buckets of all accounts that placed something lately.
pub struct Pace {
    /// Nanoseconds that one order takes up; zero for no bound.
    each: u64,
    begun: Instant,
    spread: RandomState,
    /// Until when what an account placed takes up its time, in nanoseconds since the beginning.
    shards: [Mutex<HashMap<Box<str>, u64>>; SHARDS],
}

impl Pace {
    /// `orders_per_second` of each account; zero for no bound.
    #[must_use]
    pub fn new(orders_per_second: u32) -> Pace {
        let each = if orders_per_second == 0 { 0 } else { SECOND / u64::from(orders_per_second) };
        let (begun, spread) = (Instant::now(), RandomState::new());
        Pace { each, begun, spread, shards: Default::default() }
    }

    /// Lets one order, or one movement of money, of an account pass.
    ///
    /// # Errors
    /// The account has used up its second.
    pub fn admit(&self, account: &AccountName) -> Result<(), Refused> {
        self.take(account.id(), self.begun.elapsed().as_nanos() as u64).map_err(|wait| {
            let rate = SECOND / self.each;
            let message =
                format!("{account} places orders or moves money more than {rate} times a second");
            Box::new(refusal("TOO_MANY_ORDERS", message).retry_after(wait))
        })
    }

    /// The same at a stated time; refused with how long to wait.
    fn take(&self, account: &str, now: u64) -> Result<(), Duration> {
        if self.each == 0 {
            return Ok(());
        }
        let shard = &self.shards[self.spread.hash_one(account) as usize % SHARDS];
        // A poisoned table is a table still: its numbers are replaced whole.
        let mut busy = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.len() >= TRACKED && !busy.contains_key(account) {
            busy.retain(|_, until| *until > now);
        }
        let until = match busy.get_mut(account) {
            Some(until) => until,
            None => busy.entry(account.into()).or_default(),
        };
        let begin = now.max(*until);
        if begin - now > SECOND - self.each {
            return Err(Duration::from_nanos(begin - now - (SECOND - self.each)));
        }
        *until = begin + self.each;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, SECOND, TRACKED};

    #[test]
    fn a_second_may_be_used_at_once_and_no_more() {
        let pace = Pace::new(5);
        for _ in 0..5 {
            pace.take("alice", 0).expect("within its second");
        }
        let wait = pace.take("alice", 0).expect_err("the sixth");
        assert_eq!(wait.as_nanos() as u64, SECOND / 5);
        pace.take("bob", 0).expect("another's bucket is another");
        pace.take("alice", SECOND / 5).expect("one more a fifth of a second later");
        assert!(pace.take("alice", SECOND / 5).is_err());
    }

    #[test]
    fn without_a_bound_everything_passes_and_nothing_is_kept() {
        let pace = Pace::new(0);
        (0..1_000).for_each(|_| pace.take("alice", 0).expect("no bound"));
        assert!(pace.shards.iter().all(|shard| shard.lock().expect("whole").is_empty()));
    }

    #[test]
    fn the_idle_are_forgotten() {
        let pace = Pace::new(10);
        for number in 0..(super::SHARDS * TRACKED * 2) as u64 {
            let now = number * SECOND;
            pace.take(&format!("a{number}"), now).expect("its first");
        }
        let kept = pace.shards.iter().map(|shard| shard.lock().expect("whole").len());
        assert!(kept.max().expect("shards") <= TRACKED, "what is full again is as new");
    }
}
