//! Messages between partitions: at once, or as late as a chooser likes.

use crate::ids::PartitionId;
use crate::message::Message;
use std::collections::{BTreeMap, VecDeque};

/// Bounded by what one request can cause in a prompt pit, and by the caller, who delivers, in a
/// delayed one.
pub(super) enum Channels {
    /// One queue for everything keeps the order within every channel. The spare one is empty.
    Prompt {
        queue: Vec<(PartitionId, Message)>,
        spare: Vec<(PartitionId, Message)>,
    },
    Delayed {
        queues: BTreeMap<(PartitionId, PartitionId), VecDeque<Message>>,
        chooser: Chooser,
    },
}

impl Channels {
    pub fn prompt() -> Channels {
        Channels::Prompt { queue: Vec::new(), spare: Vec::new() }
    }

    pub fn delayed(seed: u64) -> Channels {
        Channels::Delayed { queues: BTreeMap::new(), chooser: Chooser(seed) }
    }

    /// Everything that a prompt pit has to deliver now.
    #[inline]
    pub fn batch(&mut self) -> Option<Vec<(PartitionId, Message)>> {
        match self {
            Channels::Prompt { queue, spare } if !queue.is_empty() => {
                Some(std::mem::replace(queue, std::mem::take(spare)))
            }
            _ => None,
        }
    }

    /// Takes a delivered batch back, to fill it again.
    #[inline]
    pub fn done_with(&mut self, mut batch: Vec<(PartitionId, Message)>) {
        if let Channels::Prompt { spare, .. } = self {
            batch.clear();
            *spare = batch;
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Channels::Prompt { queue, .. } => queue.is_empty(),
            Channels::Delayed { queues, .. } => queues.is_empty(),
        }
    }

    #[inline]
    pub fn send(&mut self, from: PartitionId, to: PartitionId, message: Message) {
        match self {
            Channels::Prompt { queue, .. } => queue.push((to, message)),
            Channels::Delayed { queues, .. } => {
                queues.entry((from, to)).or_default().push_back(message);
            }
        }
    }

    /// The next message of a delayed pit, with where it goes.
    #[inline]
    pub fn next(&mut self) -> Option<(PartitionId, Message)> {
        match self {
            Channels::Prompt { .. } => None,
            Channels::Delayed { queues, chooser } => {
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
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Message> + '_ {
        let (prompt, delayed) = match self {
            Channels::Prompt { queue, .. } => (Some(queue), None),
            Channels::Delayed { queues, .. } => (None, Some(queues)),
        };
        let prompt = prompt.into_iter().flatten().map(|(_, message)| message);
        prompt.chain(delayed.into_iter().flat_map(|queues| queues.values().flatten()))
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
