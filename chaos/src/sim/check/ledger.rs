//! CASH-4: rows chain without gaps, and a balance is the fold of its rows.

use super::{References, Told};
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_engine::amount::Amount;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, AssetId};
use hoga_engine::time::Time;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Ledger {
    pub checked: u64,
    balances: BTreeMap<(AccountId, AssetId), Amount>,
    last: BTreeMap<AccountId, (u64, Time)>,
}

impl Ledger {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for row in &told.rows {
            let HistoryRow::Ledger(row) = row else { continue };
            self.checked += 1;
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
        Ok(())
    }

    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
        for entity in references.values().flat_map(|it| it.replica.entities.values()) {
            let Entity::Account(account) = entity else { continue };
            let rows = self.last.get(&account.id()).map_or(0, |(sequence, _)| *sequence);
            let name = account.name();
            let counted = account.rows().0;
            hold!("CASH-4", counted == rows, "{name} counts {counted} rows, there are {rows}");
            for (asset, balance) in account.balances() {
                let fold = self.balances.get(&(account.id(), asset)).copied().unwrap_or(0);
                let (total, id) = (balance.total(), asset.0);
                let what = format!("{name} has {total} of asset {id}, its rows say {fold}");
                hold!("CASH-4", fold == total, "{what}");
            }
        }
        Ok(())
    }
}
