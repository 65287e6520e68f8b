//! The ids of an account that are closed, in the order in which they closed.

use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;

/// In blocks, so that growing copies nothing of what is there.
const BLOCK: usize = 64;

/// A queue of slots, each with the time at which its id closed.
#[derive(Clone, Debug, Default)]
pub(super) struct Closings {
    blocks: VecDeque<Vec<(Time, u32)>>,
    /// How many of the first block are gone already.
    taken: usize,
    count: usize,
}

impl Closings {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.count
    }

    #[inline(always)]
    pub fn push(&mut self, at: Time, slot: u32) {
        self.count += 1;
        match self.blocks.back_mut() {
            Some(block) if block.len() < BLOCK => block.push((at, slot)),
            _ => self.push_block(at, slot),
        }
    }

    #[cold]
    fn push_block(&mut self, at: Time, slot: u32) {
        // The first block of an account that does little stays small.
        let room = if self.blocks.is_empty() { 4 } else { BLOCK };
        self.blocks.reserve_exact(usize::from(self.blocks.is_empty()));
        let mut block = Vec::with_capacity(room);
        block.push((at, slot));
        self.blocks.push_back(block);
    }

    pub fn first(&self) -> Option<(Time, u32)> {
        self.blocks.front()?.get(self.taken).copied()
    }

    pub fn take_first(&mut self) {
        self.count -= 1;
        self.taken += 1;
        if self.blocks.front().is_some_and(|block| block.len() == self.taken) {
            self.blocks.pop_front();
            self.taken = 0;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &(Time, u32)> + '_ {
        self.blocks.iter().flatten().skip(self.taken)
    }
}

impl Serialize for Closings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.iter().collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Closings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut closings = Closings::default();
        for (at, slot) in Vec::<(Time, u32)>::deserialize(deserializer)? {
            closings.push(at, slot);
        }
        Ok(closings)
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Closings};
    use crate::time::Time;

    #[test]
    fn what_comes_first_goes_first_also_after_it_was_read_again() {
        let mut closings = Closings::default();
        for nth in 0..5 * BLOCK as u32 {
            closings.push(Time(u64::from(nth)), nth);
        }
        (0..BLOCK + 3).for_each(|_| closings.take_first());
        let bytes = postcard::to_stdvec(&closings).expect("it encodes");
        let mut again: Closings = postcard::from_bytes(&bytes).expect("it decodes");
        for nth in BLOCK as u32 + 3..5 * BLOCK as u32 {
            assert_eq!(closings.first(), Some((Time(u64::from(nth)), nth)));
            assert_eq!(closings.first(), again.first());
            closings.take_first();
            again.take_first();
        }
        assert_eq!((closings.first(), closings.len(), again.len()), (None, 0, 0));
    }
}
