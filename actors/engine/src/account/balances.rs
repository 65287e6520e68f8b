//! What an account has, by asset: free to use, or held by open orders.

use crate::amount::Amount;
use crate::ids::AssetId;
use serde::{Deserialize, Serialize};

/// In minor units of the asset; neither part is ever negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub available: Amount,
    pub held: Amount,
}

impl Balance {
    #[must_use]
    pub fn total(&self) -> Amount {
        self.available + self.held
    }
}

/// Sorted by asset. Accounts have a handful, so a vector beats a tree.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Balances {
    rows: Vec<(AssetId, Balance)>,
    /// A bit for each row that was moved by the command under way; the last bit stands for all
    /// rows from its place on. Zero between two commands.
    #[serde(skip)]
    moved: u64,
}

impl Balances {
    #[inline]
    pub fn get(&self, asset: AssetId) -> Balance {
        self.rows.iter().find(|(id, _)| *id == asset).map(|(_, b)| *b).unwrap_or_default()
    }

    /// A word of the first row and of the last.
    #[inline(always)]
    pub fn glance(&self) -> u64 {
        let word = |row: Option<&(AssetId, Balance)>| row.map_or(0, |(_, b)| b.available as u64);
        word(self.rows.first()) ^ word(self.rows.last())
    }

    pub fn iter(&self) -> impl Iterator<Item = (AssetId, Balance)> + '_ {
        self.rows.iter().copied()
    }

    /// Whoever changes a balance checks that neither part went below zero.
    #[inline(always)]
    pub fn entry(&mut self, asset: AssetId) -> &mut Balance {
        let place = self.rows.iter().position(|(id, _)| *id == asset);
        let at = place.unwrap_or_else(|| self.add(asset));
        self.moved |= 1 << at.min(63);
        &mut self.rows[at].1
    }

    /// Makes a row for an asset that has none; returns its place.
    #[cold]
    #[inline(never)]
    fn add(&mut self, asset: AssetId) -> usize {
        let at = self.rows.partition_point(|(id, _)| *id < asset);
        // Rare, and accounts are many: no room for rows that never come.
        self.rows.reserve_exact(1);
        self.rows.insert(at, (asset, Balance::default()));
        // Rows behind it have new places, so all of them count as moved.
        self.moved |= u64::MAX << at.min(63);
        at
    }

    /// What was moved since the last call, by asset.
    #[inline]
    pub fn take_moved(&mut self) -> impl Iterator<Item = (AssetId, Balance)> + '_ {
        let moved = std::mem::take(&mut self.moved);
        let rows = if moved == 0 { &[] } else { self.rows.as_slice() };
        let rows = rows.iter().enumerate();
        rows.filter(move |(at, _)| moved >> (*at).min(63) & 1 == 1).map(|(_, row)| *row)
    }

    /// Moves from available to held. Negative releases.
    #[inline]
    pub fn hold(&mut self, asset: AssetId, amount: Amount) {
        let balance = self.entry(asset);
        balance.available -= amount;
        balance.held += amount;
        assert!(balance.available >= 0 && balance.held >= 0, "CASH-2: a hold exceeds a balance");
    }
}
