//! Columns of amounts: eight bytes each, exact at any size.

use super::join::{Join, fill};
use crate::amount::Amount;
use std::collections::BTreeMap;

/// Stands in the narrow column for an amount that is kept aside.
const WIDE: i64 = i64::MIN;

/// One amount per slot.
///
/// Nearly every amount fits 64 bits and is kept there. The few that do not are kept aside by slot,
/// so that a pass over the column reads eight bytes an account and still loses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AmountColumn {
    narrow: Vec<i64>,
    wide: BTreeMap<u32, Amount>,
}

impl AmountColumn {
    pub fn len(&self) -> usize {
        self.narrow.len()
    }

    pub fn push(&mut self, amount: Amount) {
        self.narrow.push(0);
        self.set(self.narrow.len() - 1, amount);
    }

    #[inline]
    pub fn get(&self, slot: usize) -> Amount {
        match self.narrow[slot] {
            WIDE => self.wide[&(slot as u32)],
            narrow => Amount::from(narrow),
        }
    }

    /// The amount at `slot`, zero beyond the end.
    #[inline]
    pub fn get_or_zero(&self, slot: usize) -> Amount {
        if slot < self.narrow.len() { self.get(slot) } else { 0 }
    }

    pub fn set(&mut self, slot: usize, amount: Amount) {
        let narrow = narrowed(amount);
        if self.narrow[slot] == WIDE {
            self.wide.remove(&(slot as u32));
        }
        if narrow == WIDE {
            self.wide.insert(slot as u32, amount);
        }
        self.narrow[slot] = narrow;
    }

    /// Replaces every amount by what `next` makes of its slot and of the amount itself.
    pub fn replace<J: Join>(
        &mut self,
        join: &J,
        next: impl Fn(usize, Amount) -> Amount + Sync + Send,
    ) {
        let old = std::mem::take(&mut self.wide);
        let before = |slot: usize, narrow: i64| match narrow {
            WIDE => old[&(slot as u32)],
            narrow => Amount::from(narrow),
        };
        let wide = fill(&mut self.narrow, join, &|slot, cell: &mut i64, wide: &mut Vec<_>| {
            let amount = next(slot, before(slot, *cell));
            *cell = narrowed(amount);
            if *cell == WIDE {
                wide.push((slot as u32, amount));
            }
        });
        self.wide = wide.into_iter().collect();
    }

    /// Bytes in memory, the spare room of its vector aside.
    pub fn bytes(&self) -> usize {
        self.narrow.len() * size_of::<i64>() + self.wide.len() * size_of::<(u32, Amount)>()
    }
}

impl FromIterator<Amount> for AmountColumn {
    fn from_iter<I: IntoIterator<Item = Amount>>(amounts: I) -> AmountColumn {
        let mut column = AmountColumn::default();
        amounts.into_iter().for_each(|amount| column.push(amount));
        column
    }
}

#[inline]
fn narrowed(amount: Amount) -> i64 {
    i64::try_from(amount).unwrap_or(WIDE)
}
