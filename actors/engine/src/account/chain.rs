//! The account's ledger as a chain: how many rows there are, and the hash of all of them.

use crate::amount::Amount;
use crate::history::{FillRow, LedgerRow};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Rows live in the history store; this is what the account itself keeps of them, so that
/// replicas and `verify` cover the history too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chain {
    rows: u64,
    fills: u64,
    hash: u64,
}

impl Chain {
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn fills(&self) -> u64 {
        self.fills
    }

    #[inline]
    pub fn next_row(&mut self) -> u64 {
        self.rows += 1;
        self.rows
    }

    /// Links a row, which is a transaction by itself, to those before.
    pub fn link(&mut self, row: &LedgerRow) {
        self.fold(row, [row.amount, row.after, row.commission, row.tax]);
    }

    /// Links the two rows of a trade's leg. What they have in common is hashed once, and what
    /// follows from the rest (the goods' amount from the quantity) not at all.
    #[inline(always)]
    pub fn link_leg(&mut self, money: &LedgerRow, goods: &LedgerRow) {
        debug_assert_eq!(goods.amount.abs(), money.quantity, "goods move by the quantity");
        let charged = money.commission << 64 ^ money.tax;
        self.fold(money, [money.amount, money.after, charged, goods.after]);
    }

    #[inline(always)]
    fn fold(&mut self, row: &LedgerRow, amounts: [Amount; 4]) {
        let asset = u64::from(row.asset.0);
        let instrument = row.instrument.map_or(0, |id| u64::from(id.0) + 1);
        let words = [
            row.sequence << 8 | row.kind as u64,
            asset << 48 | instrument,
            row.trade.map_or(0, |trade| trade.0),
            row.order.map_or(0, |order| order.0),
            row.quantity as u64 ^ u64::from(row.price.0).rotate_left(32),
            row.time.0,
            row.posted.0,
            (row.quantity >> 64) as u64,
        ];
        let mut bytes = [0; 8 * 8 + 4 * 16];
        let (of_words, of_amounts) = bytes.split_at_mut(8 * 8);
        for (place, word) in of_words.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        for (place, amount) in of_amounts.chunks_exact_mut(16).zip(amounts) {
            place.copy_from_slice(&amount.to_le_bytes());
        }
        self.hash = xxh3_64_with_seed(&bytes, self.hash);
    }

    /// Numbers a fill. Its ledger rows say the same, and they are hashed.
    #[inline]
    pub fn number(&mut self, fill: &mut FillRow) {
        self.fills += 1;
        fill.sequence = self.fills;
    }
}
