//! Resting orders in one array, linked into the queues of their levels.

use super::ladder::NIL;
use crate::ids::{AccountId, OrderKey, OrderNo, PartitionId};
use crate::order::{Life, Side};

/// An order in the book: all that matching touches, two in a cache line.
///
/// A deep book's speed is the number of cache lines that it touches, so an order is packed into
/// 32 bytes; what it has filled, which few resting orders have, lies beside.
#[derive(Clone, Copy)]
pub(super) struct Resting {
    /// What is open, above [`FLAG_BITS`] of flags.
    open: u64,
    /// Number of the order, above the partition of its account.
    name: u64,
    /// Index of its account there.
    account: u32,
    /// Its level's key on its side's ladder.
    pub key: u32,
    pub prev: u32,
    pub next: u32,
}

const FLAG_BITS: u32 = 8;
const IS_SELL: u64 = 1;
/// Some of it went by self-match; [`super::rare::Rare`] keeps how much.
const IS_REDUCED: u64 = 2;
/// Some of it is filled; [`Slab`] keeps how much.
const IS_FILLED: u64 = 4;
/// What is open here is the part of it that others see.
const IS_ICEBERG: u64 = 8;
/// It goes when the market closes.
const IS_DAY: u64 = 16;
/// It goes at a time; [`super::rare::Rare`] keeps at which.
const IS_TIMED: u64 = 32;
/// It goes when the call auction under way ends.
const IS_FOR_CALL: u64 = 64;
/// It trades there before all that have a limit.
const IS_AT_MARKET: u64 = 128;

const PARTITION_BITS: u32 = 16;

/// An order's name as it lies in memory.
#[inline(always)]
fn packed(order: OrderKey) -> (u64, u32) {
    let name = order.no.0 << PARTITION_BITS | u64::from(order.account.partition().0);
    (name, order.account.index())
}

impl Resting {
    #[inline(always)]
    pub fn new(order: OrderKey, side: Side, key: u32, open: u64) -> Resting {
        assert!(
            order.no.0 >> (64 - PARTITION_BITS) == 0,
            "an account enters fewer than 2^48 orders"
        );
        let (name, account) = packed(order);
        let flags = if side == Side::Sell { IS_SELL } else { 0 };
        Resting { open: open << FLAG_BITS | flags, name, account, key, prev: NIL, next: NIL }
    }

    #[inline(always)]
    pub fn order(&self) -> OrderKey {
        let partition = PartitionId(self.name as u16);
        let account = AccountId::new(partition, self.account);
        OrderKey { account, no: OrderNo(self.name >> PARTITION_BITS) }
    }

    #[inline(always)]
    pub fn is(&self, order: OrderKey) -> bool {
        (self.name, self.account) == packed(order)
    }

    #[inline(always)]
    pub fn is_of(&self, account: AccountId) -> bool {
        self.account == account.index() && self.name as u16 == account.partition().0
    }

    #[inline(always)]
    pub fn side(&self) -> Side {
        if self.open & IS_SELL == 0 { Side::Buy } else { Side::Sell }
    }

    #[inline(always)]
    pub fn open(&self) -> u64 {
        self.open >> FLAG_BITS
    }

    #[inline(always)]
    pub fn set_open(&mut self, open: u64) {
        self.open = open << FLAG_BITS | self.open & ((1 << FLAG_BITS) - 1);
    }

    /// Something of it is kept beside.
    #[inline(always)]
    pub fn is_rare(&self) -> bool {
        self.open & (IS_REDUCED | IS_ICEBERG | IS_TIMED) != 0
    }

    /// How long it stays, as far as its flags say: a time lies beside.
    pub fn life(&self) -> Life {
        match self.open & (IS_DAY | IS_FOR_CALL | IS_AT_MARKET) {
            0 => Life::UntilCancelled,
            IS_DAY => Life::Day,
            IS_FOR_CALL => Life::Call,
            _ => Life::CallAtMarket,
        }
    }

    pub fn set_life(&mut self, life: Life) {
        self.open |= match life {
            Life::UntilCancelled => 0,
            Life::Until(_) => IS_TIMED,
            Life::Day => IS_DAY,
            Life::Call => IS_FOR_CALL,
            Life::CallAtMarket => IS_FOR_CALL | IS_AT_MARKET,
        };
    }

    #[inline(always)]
    pub fn is_iceberg(&self) -> bool {
        self.open & IS_ICEBERG != 0
    }

    #[inline(always)]
    pub fn set_iceberg(&mut self) {
        self.open |= IS_ICEBERG;
    }

    #[inline(always)]
    pub fn set_reduced(&mut self) {
        self.open |= IS_REDUCED;
    }
}

#[derive(Default)]
pub(super) struct Slab {
    slots: Vec<Resting>,
    /// By slot, what is filled of the orders that are marked so.
    filled: Vec<u64>,
    /// Head of the chain of free slots, linked by `next`.
    free: Option<u32>,
}

impl Slab {
    #[inline(always)]
    pub fn insert(&mut self, order: Resting) -> u32 {
        match self.free {
            Some(slot) => {
                let place = &mut self.slots[slot as usize];
                self.free = (place.next != NIL).then_some(place.next);
                *place = order;
                slot
            }
            None => {
                let slot = self.slots.len() as u32;
                assert!(slot < NIL - 1, "a book holds fewer than 2^32 - 2 orders");
                self.slots.push(order);
                slot
            }
        }
    }

    #[inline(always)]
    pub fn release(&mut self, slot: u32) {
        self.slots[slot as usize].next = self.free.unwrap_or(NIL);
        self.free = Some(slot);
    }

    #[inline(always)]
    pub fn get(&self, slot: u32) -> &Resting {
        &self.slots[slot as usize]
    }

    #[inline(always)]
    pub fn get_mut(&mut self, slot: u32) -> &mut Resting {
        &mut self.slots[slot as usize]
    }

    /// What is filled of an order.
    #[inline(always)]
    pub fn filled(&self, slot: u32) -> u64 {
        let is_filled = self.slots[slot as usize].open & IS_FILLED != 0;
        if is_filled { self.filled[slot as usize] } else { 0 }
    }

    #[inline(always)]
    pub fn add_filled(&mut self, slot: u32, quantity: u64) {
        if quantity > 0 {
            let filled = self.filled(slot) + quantity;
            self.slots[slot as usize].open |= IS_FILLED;
            self.set_filled(slot as usize, filled);
        }
    }

    #[inline(always)]
    fn set_filled(&mut self, slot: usize, filled: u64) {
        if slot >= self.filled.len() {
            self.filled.resize(self.slots.len(), 0);
        }
        self.filled[slot] = filled;
    }
}

const _: () = assert!(size_of::<Resting>() == 32);
