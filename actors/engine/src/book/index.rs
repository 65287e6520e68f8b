//! Finds a resting order's slot by its key.
//!
//! Open addressing with linear probing. An entry is a 32-bit tag of the key and the slot: eight
//! bytes, so a deep book's index stays small; the slab, which a cancel touches anyway, decides
//! when two keys share a tag.

use super::slab::Slab;
use crate::ids::OrderKey;

pub(super) struct Index {
    /// Tag in the upper half, slot + 1 in the lower; zero is free.
    entries: Vec<u64>,
    bits: u32,
    count: usize,
    /// So many orders, and it grows.
    room: usize,
}

#[inline(always)]
fn tag_of(order: OrderKey) -> u32 {
    let mixed = order.no.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ order.account.bits().wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 32) as u32
}

impl Index {
    const BITS_MIN: u32 = 6;
    /// A table that fits the cache has room to spare: its cost is the mispredicted end of a run.
    /// A larger one is kept dense: its cost is the cache that it does not fit.
    const SPARSE_BITS_MAX: u32 = 16;

    const fn room(bits: u32) -> usize {
        let eighths = if bits <= Self::SPARSE_BITS_MAX { 1 } else { 6 };
        (1 << bits) / 8 * eighths
    }

    pub fn new() -> Index {
        let bits = Self::BITS_MIN;
        Index { entries: vec![0; 1 << bits], bits, count: 0, room: Self::room(bits) }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    #[inline(always)]
    fn home(&self, tag: u32) -> usize {
        (tag >> (32 - self.bits)) as usize
    }

    #[inline(always)]
    pub fn insert(&mut self, order: OrderKey, slot: u32) {
        if self.count >= self.room {
            self.grow();
        }
        self.place(u64::from(tag_of(order)) << 32 | u64::from(slot + 1));
        self.count += 1;
    }

    #[inline(always)]
    fn place(&mut self, entry: u64) {
        let mask = self.entries.len() - 1;
        let mut at = self.home((entry >> 32) as u32);
        while self.entries[at & mask] != 0 {
            at += 1;
        }
        self.entries[at & mask] = entry;
    }

    #[cold]
    fn grow(&mut self) {
        self.bits += 1;
        self.room = Self::room(self.bits);
        assert!(self.bits <= 32, "the index addresses fewer than 2^31 orders");
        let old = std::mem::replace(&mut self.entries, vec![0; 1 << self.bits]);
        // Homes are the tags' upper bits, so walking in order keeps the new table in order too.
        old.into_iter().filter(|&entry| entry != 0).for_each(|entry| self.place(entry));
    }

    #[inline(always)]
    pub fn find(&self, order: OrderKey, slab: &Slab) -> Option<u32> {
        self.find_place(order, slab).map(|(_, slot)| slot)
    }

    /// The order's slot, and where its entry is until the index changes.
    #[inline(always)]
    pub fn find_place(&self, order: OrderKey, slab: &Slab) -> Option<(usize, u32)> {
        let tag = tag_of(order);
        let mask = self.entries.len() - 1;
        let mut at = self.home(tag);
        loop {
            let entry = self.entries[at & mask];
            if entry == 0 {
                return None;
            }
            if (entry >> 32) as u32 == tag {
                let slot = entry as u32 - 1;
                if slab.get(slot).is(order) {
                    return Some((at & mask, slot));
                }
            }
            at += 1;
        }
    }

    /// Forgets a slot that is in the index.
    #[inline(always)]
    pub fn remove(&mut self, order: OrderKey, slot: u32) {
        let tag = tag_of(order);
        let mask = self.entries.len() - 1;
        let wanted = u64::from(tag) << 32 | u64::from(slot + 1);
        let mut hole = self.home(tag) & mask;
        while self.entries[hole] != wanted {
            assert!(self.entries[hole] != 0, "a resting order is in the index");
            hole = (hole + 1) & mask;
        }
        self.remove_at(hole);
    }

    /// Forgets the entry at a place that was just found.
    #[inline(always)]
    pub fn remove_at(&mut self, mut hole: usize) {
        let mask = self.entries.len() - 1;
        // Backward shift: entries behind the hole move up unless that takes them before home.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let entry = self.entries[at];
            if entry == 0 {
                break;
            }
            let home = self.home((entry >> 32) as u32);
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = 0;
        self.count -= 1;
    }
}
