//! Carries one outbox to its destination, in order, until the other side has it.
//!
//! As in the product a few sendings are on their way at once; what did not get through makes the
//! pump start again behind what is acknowledged. The other side says which message it expects
//! next, and only that counts.

use super::packet::{Sending, Why};
use crate::sim::words::{MS, Nanos};
use hoga_cluster::partition::{Carried, Outbox};
use std::collections::VecDeque;

/// Sendings without an answer.
const UNDER_WAY: usize = 4;
/// How long a pump rests after a sending that did not get through.
pub const BACK_OFF: Nanos = 20 * MS;
/// After this long a sending counts as lost.
pub const LOST_AFTER: Nanos = 600 * MS;

/// Where the pump of one outbox stands, on the leader.
pub struct Pump {
    /// Counts how often it started anew; answers to earlier sendings only count forward.
    epoch: u64,
    numbers: u64,
    /// The first message that the other side has not confirmed.
    pub acked: u64,
    /// The next to be sent.
    next: u64,
    under_way: VecDeque<(u64, u64)>,
    rests_until: Nanos,
    /// How far the log knows of the acknowledgements.
    pub logged: u64,
}

impl Pump {
    #[must_use]
    pub fn new(first: u64) -> Pump {
        Pump {
            epoch: 0,
            numbers: 0,
            acked: first,
            next: first,
            under_way: VecDeque::new(),
            rests_until: 0,
            logged: first,
        }
    }

    /// The next messages to send, if it is time for that.
    pub fn send(
        &mut self,
        outbox: &Outbox,
        most: usize,
        now: Nanos,
    ) -> Option<(Sending, u64, Vec<Carried>)> {
        let is_idle = self.next >= outbox.next();
        if is_idle || self.under_way.len() >= UNDER_WAY || now < self.rests_until {
            return None;
        }
        let first = self.next.max(outbox.first());
        let messages: Vec<Carried> = outbox.from(first, most).cloned().collect();
        self.next = first + messages.len() as u64;
        self.numbers += 1;
        self.under_way.push_back((self.numbers, self.next));
        Some((Sending { epoch: self.epoch, number: self.numbers }, first, messages))
    }

    /// What became of a sending; true when there is a reason to rest first.
    pub fn told(&mut self, sending: Sending, next: Result<u64, Why>, now: Nanos) -> bool {
        if let Ok(next) = next {
            self.acked = self.acked.max(next);
        }
        if sending.epoch != self.epoch {
            return false;
        }
        let place = self.under_way.iter().position(|(number, _)| *number == sending.number);
        let end = place.and_then(|place| self.under_way.remove(place)).map(|(_, end)| end);
        // Something before it was lost on the way, so it was skipped.
        let fell_short = end.is_some_and(|end| self.acked < end);
        if next.is_err() || fell_short {
            return self.restart(now);
        }
        self.next = self.next.max(self.acked);
        false
    }

    /// No answer came to a sending; true when there is a reason to rest first.
    pub fn lost(&mut self, sending: Sending, now: Nanos) -> bool {
        let waits = self.under_way.iter().any(|(number, _)| *number == sending.number);
        if sending.epoch == self.epoch && waits { self.restart(now) } else { false }
    }

    fn restart(&mut self, now: Nanos) -> bool {
        self.epoch += 1;
        self.under_way.clear();
        self.next = self.acked;
        self.rests_until = now + BACK_OFF;
        true
    }
}
