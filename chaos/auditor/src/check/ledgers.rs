//! CASH-4: rows chain, a balance is the fold of its rows, and every transaction sums to zero.
//!
//! A trade's legs move as much out of one account as into the other, fees and taxes aside; a
//! transfer leaves one account and arrives in the other, or comes back.

use super::{Case, Verdict};
use crate::export::{Account, Row};
use crate::number::Number;
use std::collections::BTreeMap;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut transactions: BTreeMap<(&str, &str), Number> = BTreeMap::new();
    for account in &case.export.accounts {
        chain(account, &mut verdict);
        for row in &account.rows {
            if let Some(transaction) = transaction_of(row) {
                *transactions.entry((transaction, &row.asset)).or_default() += row.amount;
            }
        }
    }
    for ((transaction, asset), sum) in transactions {
        verdict.expect(sum.is_zero(), || format!("{transaction} leaves {sum} {asset} over"));
    }
    for ((request, asset), sum) in transfers(case) {
        verdict.expect(sum.is_zero(), || format!("transfer {request} leaves {sum} {asset} over"));
    }
    verdict
}

/// Rows from 1 without gaps, each on the one before, the last on the balance.
fn chain(account: &Account, verdict: &mut Verdict) {
    let name = &account.name;
    let mut last: BTreeMap<&str, Number> = BTreeMap::new();
    for (row, expected) in account.rows.iter().zip(1..) {
        let Row { sequence, asset, before, after, .. } = row;
        let at = last.insert(asset, *after).unwrap_or_default();
        verdict.expect(*sequence == expected, || format!("{name}: row {sequence} at {expected}"));
        verdict.expect(at == *before, || {
            format!("{name}: row {sequence} starts at {before} {asset}, the one before left {at}")
        });
        let sum = *before + row.amount - row.commission - row.tax;
        verdict.expect(sum == *after, || {
            format!("{name}: row {sequence} ends at {after} {asset}, it sums to {sum}")
        });
    }
    for balance in &account.balances {
        let folded = last.remove(balance.asset.as_str()).unwrap_or_default();
        let (asset, sum) = (&balance.asset, balance.available + balance.held);
        verdict.expect(folded == sum, || {
            format!("{name}: the ledger folds to {folded} {asset}, the balance is {sum}")
        });
    }
    for (asset, rest) in last {
        verdict.expect(rest.is_zero(), || format!("{name}: {rest} {asset} without a balance"));
    }
}

fn transaction_of(row: &Row) -> Option<&str> {
    (!row.trade.is_empty()).then_some(row.trade.as_str())
}

/// What the rows of transfers sum to, by request and asset. Two accounts may have used the same
/// id: then their transfers are summed together, and sum to zero all the same.
fn transfers(case: &Case) -> BTreeMap<(&str, &str), Number> {
    let mut sums: BTreeMap<_, Number> = BTreeMap::new();
    let rows = case.export.accounts.iter().flat_map(|account| &account.rows);
    for row in rows.filter(|row| row.kind.starts_with("TRANSFER_")) {
        *sums.entry((row.request_id.as_str(), row.asset.as_str())).or_default() += row.amount;
    }
    sums
}
