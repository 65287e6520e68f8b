//! Values that stay where they are: numbered slots, given out again when they are free.

use serde::{Deserialize, Serialize};

/// Slots come in blocks, so that growing copies next to nothing.
const BLOCK: usize = 16;
/// Bytes that the first block begins with, at least one value: most accounts do little. It alone
/// grows in place, and copies less than a block all in all.
const FIRST_BYTES: usize = 256;

/// A vacated slot keeps its last value until it is given out again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slots<T> {
    blocks: Vec<Vec<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { blocks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    #[inline]
    pub fn get(&self, slot: u32) -> &T {
        &self.blocks[slot as usize / BLOCK][slot as usize % BLOCK]
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.blocks[slot as usize / BLOCK][slot as usize % BLOCK]
    }

    /// What the slot holds that is given out next, if it was given out before.
    #[inline(always)]
    pub fn next_free(&self) -> Option<&T> {
        self.free.last().map(|&slot| self.get(slot))
    }

    /// A vacated slot, with what it held.
    #[inline]
    pub fn reuse(&mut self) -> Option<u32> {
        self.free.pop()
    }

    #[inline(always)]
    pub fn insert_with(&mut self, value: impl FnOnce() -> T) -> u32 {
        if let Some(slot) = self.free.pop() {
            *self.get_mut(slot) = value();
            return slot;
        }
        self.make_room();
        let nth = self.blocks.len() - 1;
        let block = &mut self.blocks[nth];
        // There is room: the value is built where it stays.
        block.extend(std::iter::once_with(value));
        (nth * BLOCK + block.len() - 1) as u32
    }

    #[inline]
    fn make_room(&mut self) {
        match self.blocks.last() {
            None => self.first_block(),
            Some(block) if block.len() == BLOCK => self.blocks.push(Vec::with_capacity(BLOCK)),
            Some(_) => {}
        }
    }

    #[cold]
    fn first_block(&mut self) {
        self.blocks.reserve_exact(1);
        self.blocks.push(Vec::with_capacity((FIRST_BYTES / size_of::<T>()).max(1)));
    }

    /// How many there are, given out or not; reads the end of the last block.
    #[inline(always)]
    pub fn len(&self) -> u64 {
        self.blocks.last().map_or(0, |block| ((self.blocks.len() - 1) * BLOCK + block.len()) as u64)
    }

    /// All of them, given out or not.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> + '_ {
        (0..).zip(self.blocks.iter().flatten())
    }

    #[inline]
    pub fn vacate(&mut self, slot: u32) {
        self.free.push(slot);
    }
}
