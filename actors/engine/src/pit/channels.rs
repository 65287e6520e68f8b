//! Messages between partitions: at once, or as late as a chooser likes.

use crate::ids::PartitionId;
use crate::message::Message;
use std::collections::{BTreeMap, VecDeque};

/// A message with the partition that it leaves and the one that it enters.
pub(super) type Posted = (PartitionId, PartitionId, Message);

/// Bounded by what one request can cause in a prompt pit, and by the caller, who delivers, in a
/// delayed one.
#[derive(Default)]
pub(super) struct Channels {
    /// What the entity that is being handled says. One queue for everything keeps the order
    /// within every channel.
    said: Vec<Posted>,
    /// Empty; it and the queue take turns.
    spare: Vec<Posted>,
    delayed: Option<Delayed>,
}

/// Messages that wait for a chooser.
struct Delayed {
    queues: BTreeMap<(PartitionId, PartitionId), VecDeque<Message>>,
    chooser: Chooser,
}

impl Channels {
    pub fn prompt() -> Channels {
        Channels::default()
    }

    pub fn delayed(seed: u64) -> Channels {
        let delayed = Delayed { queues: BTreeMap::new(), chooser: Chooser(seed) };
        Channels { delayed: Some(delayed), ..Channels::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.delayed.as_ref().is_none_or(|it| it.queues.is_empty())
    }

    pub fn send(&mut self, from: PartitionId, to: PartitionId, message: Message) {
        self.said.push((from, to, message));
    }

    /// The same without a copy: room is made first, so the message is built where it waits.
    #[inline(always)]
    pub fn send_with(
        &mut self,
        from: PartitionId,
        to: PartitionId,
        message: impl FnOnce() -> Message,
    ) {
        self.said.extend(std::iter::once_with(|| (from, to, message())));
    }

    /// Everything that a prompt pit has to deliver now. A delayed pit lays it by.
    #[inline(always)]
    pub fn batch(&mut self) -> Option<Vec<Posted>> {
        if self.said.is_empty() {
            return None;
        }
        if self.delayed.is_some() {
            self.lay_by();
            return None;
        }
        Some(std::mem::replace(&mut self.said, std::mem::take(&mut self.spare)))
    }

    #[cold]
    fn lay_by(&mut self) {
        let Some(delayed) = &mut self.delayed else { return };
        for (from, to, message) in self.said.drain(..) {
            delayed.queues.entry((from, to)).or_default().push_back(message);
        }
    }

    /// Takes a delivered batch back, to fill it again.
    #[inline]
    pub fn done_with(&mut self, mut batch: Vec<Posted>) {
        batch.clear();
        self.spare = batch;
    }

    /// The next message of a delayed pit, with where it goes.
    pub fn next(&mut self) -> Option<(PartitionId, Message)> {
        let Delayed { queues, chooser } = self.delayed.as_mut()?;
        if queues.is_empty() {
            return None;
        }
        let nth = chooser.below(queues.len() as u64) as usize;
        let &channel = queues.keys().nth(nth)?;
        let queue = queues.get_mut(&channel)?;
        let message = queue.pop_front()?;
        if queue.is_empty() {
            queues.remove(&channel);
        }
        Some((channel.1, message))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Message> + '_ {
        let said = self.said.iter().map(|(_, _, message)| message);
        said.chain(self.delayed.iter().flat_map(|delayed| delayed.queues.values().flatten()))
    }
}

/// A seeded sequence of choices (splitmix64): the same seed gives the same course of events.
#[derive(Clone, Copy, Debug)]
pub struct Chooser(pub u64);

impl Chooser {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// One of `choices`.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}
