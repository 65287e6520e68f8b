//! An account of the play: what it asked for and was told.

use super::line::Who;
use hoga_engine::amount::{Amount, Lots};
use hoga_engine::ids::AssetId;
use hoga_proto::v1;
use hoga_scenarios::names::AccountName;
use std::collections::BTreeMap;

/// What an order asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Quantity(Lots),
    /// Quote minor units, fee included.
    Spend(Amount),
}

/// An order that the exchange said it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The client's id.
    pub id: String,
    /// Place in the market's list.
    pub instrument: usize,
    pub asked: Asked,
}

#[derive(Debug, Clone)]
pub struct Seat {
    pub name: AccountName,
    client: usize,
    /// Newest order and fill of the account before the play.
    pub orders_before: u64,
    pub fills_before: u64,
    /// Acknowledged orders of the play, by the account's numbers.
    pub placed: BTreeMap<u64, Placed>,
    /// What it had before, and brought and took away since, in minor units.
    pub brought: BTreeMap<AssetId, Amount>,
    /// Reads show at least what answers said.
    pub seen: Option<v1::Position>,
    pub settles: Option<v1::Settles>,
}

impl Seat {
    /// The account is the client's of this number.
    pub fn new(name: AccountName, client: usize) -> Seat {
        Seat {
            name,
            client,
            orders_before: 0,
            fills_before: 0,
            placed: BTreeMap::new(),
            brought: BTreeMap::new(),
            seen: None,
            settles: None,
        }
    }

    pub fn who(&self) -> Who {
        Who::Trader(self.client)
    }

    /// `accounts/alice`
    pub fn resource(&self) -> String {
        format!("accounts/{}", self.name)
    }

    /// Where the account's partition has come to.
    pub fn see(&mut self, position: Option<v1::Position>) {
        let Some(position) = position else { return };
        let is_new = self
            .seen
            .is_none_or(|seen| seen.partition != position.partition || seen.index < position.index);
        if is_new {
            self.seen = Some(position);
        }
    }

    pub fn bring(&mut self, asset: AssetId, amount: Amount) {
        *self.brought.entry(asset).or_default() += amount;
    }
}

/// 17 of `accounts/alice/orders/17`.
pub fn number(name: &str) -> Option<u64> {
    name.rsplit('/').next()?.parse().ok()
}
