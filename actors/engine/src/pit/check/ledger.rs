//! CASH-4: rows chain, and a balance is the fold of its rows.

use super::{Broken, hold};
use crate::amount::Amount;
use crate::ids::{AccountId, AssetId};
use crate::pit::Pit;
use crate::time::Time;
use std::collections::BTreeMap;

/// What the rows read so far come to.
#[derive(Default)]
pub(super) struct Fold {
    read: usize,
    balances: BTreeMap<(AccountId, AssetId), Amount>,
    last: BTreeMap<AccountId, (u64, Time)>,
}

impl Fold {
    pub fn check(&mut self, pit: &Pit) -> Result<(), Broken> {
        for row in &pit.tap().ledger[self.read..] {
            let (sequence, posted) = self.last.entry(row.account).or_default();
            let follows = row.sequence == *sequence + 1 && row.posted >= *posted;
            hold!("CASH-4", follows, "{row:?} does not follow row {sequence} at {posted:?}");
            (*sequence, *posted) = (row.sequence, row.posted);
            let balance = self.balances.entry((row.account, row.asset)).or_default();
            hold!("CASH-4", row.before == *balance, "{row:?} starts from other than {balance}");
            let after = row.before + row.amount - row.commission - row.tax;
            hold!("CASH-4", row.after == after, "{row:?} does not add up");
            *balance = after;
        }
        self.read = pit.tap().ledger.len();
        for desk in pit.desks() {
            for account in desk.accounts() {
                for (asset, balance) in account.balances() {
                    let fold = self.balances.get(&(account.id(), asset)).copied().unwrap_or(0);
                    let (name, total, id) = (account.name(), balance.total(), asset.0);
                    let what = format!("{name} has {total} of asset {id}, its rows say {fold}");
                    hold!("CASH-4", fold == total, "{what}");
                }
            }
        }
        Ok(())
    }
}
