//! CASH-2: no balance is ever negative: not in an answer, not at the end, not after any row.

use super::{Case, Verdict};
use crate::export::Balance;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut look = |whose: &str, balance: &Balance| {
        verdict.expect(!balance.available.is_negative() && !balance.held.is_negative(), || {
            let Balance { asset, available, held } = balance;
            format!("{whose}: {asset} available {available}, held {held}")
        });
    };
    for attempt in &case.history.attempts {
        for balance in attempt.answer().into_iter().flat_map(|answer| &answer.balances) {
            look(&attempt.op, balance);
        }
    }
    for account in &case.export.accounts {
        for balance in &account.balances {
            look(&account.name, balance);
        }
        for row in &account.rows {
            let asset = row.asset.clone();
            let zero = crate::number::Number::ZERO;
            for available in [row.before, row.after] {
                let balance = Balance { asset: asset.clone(), available, held: zero };
                look(&format!("{} row {}", account.name, row.sequence), &balance);
            }
        }
    }
    verdict
}
