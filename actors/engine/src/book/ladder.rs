//! The price levels of one side, best first, in a sparse array.
//!
//! A level's key is its distance from the best price that could exist: the price itself for
//! asks, `Ticks::MAX - price` for bids. So the best level of either side is the smallest key, and
//! both sides are one piece of code.
//!
//! Levels live in pages of 64; a directory finds a page, four layers of bitmaps find the next
//! level that is not empty. All arrays but the pages are zeroed memory that the system hands out
//! when it is touched, so a book costs what its occupied price range costs.

use crate::amount::Ticks;
use crate::order::Side;

/// No slot, no level.
pub(super) const NIL: u32 = u32::MAX;

const KEYS: usize = Ticks::MAX.0 as usize + 1;
const PAGES: usize = KEYS / 64;

/// First and last order of a price, and what is open there.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub head: u32,
    pub tail: u32,
    pub quantity: u64,
}

const EMPTY: Level = Level { head: NIL, tail: NIL, quantity: 0 };

pub(super) struct Ladder {
    /// Page slot + 1 of each 64 keys; zero where no page is.
    directory: Vec<u32>,
    levels: Vec<Level>,
    /// Which levels of each page are occupied.
    occupied: Vec<u64>,
    free_pages: Vec<u32>,
    /// One bit a page, then one a word of the layer below.
    layer1: Vec<u64>,
    layer2: Vec<u64>,
    layer3: [u64; PAGES / 64 / 64 / 64],
    best: u32,
    best_at: usize,
}

/// The key of a price on a side.
#[inline(always)]
pub(super) const fn key_of(side: Side, price: Ticks) -> u32 {
    // MAX is all ones, so this is MAX - price for bids; without a branch, because sides come
    // in no order that a processor could guess.
    price.0 ^ MIRROR[side as usize]
}

/// What turns prices into keys, by side.
const MIRROR: [u32; 2] = [Ticks::MAX.0, 0];

/// The price of a key on a side.
#[inline(always)]
pub(super) const fn price_of(side: Side, key: u32) -> Ticks {
    // The mapping is its own inverse.
    Ticks(key_of(side, Ticks(key)))
}

impl Ladder {
    pub fn new() -> Ladder {
        Ladder {
            directory: vec![0; PAGES],
            levels: Vec::new(),
            occupied: Vec::new(),
            free_pages: Vec::new(),
            layer1: vec![0; PAGES / 64],
            layer2: vec![0; PAGES / 64 / 64],
            layer3: [0; PAGES / 64 / 64 / 64],
            best: NIL,
            best_at: 0,
        }
    }

    /// The best key, or `NIL`, which is worse than every key.
    #[inline(always)]
    pub fn best(&self) -> u32 {
        self.best
    }

    #[inline(always)]
    pub fn best_level(&mut self) -> &mut Level {
        &mut self.levels[self.best_at]
    }

    #[inline(always)]
    fn at(&self, key: u32) -> usize {
        let page = self.directory[(key >> 6) as usize] - 1;
        (page as usize) << 6 | (key & 63) as usize
    }

    /// The level of an occupied key.
    #[inline(always)]
    pub fn level(&self, key: u32) -> &Level {
        &self.levels[self.at(key)]
    }

    #[inline(always)]
    pub fn level_mut(&mut self, key: u32) -> &mut Level {
        let at = self.at(key);
        &mut self.levels[at]
    }

    /// What is open at a key, occupied or not.
    pub fn quantity(&self, key: u32) -> u64 {
        match self.directory[(key >> 6) as usize] {
            0 => 0,
            page => self.levels[(page as usize - 1) << 6 | (key & 63) as usize].quantity,
        }
    }

    /// The level of a key, made and marked occupied if it was not.
    #[inline(always)]
    pub fn occupy(&mut self, key: u32) -> &mut Level {
        let page_key = (key >> 6) as usize;
        if self.directory[page_key] == 0 {
            self.add_page(page_key);
        }
        let page = self.directory[page_key] as usize - 1;
        self.occupied[page] |= 1 << (key & 63);
        let at = page << 6 | (key & 63) as usize;
        if key < self.best {
            self.best = key;
            self.best_at = at;
        }
        &mut self.levels[at]
    }

