//! The account's ledger as a chain: how many rows there are, and the hash of all of them.

use crate::hash::StateHash;
use crate::history::{FillRow, LedgerRow};
use serde::{Deserialize, Serialize};

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

    /// Numbers a ledger row and links it to those before.
    pub fn link(&mut self, row: &mut LedgerRow) {
        self.rows += 1;
        row.sequence = self.rows;
        let mut hash = StateHash::default();
        hash.number(self.hash);
        hash.number(row.sequence);
        hash.number(row.kind as u64 | u64::from(row.asset.0) << 8);
        hash.number(row.trade.map_or(0, |trade| trade.0));
        hash.number(row.order.map_or(0, |order| order.0));
        hash.amount(row.amount);
        hash.amount(row.commission);
        hash.amount(row.tax);
        hash.amount(row.after);
        hash.number(row.posted.0);
        self.hash = hash.finish();
    }

    /// Numbers a fill.
    pub fn number(&mut self, fill: &mut FillRow) {
        self.fills += 1;
        fill.sequence = self.fills;
    }
}
