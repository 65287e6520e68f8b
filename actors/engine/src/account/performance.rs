//! How an account has done so far.

use crate::amount::Amount;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// In quote minor units. Deposits of another asset count at its reference price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performance {
    /// All deposits since the last reset.
    pub deposits: Amount,
    /// Deposits minus withdrawals since the last reset.
    pub net_deposits: Amount,
    /// Sum of the notional of all fills.
    pub turnover: Amount,
    /// Sells that realised a profit, and those that did not.
    pub wins: u64,
    pub losses: u64,
    /// Number of resets: a fresh start keeps the history and marks it.
    pub resets: u32,
    /// Time of the last one; 0 when there was none.
    pub reset_at: Time,
}

impl Performance {
    pub(super) fn deposited(&mut self, value: Amount) {
        self.deposits += value;
        self.net_deposits += value;
    }

    pub(super) fn withdrew(&mut self, value: Amount) {
        self.net_deposits -= value;
    }

    pub(super) fn sold(&mut self, profit: Amount) {
        if profit > 0 {
            self.wins += 1;
        } else {
            self.losses += 1;
        }
    }

    pub(super) fn reset(&mut self, at: Time) {
        *self = Performance { resets: self.resets + 1, reset_at: at, ..Performance::default() };
    }
}
