//! Finds the slots of remembered ids by hashes of these ids.
//!
//! Nearly every question is about an id that was never seen, and accounts are many and asked in
//! turn. So a tag of one byte an id answers "never": the tags of a thousand active accounts fit a
//! cache. They lie in groups of eight, a word each, looked through at once; slots are read, and
//! may be missed by the cache, where a tag agrees.

/// No result may depend on where a tag lies.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// A byte each: [`FREE`], [`GONE`], or the highest bits of the hash over a set bit.
    groups: Box<[u64]>,
    /// Eight a group: the upper half of the hash, from which a larger table is made without
    /// reading what is remembered, and the slot.
    cells: Box<[u64]>,
    /// Tags that are not free, those that are gone included.
    used: usize,
    live: usize,
}

const FREE: u8 = 0;
/// Was removed: a search goes on over it.
const GONE: u8 = 1;
const IN_GROUP: usize = 8;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const UPPER_HALF: u64 = 0xffff_ffff_0000_0000;

#[inline(always)]
fn tag_of(hash: u64) -> u8 {
    0x80 | (hash >> 57) as u8
}

#[inline(always)]
fn cell_of(hash: u64, slot: u32) -> u64 {
    hash & UPPER_HALF | u64::from(slot)
}

/// The group at which a search begins, before it is cut to the table's size.
#[inline(always)]
fn home_of(hash: u64) -> usize {
    (hash >> 32) as usize
}

/// The high bits of the bytes of a word that are zero. The lowest of them is exact, those above
/// it may be wrong.
#[inline(always)]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & HIGH_BITS
}

/// The place in its group of the lowest of such bits.
#[inline(always)]
fn lowest(bits: u64) -> usize {
    bits.trailing_zeros() as usize / IN_GROUP
}

impl Seen {
    /// The slot with this hash of which `is_it` holds.
    #[inline(always)]
    pub fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash, is_it).map(|place| self.cells[place] as u32)
    }

    #[inline(always)]
    fn place(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<usize> {
        if self.groups.is_empty() {
            return None;
        }
        let mask = self.groups.len() - 1;
        let wanted = LOW_BITS * u64::from(tag_of(hash));
        let mut at = home_of(hash) & mask;
        loop {
            let group = self.groups[at];
            let mut agreeing = zero_bytes(group ^ wanted);
            while agreeing != 0 {
                let place = at * IN_GROUP + lowest(agreeing);
                let cell = self.cells[place];
                if (cell ^ hash) & UPPER_HALF == 0 && is_it(cell as u32) {
                    return Some(place);
                }
                agreeing &= agreeing - 1;
            }
            if zero_bytes(group) != 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    /// The tags and a cell where a search would begin.
    #[inline(always)]
    pub fn glance(&self, hash: u64) -> u64 {
        let at = home_of(hash) & self.groups.len().wrapping_sub(1);
        let cell = self.cells.get(at.wrapping_mul(IN_GROUP)).copied().unwrap_or(0);
        self.groups.get(at).copied().unwrap_or(0) ^ cell
    }

    /// Adds a slot that is not there.
    #[inline(always)]
    pub fn insert(&mut self, hash: u64, slot: u32) {
        if self.used * 4 >= self.groups.len() * IN_GROUP * 3 {
            self.renew();
        }
        self.place_in(hash, slot);
    }

    #[inline(always)]
    fn place_in(&mut self, hash: u64, slot: u32) {
        let mask = self.groups.len() - 1;
        let mut at = home_of(hash) & mask;
        let free = loop {
            let free = zero_bytes(self.groups[at]);
            if free != 0 {
                break lowest(free);
            }
            at = (at + 1) & mask;
        };
        self.groups[at] |= u64::from(tag_of(hash)) << (free * 8);
        self.cells[at * IN_GROUP + free] = cell_of(hash, slot);
        self.used += 1;
        self.live += 1;
    }

    /// Makes the table anew, with room for more.
    #[cold]
    fn renew(&mut self) {
        // Twice what is live and one more, unless many were removed: then the same size will do.
        let groups = ((self.live + 1) * 2).next_power_of_two().max(IN_GROUP) / IN_GROUP;
        let [tags, cells] = [groups, groups * IN_GROUP].map(|room| vec![0; room].into());
        let before = std::mem::replace(self, Seen { groups: tags, cells, used: 0, live: 0 });
        let tags = before.groups.iter().flat_map(|group| group.to_le_bytes());
        for (_, &cell) in tags.zip(before.cells.iter()).filter(|&(tag, _)| tag > GONE) {
            self.place_in(cell, cell as u32);
        }
    }

    /// Removes a slot that is there.
    #[inline]
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let place = self.place(hash, |other| other == slot);
        let place = place.expect("only what is there is removed");
        let (at, shift) = (place / IN_GROUP, place % IN_GROUP * 8);
        // No search ever passed over a group that has room: nothing has to be kept for one.
        let has_room = zero_bytes(self.groups[at]) != 0;
        let left = if has_room { FREE } else { GONE };
        self.groups[at] = self.groups[at] & !(0xff << shift) | u64::from(left) << shift;
        self.used -= usize::from(has_room);
        self.live -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::pit::Chooser;
    use std::collections::BTreeMap;

    #[test]
    fn it_finds_what_was_put_in_and_not_taken_out() {
        let (mut seen, mut known) = (Seen::default(), BTreeMap::new());
        let mut chooser = Chooser(1);
        for slot in 0..4_000_u32 {
            // Few different hashes, so that tags agree and groups are full.
            let hash = chooser.below(64) << 57 | chooser.below(512) << 32;
            seen.insert(hash, slot);
            known.insert(slot, hash);
            if chooser.below(3) > 0 {
                let gone = *chooser.one_of(&known.keys().copied().collect::<Vec<_>>());
                let hash = known.remove(&gone).expect("it is known");
                seen.remove(hash, gone);
                assert_eq!(seen.find(hash, |slot| slot == gone), None);
            }
        }
        assert!(known.len() > 1_000);
        for (&slot, &hash) in &known {
            assert_eq!(seen.find(hash, |other| other == slot), Some(slot));
        }
    }
}
