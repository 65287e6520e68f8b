//! Messages to one other partition, until that one has them.

use super::command::Carried;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Messages in one outbox beyond which clients are refused `RESOURCE_EXHAUSTED` and work from
/// other partitions is declined. Consequences are always taken.
pub const OUTBOX_MAX: usize = 65_536;

/// A FIFO channel's sending end. Numbers start at 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    /// Number of the next message.
    next: u64,
    /// Everything not acknowledged, oldest first.
    queue: VecDeque<Carried>,
}

impl Default for Outbox {
    fn default() -> Self {
        Outbox { next: 1, queue: VecDeque::new() }
    }
}

impl Outbox {
    /// Appends a message and returns its number.
    pub fn push(&mut self, message: Carried) -> u64 {
        self.queue.push_back(message);
        self.next += 1;
        self.next - 1
    }

    /// The other side has everything below `next`.
    pub fn acknowledge(&mut self, next: u64) {
        while self.first() < next.min(self.next) {
            self.queue.pop_front();
        }
    }

    /// Number of the oldest message kept; the next number when there is none.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.next - self.queue.len() as u64
    }

    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Up to `most` messages from number `from` on.
    pub fn from(&self, from: u64, most: usize) -> impl Iterator<Item = &Carried> {
        let skip = from.saturating_sub(self.first()) as usize;
        self.queue.iter().skip(skip).take(most)
    }
}
