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
pub(super) struct Balances(Vec<(AssetId, Balance)>);

impl Balances {
    pub fn get(&self, asset: AssetId) -> Balance {
        self.0.iter().find(|(id, _)| *id == asset).map(|(_, b)| *b).unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = (AssetId, Balance)> + '_ {
        self.0.iter().copied()
    }

    fn entry(&mut self, asset: AssetId) -> &mut Balance {
        let at = match self.0.binary_search_by_key(&asset, |(id, _)| *id) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (asset, Balance::default()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// Adds to what is available. Negative takes away, never more than there is.
    pub fn add(&mut self, asset: AssetId, amount: Amount) {
        let balance = self.entry(asset);
        balance.available += amount;
        assert!(balance.available >= 0, "CASH-2: an available balance went negative");
    }

    /// Moves from available to held. Negative releases.
    pub fn hold(&mut self, asset: AssetId, amount: Amount) {
        let balance = self.entry(asset);
        balance.available -= amount;
        balance.held += amount;
        assert!(balance.available >= 0 && balance.held >= 0, "CASH-2: a hold exceeds a balance");
    }
}
