//! Values that stay where they are: numbered slots, given out again when they are free.

use serde::{Deserialize, Serialize};

/// Slots come in blocks, so that growing copies nothing and a small account stays small.
const BLOCK: usize = 16;

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
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
    }

    /// Those that are given out, in their order.
    pub fn taken(&self) -> Vec<u32> {
        let count = self.blocks.iter().map(Vec::len).sum::<usize>() as u32;
        let mut is_free = vec![false; count as usize];
        self.free.iter().for_each(|&slot| is_free[slot as usize] = true);
        (0..count).filter(|&slot| !is_free[slot as usize]).collect()
    }

    #[inline]
    pub fn vacate(&mut self, slot: u32) {
        self.free.push(slot);
    }
}
