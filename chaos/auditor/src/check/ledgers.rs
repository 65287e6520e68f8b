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
    for (key, sum) in transfers(case) {
        verdict.expect(sum.is_zero(), || {
            format!("transfer {} between {} and {} leaves {sum} over", key.0, key.1, key.2)
        });
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

/// What the rows of each transfer sum to, by request, the two accounts in order, and asset.
fn transfers(case: &Case) -> BTreeMap<(&str, &str, &str, &str), Number> {
    let mut sums = BTreeMap::new();
    for account in &case.export.accounts {
        for row in account.rows.iter().filter(|row| row.kind.starts_with("TRANSFER_")) {
            let (one, other) = (account.name.as_str(), row.counterparty.as_str());
            // One that came back has no second account: its rows are both here.
            let (one, other) =
                if one < other || other.is_empty() { (one, other) } else { (other, one) };
            let key = (row.request_id.as_str(), one, other, row.asset.as_str());
            *sums.entry(key).or_default() += row.amount;
        }
    }
    sums
}
