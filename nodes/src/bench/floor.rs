//! The floor under a book: what matching, cancelling and amending cost by themselves.
//!
//! A flat array of levels over one fixed range of prices with a bitmap above it, orders in a slab
//! as linked lists, an open-addressing map from order number to slot. No rules, no accounts, no
//! reports, no self-match, nothing that grows: a real book can only come near to it. Capacities
//! are given beforehand, and a price outside the range is a panic.

use super::book::Operation;
use hoga_engine::order::Side;
use hoga_scenarios::replay::flow::Kind;

/// Prices run from 1 to this - 2.
const PRICES: usize = 1 << 18;
const NONE: u32 = u32::MAX;

/// Three layers of bits: a price, a word of prices, a word of words.
struct Occupied {
    prices: Vec<u64>,
    words: Vec<u64>,
    top: u64,
}

impl Occupied {
    fn new() -> Occupied {
        Occupied { prices: vec![0; PRICES / 64], words: vec![0; PRICES / 4096], top: 0 }
    }

    #[inline(always)]
    fn set(&mut self, price: usize) {
        self.prices[price >> 6] |= 1 << (price & 63);
        self.words[price >> 12] |= 1 << (price >> 6 & 63);
        self.top |= 1 << (price >> 12);
    }

    #[inline(always)]
    fn clear(&mut self, price: usize) {
        let word = &mut self.prices[price >> 6];
        *word &= !(1 << (price & 63));
        if *word == 0 {
            let above = &mut self.words[price >> 12];
            *above &= !(1 << (price >> 6 & 63));
            if *above == 0 {
                self.top &= !(1 << (price >> 12));
            }
        }
    }

    /// The next set price above `price`.
    #[inline(always)]
    fn after(&self, price: usize) -> Option<usize> {
        let rest = higher(self.prices[price >> 6], price & 63);
        if rest != 0 {
            return Some(price & !63 | rest.trailing_zeros() as usize);
        }
        let rest = higher(self.words[price >> 12], price >> 6 & 63);
        if rest != 0 {
            let word = price >> 12 << 6 | rest.trailing_zeros() as usize;
            return Some(word << 6 | self.prices[word].trailing_zeros() as usize);
        }
        let rest = higher(self.top, price >> 12);
        (rest != 0).then(|| {
            let above = rest.trailing_zeros() as usize;
            let word = above << 6 | self.words[above].trailing_zeros() as usize;
            word << 6 | self.prices[word].trailing_zeros() as usize
        })
    }

    /// The next set price below `price`.
    #[inline(always)]
    fn before(&self, price: usize) -> Option<usize> {
        let rest = lower(self.prices[price >> 6], price & 63);
        if rest != 0 {
            return Some(price & !63 | highest(rest));
        }
        let rest = lower(self.words[price >> 12], price >> 6 & 63);
        if rest != 0 {
            let word = price >> 12 << 6 | highest(rest);
            return Some(word << 6 | highest(self.prices[word]));
        }
        let rest = lower(self.top, price >> 12);
        (rest != 0).then(|| {
            let above = highest(rest);
            let word = above << 6 | highest(self.words[above]);
            word << 6 | highest(self.prices[word])
        })
    }
}

#[inline(always)]
fn higher(word: u64, bit: usize) -> u64 {
    (word >> bit >> 1) << bit << 1
}

#[inline(always)]
fn lower(word: u64, bit: usize) -> u64 {
    word & ((1 << bit) - 1)
}

