//! Finds slots by their keys.
//!
//! Open addressing with linear probing. A cell is four bytes, a short tag of the key and a slot:
//! accounts are many and asked in turn, so what counts is how much of them fits a cache. Whoever
//! owns the slots decides when two keys share a tag.

/// Where a key's cell would lie if the table were free, and what tells it from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub home: u32,
    pub tag: u32,
}

/// No result may depend on where a cell lies: whoever walks the slots sorts them.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Twelve bits of tag, twenty of slot + 1; zero is free.
    cells: Vec<u32>,
    used: usize,
}

const SLOT_BITS: u32 = 20;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;

/// How many slots an index can tell apart.
pub(super) const SLOTS_MAX: u32 = SLOT_MASK;

#[inline(always)]
fn cell_of(tag: u32, slot: u32) -> u32 {
    tag << SLOT_BITS | (slot + 1)
}

#[inline(always)]
fn slot_of(cell: u32) -> u32 {
    (cell & SLOT_MASK) - 1
}

impl Index {
    const CELLS_MIN: usize = 8;

    pub fn len(&self) -> usize {
        self.used
    }

    /// All slots, in no order that means anything.
    pub fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().filter(|&&cell| cell != 0).map(|&cell| slot_of(cell))
    }

    #[inline]
    pub fn find(&self, spot: Spot, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.cells.is_empty() {
            return None;
        }
        let mask = self.cells.len() - 1;
        let mut at = spot.home as usize & mask;
        let tag = spot.tag << SLOT_BITS;
        loop {
            let cell = self.cells[at];
            if cell == 0 {
                return None;
            }
            if cell & !SLOT_MASK == tag && is_it(slot_of(cell)) {
                return Some(slot_of(cell));
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a slot that is not there. `home_of` tells the home of those that are.
    #[inline]
    pub fn insert(&mut self, spot: Spot, slot: u32, home_of: impl Fn(u32) -> u32) {
        assert!(slot < SLOTS_MAX, "an account has at most {SLOTS_MAX} orders and requests");
        if (self.used + 1) * 4 > self.cells.len() * 3 {
            self.grow(home_of);
        }
        self.used += 1;
        self.place(spot.home, cell_of(spot.tag, slot));
    }

    #[inline]
    fn place(&mut self, home: u32, cell: u32) {
        let mask = self.cells.len() - 1;
        let mut at = home as usize & mask;
        while self.cells[at] != 0 {
            at = (at + 1) & mask;
        }
        self.cells[at] = cell;
    }

    /// Doubles the table. The slots are read one after the other, which caches like.
    #[cold]
    fn grow(&mut self, home_of: impl Fn(u32) -> u32) {
        let cells = (self.cells.len() * 2).max(Self::CELLS_MIN);
        let mut before = std::mem::replace(&mut self.cells, vec![0; cells]);
        before.retain(|&cell| cell != 0);
        before.sort_unstable_by_key(|&cell| slot_of(cell));
        for cell in before {
            self.place(home_of(slot_of(cell)), cell);
        }
    }

    /// Removes a slot that is there.
    #[inline]
    pub fn remove(&mut self, spot: Spot, slot: u32, home_of: impl Fn(u32) -> u32) {
        let mask = self.cells.len() - 1;
        let mut hole = spot.home as usize & mask;
        while self.cells[hole] & SLOT_MASK != slot + 1 {
            assert!(self.cells[hole] != 0, "only what is there is removed");
            hole = (hole + 1) & mask;
        }
        self.used -= 1;
        // Whoever probed past the hole moves into it, so that no search stops early.
        let mut at = (hole + 1) & mask;
        while self.cells[at] != 0 {
            let home = home_of(slot_of(self.cells[at])) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.cells[hole] = self.cells[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.cells[hole] = 0;
    }
}
