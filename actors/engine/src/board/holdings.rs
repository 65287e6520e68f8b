//! What every account holds, packed: ten bytes a holding, six an account.

use super::column::AmountColumn;
use super::prices::Prices;
use crate::amount::Amount;
use crate::ids::AssetId;
use std::collections::BTreeMap;

/// Balances of all accounts in one pool. An account has a run of it, with room for the next power
/// of two; a run that is outgrown is handed on to the next account that needs its size.
#[derive(Clone, Debug, Default)]
pub(super) struct Holdings {
    starts: Vec<u32>,
    lengths: Vec<u16>,
    assets: Vec<AssetId>,
    amounts: AmountColumn,
    /// Runs that nobody uses, by their size.
    free: BTreeMap<usize, Vec<u32>>,
}

impl Holdings {
    pub fn push(&mut self, balances: &[(AssetId, Amount)]) {
        self.starts.push(0);
        self.lengths.push(0);
        self.set(self.starts.len() - 1, balances);
    }

    pub fn set(&mut self, slot: usize, balances: &[(AssetId, Amount)]) {
        let length = u16::try_from(balances.len()).expect("an asset is named once in a standing");
        let (has, needs) = (room(self.lengths[slot].into()), room(balances.len()));
        if has != needs {
            if has > 0 {
                self.free.entry(has).or_default().push(self.starts[slot]);
            }
            self.starts[slot] = self.take(needs);
        }
        self.lengths[slot] = length;
        let start = self.starts[slot] as usize;
        for (index, &(asset, amount)) in balances.iter().enumerate() {
            self.assets[start + index] = asset;
            self.amounts.set(start + index, amount);
        }
    }

    fn take(&mut self, room: usize) -> u32 {
        if room == 0 {
            return 0;
        }
        if let Some(start) = self.free.get_mut(&room).and_then(Vec::pop) {
            return start;
        }
        let start = u32::try_from(self.assets.len()).expect("a board has at most 2^32 holdings");
        for _ in 0..room {
            self.assets.push(AssetId(0));
            self.amounts.push(0);
        }
        start
    }

    pub fn of(&self, slot: usize) -> impl ExactSizeIterator<Item = (AssetId, Amount)> + '_ {
        let start = self.starts[slot] as usize;
        let run = start..start + usize::from(self.lengths[slot]);
        run.map(|index| (self.assets[index], self.amounts.get(index)))
    }

    /// Quote minor units of everything that the account holds.
    #[inline]
    pub fn equity(&self, slot: usize, prices: &Prices) -> Amount {
        let values = self.of(slot).map(|(asset, amount)| prices.value(asset, amount));
        values.fold(0, Amount::saturating_add)
    }

    /// Bytes in memory, spare room of the vectors aside.
    pub fn bytes(&self) -> usize {
        let per_account = size_of::<u32>() + size_of::<u16>();
        let runs = self.starts.len() * per_account;
        runs + self.assets.len() * size_of::<AssetId>() + self.amounts.bytes()
    }
}

/// How many holdings a run for `length` of them has room for.
fn room(length: usize) -> usize {
    if length == 0 { 0 } else { length.next_power_of_two() }
}
