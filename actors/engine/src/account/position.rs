//! What an account holds of an instrument, and what it cost.
//!
//! Goods count once: bought, in the instrument where they were; come in without a trade, in the
//! first instrument of their asset, which also says what they are worth. What is sold is taken from
//! the instrument where it is, and what it does not have there from the others of the asset.

use crate::amount::{Amount, divide};
use crate::ids::InstrumentId;
use crate::instrument::{Catalogue, Instrument};
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

    /// Takes out at most so much, with its share of the cost; returns both. What rounding leaves
    /// stays with the rest of the position and goes with the last of it.
    fn remove(&mut self, quantity: Amount) -> (Amount, Amount) {
        let counted = quantity.min(self.quantity);
        let removed = if counted == self.quantity {
            self.cost
        } else {
            proportion(self.cost, counted, self.quantity)
        };
        self.quantity -= counted;
        self.cost -= removed;
        (counted, removed)
    }
}

/// Sorted by instrument. Accounts trade a few, so a vector beats a tree.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Positions(Vec<(InstrumentId, Position)>);

impl Positions {
    /// The position in an instrument; a new one holds nothing.
    #[inline]
    pub fn of(&mut self, instrument: InstrumentId) -> &mut Position {
        let at = match self.0.iter().position(|(id, _)| *id >= instrument) {
            Some(at) if self.0[at].0 == instrument => at,
            place => {
                let at = place.unwrap_or(self.0.len());
                self.0.insert(at, (instrument, Position::default()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// Takes out what is sold or leaves; returns what it had cost.
    #[inline]
    pub fn take(
        &mut self,
        quantity: Amount,
        instrument: &Instrument,
        catalogue: &Catalogue,
    ) -> Amount {
        let (counted, cost) = self.of(instrument.id).remove(quantity);
        if counted == quantity {
            return cost;
        }
        cost + self.take_elsewhere(quantity - counted, instrument, catalogue)
    }

    /// What the instrument itself does not have. Nobody has what came in before the asset had an
    /// instrument: that had cost nothing.
    #[cold]
    fn take_elsewhere(
        &mut self,
        quantity: Amount,
        instrument: &Instrument,
        catalogue: &Catalogue,
    ) -> Amount {
        let (mut left, mut cost) = (quantity, 0);
        let is_other = |id: &InstrumentId| catalogue.instruments[id].base == instrument.base;
        for (_, position) in self.0.iter_mut().filter(|(id, _)| is_other(id)) {
            let (counted, removed) = position.remove(left);
            left -= counted;
            cost += removed;
        }
        cost
    }

    pub fn iter(&self) -> impl Iterator<Item = (InstrumentId, &Position)> + '_ {
        self.0.iter().map(|(instrument, position)| (*instrument, position))
    }

    #[inline(always)]
    pub fn glance(&self) -> u64 {
        self.0.first().map_or(0, |(_, position)| (position.quantity ^ position.taxes) as u64)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// `cost x part / whole`, rounded down, of a part that is none of it at least and all of it at most;
/// without leaving 128 bits on the way.
fn proportion(cost: Amount, part: Amount, whole: Amount) -> Amount {
    match cost.checked_mul(part) {
        Some(product) => divide(product, whole).0,
        None => cost / whole * part + long_proportion(cost % whole, part, whole),
    }
}

/// The same of a cost below the whole, bit by bit: the product is never made.
#[cold]
fn long_proportion(cost: Amount, part: Amount, whole: Amount) -> Amount {
    let (cost, part, whole) = (cost.unsigned_abs(), part.unsigned_abs(), whole.unsigned_abs());
    let (mut quotient, mut rest) = (0u128, 0u128);
    for bit in (0..u128::BITS - part.leading_zeros()).rev() {
        quotient *= 2;
        for summand in [rest, if part >> bit & 1 == 1 { cost } else { 0 }] {
            rest += summand;
            if rest >= whole {
                rest -= whole;
                quotient += 1;
            }
        }
    }
    quotient as Amount
}

#[cfg(test)]
mod tests {
    use super::{long_proportion, proportion};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn long_and_short_agree(cost in 0..=i64::MAX, part in 0..=i64::MAX, more in 1..=i64::MAX) {
            let [cost, part, more] = [cost, part, more].map(i128::from);
            let whole = cost.max(part) + more;
            prop_assert_eq!(long_proportion(cost, part, whole), cost * part / whole);
            prop_assert_eq!(proportion(cost, part, whole), cost * part / whole);
        }
    }

    #[test]
    fn the_largest_holdings_have_a_cost_in_proportion() {
        let whole = 10i128.pow(31);
        let (cost, part) = (whole / 3, whole / 2);
        assert_eq!(proportion(cost, part, whole), cost / 2);
        assert_eq!(proportion(cost, whole, whole), cost);
        assert_eq!(proportion(1 << 90, 10i128.pow(12), 10i128.pow(27)), 1_237_940_039_285);
    }
}