    #[cold]
    fn add_page(&mut self, page_key: usize) {
        let page = self.free_pages.pop().unwrap_or_else(|| {
            let page = self.occupied.len() as u32;
            self.occupied.push(0);
            self.levels.resize(self.levels.len() + 64, EMPTY);
            page
        });
        self.directory[page_key] = page + 1;
        self.layer1[page_key >> 6] |= 1 << (page_key & 63);
        self.layer2[page_key >> 12] |= 1 << ((page_key >> 6) & 63);
        self.layer3[page_key >> 18] |= 1 << ((page_key >> 12) & 63);
    }

    /// Marks an emptied level as gone and moves the best price on when it was the best.
    #[inline(always)]
    pub fn vacate(&mut self, key: u32) {
        let page_key = (key >> 6) as usize;
        let page = self.directory[page_key] - 1;
        let at = (page as usize) << 6 | (key & 63) as usize;
        self.levels[at] = EMPTY;
        let word = &mut self.occupied[page as usize];
        *word &= !(1 << (key & 63));
        if *word == 0 {
            self.drop_page(page_key, page);
        }
        if key == self.best {
            self.best = self.next(key);
            if self.best != NIL {
                self.best_at = self.at(self.best);
            }
        }
    }

    fn drop_page(&mut self, page_key: usize, page: u32) {
        self.directory[page_key] = 0;
        self.free_pages.push(page);
        let word = &mut self.layer1[page_key >> 6];
        *word &= !(1 << (page_key & 63));
        if *word == 0 {
            let word = &mut self.layer2[page_key >> 12];
            *word &= !(1 << ((page_key >> 6) & 63));
            if *word == 0 {
                self.layer3[page_key >> 18] &= !(1 << ((page_key >> 12) & 63));
            }
        }
    }

    /// The next occupied key behind `key`, or `NIL`.
    #[inline(always)]
    pub fn next(&self, key: u32) -> u32 {
        let page_key = (key >> 6) as usize;
        if self.directory[page_key] != 0 {
            let word = self.occupied[self.directory[page_key] as usize - 1];
            let rest = above(word, (key & 63) as usize);
            if rest != 0 {
                return key & !63 | rest.trailing_zeros();
            }
        }
        self.next_page(page_key)
    }

    fn next_page(&self, page_key: usize) -> u32 {
        let rest = above(self.layer1[page_key >> 6], page_key & 63);
        if rest != 0 {
            return self.first_of_page(page_key & !63 | rest.trailing_zeros() as usize);
        }
        let word1 = page_key >> 6;
        let rest = above(self.layer2[word1 >> 6], word1 & 63);
        if rest != 0 {
            return self.first_of_word(word1 & !63 | rest.trailing_zeros() as usize);
        }
        let word2 = word1 >> 6;
        let mut word3 = word2 >> 6;
        let mut rest = above(self.layer3[word3], word2 & 63);
        while rest == 0 {
            word3 += 1;
            if word3 == self.layer3.len() {
                return NIL;
            }
            rest = self.layer3[word3];
        }
        let word2 = word3 << 6 | rest.trailing_zeros() as usize;
        self.first_of_word(word2 << 6 | self.layer2[word2].trailing_zeros() as usize)
    }

    fn first_of_word(&self, word1: usize) -> u32 {
        self.first_of_page(word1 << 6 | self.layer1[word1].trailing_zeros() as usize)
    }

    fn first_of_page(&self, page_key: usize) -> u32 {
        let page = self.directory[page_key] as usize - 1;
        (page_key << 6) as u32 | self.occupied[page].trailing_zeros()
    }
}

/// The bits of `word` above `bit`.
#[inline(always)]
const fn above(word: u64, bit: usize) -> u64 {
    // Two shifts, because shifting by 64 is not defined.
    (word >> bit >> 1) << bit << 1
}