#[inline(always)]
fn highest(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

/// Order number to slot: linear probing, holes are closed by shifting back. Zero is free.
struct Slots {
    entries: Vec<(u64, u32)>,
    mask: usize,
}

impl Slots {
    fn new(bits: u32) -> Slots {
        Slots { entries: vec![(0, 0); 1 << bits], mask: (1 << bits) - 1 }
    }

    #[inline(always)]
    fn home(&self, order: u64) -> usize {
        (order.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & self.mask
    }

    #[inline(always)]
    fn insert(&mut self, order: u64, slot: u32) {
        let mut at = self.home(order);
        while self.entries[at].0 != 0 {
            at = (at + 1) & self.mask;
        }
        self.entries[at] = (order, slot);
    }

    /// Where the order's entry is.
    #[inline(always)]
    fn find(&self, order: u64) -> Option<usize> {
        let mut at = self.home(order);
        loop {
            let entry = self.entries[at].0;
            if entry == order {
                return Some(at);
            }
            if entry == 0 {
                return None;
            }
            at = (at + 1) & self.mask;
        }
    }

    #[inline(always)]
    fn remove(&mut self, order: u64) -> Option<u32> {
        let mut hole = self.find(order)?;
        let slot = self.entries[hole].1;
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let entry = self.entries[at];
            if entry.0 == 0 {
                break;
            }
            let home = self.home(entry.0);
            if (at.wrapping_sub(home) & self.mask) >= (at.wrapping_sub(hole) & self.mask) {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole].0 = 0;
        Some(slot)
    }
}

#[derive(Clone, Copy)]
struct Level {
    head: u32,
    tail: u32,
    open: u64,
}

const EMPTY: Level = Level { head: NONE, tail: NONE, open: 0 };

#[derive(Clone, Copy)]
struct Resting {
    order: u64,
    open: u64,
    price: u32,
    previous: u32,
    next: u32,
    side: Side,
}

/// A book with nothing but what matching needs.
pub(super) struct Floor {
    levels: Vec<Level>,
    /// Bids, asks.
    occupied: [Occupied; 2],
    /// Best bid or 0, best ask or the highest price.
    best: [usize; 2],
    orders: Vec<Resting>,
    free: Vec<u32>,
    slots: Slots,
    pub trades: u64,
    pub traded: u64,
}

impl Floor {
    /// Room for half of 2^`order_bits` orders at a good speed.
    pub fn new(order_bits: u32) -> Floor {
        Floor {
            levels: vec![EMPTY; PRICES],
            occupied: [Occupied::new(), Occupied::new()],
            best: [0, PRICES - 1],
            orders: Vec::with_capacity(1 << order_bits >> 1),
            free: Vec::with_capacity(1 << order_bits >> 1),
            slots: Slots::new(order_bits),
            trades: 0,
            traded: 0,
        }
    }

    /// An amend's quantity is the new open one.
    #[inline(always)]
    pub fn perform(&mut self, operation: &Operation) {
        match operation.kind {
            Kind::Limit | Kind::Immediate => self.place(operation),
            Kind::Cancel => {
                self.cancel(operation.order);
            }
            Kind::Amend => {
                if self.cancel(operation.order) {
                    self.place(operation);
                }
            }
        }
    }

    #[inline(always)]
    fn cancel(&mut self, order: u64) -> bool {
        let Some(slot) = self.slots.remove(order) else { return false };
        let Resting { open, price, previous, next, side, .. } = self.orders[slot as usize];
        let level = &mut self.levels[price as usize];
        level.open -= open;
        match previous {
            NONE => level.head = next,
            _ => self.orders[previous as usize].next = next,
        }
        match next {
            NONE => level.tail = previous,
            _ => self.orders[next as usize].previous = previous,
        }
        if previous == NONE && next == NONE {
            self.vacate(side as usize, price as usize);
        }
        self.free.push(slot);
        true
    }

    #[inline(always)]
    fn vacate(&mut self, side: usize, price: usize) {
        self.occupied[side].clear(price);
        if self.best[side] == price {
            self.best[side] = match side {
                0 => self.occupied[0].before(price).unwrap_or(0),
                _ => self.occupied[1].after(price).unwrap_or(PRICES - 1),
            };
        }
    }

    #[inline(always)]
    fn place(&mut self, operation: &Operation) {
        let (side, limit) = (operation.side as usize, operation.price.0 as usize);
        let mut left = operation.quantity.0;
        while left > 0 {
            let price = self.best[1 - side];
            let is_beyond = if side == 0 { price > limit } else { price < limit };
            if is_beyond {
                break;
            }
            left = self.take(1 - side, price, left);
        }
        if left > 0 && operation.kind != Kind::Immediate {
            self.rest(operation, left);
        }
    }

    /// Takes from the oldest orders of a level; returns what is left.
    #[inline(always)]
    fn take(&mut self, side: usize, price: usize, mut left: u64) -> u64 {
        let level = &mut self.levels[price];
        let mut head = level.head;
        while head != NONE && left > 0 {
            let maker = &mut self.orders[head as usize];
            let quantity = left.min(maker.open);
            left -= quantity;
            maker.open -= quantity;
            level.open -= quantity;
            self.trades += 1;
            self.traded += quantity;
            if maker.open == 0 {
                let (order, next) = (maker.order, maker.next);
                self.slots.remove(order);
                self.free.push(head);
                head = next;
            }
        }
        level.head = head;
        if head == NONE {
            level.tail = NONE;
            self.vacate(side, price);
        } else {
            self.orders[head as usize].previous = NONE;
        }
        left
    }

    #[inline(always)]
    fn rest(&mut self, operation: &Operation, open: u64) {
        let Operation { order, side, price, .. } = *operation;
        let level = &mut self.levels[price.0 as usize];
        let tail = level.tail;
        let resting = Resting { order, open, price: price.0, previous: tail, next: NONE, side };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.orders[slot as usize] = resting;
                slot
            }
            None => {
                self.orders.push(resting);
                self.orders.len() as u32 - 1
            }
        };
        level.tail = slot;
        level.open += open;
        if tail == NONE {
            level.head = slot;
            let (side, price) = (side as usize, price.0 as usize);
            self.occupied[side].set(price);
            let is_best = if side == 0 { price > self.best[0] } else { price < self.best[1] };
            if is_best {
                self.best[side] = price;
            }
        } else {
            self.orders[tail as usize].next = slot;
        }
        self.slots.insert(order, slot);
    }
}
