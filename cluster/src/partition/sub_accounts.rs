//! The partition's own accounts: fees, taxes, clearing, and what was issued.

use hoga_engine::amount::Amount;
use hoga_engine::effect::Posting;
use hoga_engine::ids::AssetId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One asset's sub-accounts, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubAccounts {
    pub fee: Amount,
    pub tax: Amount,
    /// Mirrors what is in flight: over all partitions, clearing plus flight is zero.
    pub clearing: Amount,
    /// Issued minus redeemed.
    pub issued: Amount,
}

pub(super) fn post(accounts: &mut BTreeMap<AssetId, SubAccounts>, posting: &Posting) {
    let account = accounts.entry(posting.asset).or_default();
    account.fee += posting.fee;
    account.tax += posting.tax;
    account.clearing += posting.clearing;
    account.issued += posting.issued;
}
