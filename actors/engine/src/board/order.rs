//! A ranking that moves: accounts in order, in blocks, counted.

use super::figures::Lens;
use super::rank::Entry;
use super::score::Prefix;
use std::cmp::Ordering;

/// Most accounts of a block, and how many a fresh block holds: room to grow without a split.
const BLOCK_SLOTS_MAX: usize = 512;
const BLOCK_SLOTS_FRESH: usize = 480;

/// All accounts of a board, best first.
///
/// Finding an account compares prefixes of blocks (their list stays in the cache), then accounts
/// within one block: about log2(n) steps. A rank is the count of the blocks before, kept as a
/// Fenwick tree, plus the place within. Moving an account takes it out of one block and puts it
/// into another, two kilobytes each; nothing has to be merged or rebuilt later.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    blocks: Vec<Block>,
    /// Fenwick tree over the lengths of the blocks.
    counts: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Block {
    /// Prefix of the first account: decides most comparisons without a look into the columns.
    head: Prefix,
    /// Never empty.
    slots: Vec<u32>,
}

impl Order {
    /// From entries that are in order.
    pub fn of(entries: &[Entry]) -> Order {
        let block = |run: &[Entry]| {
            let mut slots = Vec::with_capacity(BLOCK_SLOTS_MAX);
            slots.extend(run.iter().map(|entry| entry.slot()));
            Block { head: run[0].prefix(), slots }
        };
        let blocks = entries.chunks(BLOCK_SLOTS_FRESH).map(block).collect();
        let mut order = Order { blocks, counts: Vec::new() };
        order.recount();
        order
    }

    /// Puts an account where its figures belong.
    pub fn insert(&mut self, slot: u32, lens: &Lens) {
        let Some((at, Ok(within) | Err(within))) = self.find(slot, lens) else {
            self.blocks.push(Block { head: lens.prefix(slot as usize), slots: vec![slot] });
            return self.recount();
        };
        let block = &mut self.blocks[at];
        block.slots.insert(within, slot);
        if within == 0 {
            block.head = lens.prefix(slot as usize);
        }
        if block.slots.len() < BLOCK_SLOTS_MAX {
            return self.count(at, 1);
        }
        let mut slots = Vec::with_capacity(BLOCK_SLOTS_MAX);
        slots.extend(block.slots.drain(BLOCK_SLOTS_MAX / 2..));
        let head = lens.prefix(slots[0] as usize);
        self.blocks.insert(at + 1, Block { head, slots });
        self.recount();
    }

    /// Takes an account out. Its figures must still be those that it was put in with.
    pub fn remove(&mut self, slot: u32, lens: &Lens) {
        let (at, within) = self.place(slot, lens);
        let block = &mut self.blocks[at];
        block.slots.remove(within);
        match block.slots.first() {
            None => {
                self.blocks.remove(at);
                self.recount();
            }
            Some(&first) => {
                if within == 0 {
                    block.head = lens.prefix(first as usize);
                }
                self.count(at, -1);
            }
        }
    }

    /// How many accounts are before this one.
    pub fn position(&self, slot: u32, lens: &Lens) -> usize {
        let (at, within) = self.place(slot, lens);
        self.before(at) + within
    }

    /// Slots from a position on.
    pub fn from(&self, position: usize) -> impl Iterator<Item = u32> + '_ {
        let (at, within) = self.seek(position);
        let blocks = self.blocks.get(at..).unwrap_or_default();
        blocks.iter().flat_map(|block| block.slots.iter().copied()).skip(within)
    }

    pub fn bytes(&self) -> usize {
        let slots: usize = self.blocks.iter().map(|b| b.slots.capacity() * size_of::<u32>()).sum();
        slots + self.blocks.len() * (size_of::<Block>() + size_of::<u32>())
    }

    fn place(&self, slot: u32, lens: &Lens) -> (usize, usize) {
        match self.find(slot, lens) {
            Some((at, Ok(within))) => (at, within),
            _ => panic!("slot {slot} is not where its figures say"),
        }
    }

    /// The block where an account is or belongs, and the place within; none without blocks.
    fn find(&self, slot: u32, lens: &Lens) -> Option<(usize, Result<usize, usize>)> {
        let prefix = lens.prefix(slot as usize);
        let compare = |other: u32| lens.compare(other as usize, slot as usize);
        let after = self.blocks.partition_point(|block| match block.head.cmp(&prefix) {
            Ordering::Equal => compare(block.slots[0]) != Ordering::Greater,
            different => different == Ordering::Less,
        });
        let at = after.saturating_sub(1);
        let block = self.blocks.get(at)?;
        Some((at, block.slots.binary_search_by(|&other| compare(other))))
    }

    fn recount(&mut self) {
        self.counts = self.blocks.iter().map(|block| block.slots.len() as u32).collect();
        for index in 0..self.counts.len() {
            let parent = index | (index + 1);
            if parent < self.counts.len() {
                self.counts[parent] += self.counts[index];
            }
        }
    }

    fn count(&mut self, at: usize, change: i32) {
        let mut index = at;
        while let Some(count) = self.counts.get_mut(index) {
            *count = count.wrapping_add_signed(change);
            index |= index + 1;
        }
    }

    /// Accounts in the blocks before `at`.
    fn before(&self, at: usize) -> usize {
        let (mut sum, mut end) = (0, at);
        while end > 0 {
            sum += self.counts[end - 1] as usize;
            end &= end - 1;
        }
        sum
    }

    /// The block that holds a position, and the place within.
    fn seek(&self, position: usize) -> (usize, usize) {
        let (mut at, mut left) = (0, position);
        let mut step = self.blocks.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            let next = at + step;
            if next <= self.counts.len() && self.counts[next - 1] as usize <= left {
                left -= self.counts[next - 1] as usize;
                at = next;
            }
            step /= 2;
        }
        (at, left)
    }
}
