//! Resting orders in one array, linked into the queues of their levels.

use super::ladder::NIL;
use crate::ids::{AccountId, OrderKey, OrderNo};
use crate::order::Side;

/// An order in the book: 48 bytes, the whole of what matching touches.
#[derive(Clone, Copy)]
pub(super) struct Resting {
    pub account: AccountId,
    pub no: OrderNo,
    pub open: u64,
    pub filled: u64,
    /// Its level's key on its side's ladder.
    pub key: u32,
    pub prev: u32,
    pub next: u32,
    pub side: Side,
    /// Some of it went by self-match; [`super::Book`] keeps how much.
    pub is_reduced: bool,
}

impl Resting {
    #[inline(always)]
    pub fn order(&self) -> OrderKey {
        OrderKey { account: self.account, no: self.no }
    }
}

#[derive(Default)]
pub(super) struct Slab {
    slots: Vec<Resting>,
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
}
