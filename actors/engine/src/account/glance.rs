//! Reads that are made early, so that a cache that misses them misses them together.
//!
//! Accounts are many and asked in turn, so most of what one needs has left the cache. What a
//! request or a leg reads, it finds one step after the other, and would wait at every step. A
//! glance reads the same places at once, before the work, and decides nothing.

use super::Account;
use super::open_order::OpenOrder;
use crate::ids::OrderNo;
use crate::message::AccountMessage;
use crate::request::{AccountRequest, OrderRef};
use std::hint::black_box;

impl Account {
    /// Before a request under an id with this hash.
    #[inline(always)]
    pub(super) fn glance(&self, id: u128, request: &AccountRequest) {
        let order = match request {
            AccountRequest::Place { .. } => self.open.next_place(),
            AccountRequest::Cancel { order: OrderRef::No(no) }
            | AccountRequest::Amend { order: OrderRef::No(no), .. } => self.open.get(*no),
            _ => None,
        };
        let seen = self.memory.glance(id) ^ self.till.glance() ^ order.map_or(0, OpenOrder::glance);
        black_box(seen ^ self.last_event.0);
    }

    /// Before a message that follows others which are for other accounts.
    #[inline(always)]
    pub fn glance_at(&self, message: &AccountMessage) {
        if let AccountMessage::Settle(leg) = message {
            self.glance_at_order(leg.order.no);
        }
    }

    #[inline(always)]
    fn glance_at_order(&self, no: OrderNo) {
        let order = self.open.get(no).map_or(0, OpenOrder::glance);
        let turnover = self.performance.turnover as u64;
        black_box(order ^ self.till.glance() ^ self.positions.glance() ^ turnover);
    }
}

impl OpenOrder {
    /// A word of each of its lines.
    #[inline(always)]
    fn glance(&self) -> u64 {
        let state = &self.state;
        let amounts = (state.notional ^ state.tax ^ self.hold) as u64;
        let words = state.key.no.0 ^ state.updated.0 ^ self.amends.len() as u64;
        let small = u64::from(self.remembered) ^ u64::from(state.limit.0) ^ state.status as u64;
        amounts ^ words ^ small ^ u64::from(self.is_decided)
    }
}
