//! What an account holds of an instrument, and what it cost.

use crate::amount::Amount;
use serde::{Deserialize, Serialize};

/// Base and quote minor units. The average price is cost / quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub quantity: Amount,
    pub cost: Amount,
    /// Proceeds minus cost of what was sold, before fees and tax.
    pub realised: Amount,
    pub fees: Amount,
    pub taxes: Amount,
}

impl Position {
    pub(super) fn buy(&mut self, quantity: Amount, cost: Amount) {
        self.quantity += quantity;
        self.cost += cost;
    }

    /// Removes cost in proportion; returns the profit. What rounding leaves stays with the rest
    /// of the position and goes with the last of it.
    pub(super) fn sell(&mut self, quantity: Amount, proceeds: Amount) -> Amount {
        let removed = self.remove(quantity);
        self.realised += proceeds - removed;
        proceeds - removed
    }

    /// Takes quantity out with its share of the cost; returns that share.
    pub(super) fn remove(&mut self, quantity: Amount) -> Amount {
        // Deposits of the base asset that no instrument counted leave less here than is sold.
        let counted = quantity.min(self.quantity);
        let removed = if counted == self.quantity {
            self.cost
        } else {
            proportion(self.cost, counted, self.quantity)
        };
        self.quantity -= counted;
        self.cost -= removed;
        removed
    }
}

/// `cost x part / whole`, rounded down, without leaving 128 bits on the way.
fn proportion(cost: Amount, part: Amount, whole: Amount) -> Amount {
    match cost.checked_mul(part) {
        Some(product) => product / whole,
        None => cost / whole * part + cost % whole * part / whole,
    }
}
