//! CASH-1: what is in accounts, fees and taxes is what was issued, per asset.
//!
//! Three sums that the exchange makes in different places have to agree: the balances of all
//! accounts, the partitions' own totals, and the ledger rows by which money came, left or was
//! charged. The exchange is at rest: nothing is in flight, so clearing is zero over all.

use super::{Case, Verdict};
use crate::export::{Export, Row, Totals};
use crate::number::Number;
use std::collections::BTreeSet;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let export = &case.export;
    let assets: BTreeSet<&str> = balances(export).map(|(_, asset, _)| asset).collect();
    for asset in assets {
        let total = |part: fn(&Totals) -> Number| -> Number {
            let all = export.partitions.iter().flat_map(|partition| &partition.totals);
            all.filter(|totals| totals.asset == asset).map(part).sum()
        };
        let in_accounts: Number =
            balances(export).filter(|(_, of, _)| *of == asset).map(|(.., sum)| sum).sum();
        let (issued, fees, taxes) = (total(|t| t.issued), total(|t| t.fees), total(|t| t.taxes));
        let mut equal = |what: &str, one: Number, other: Number| {
            verdict.expect(one == other, || format!("{asset}: {what}: {one} is not {other}"));
        };
        equal("accounts + fees + taxes = issued", in_accounts + fees + taxes, issued);
        equal("clearing while nothing is in flight", total(|t| t.clearing), Number::ZERO);
        let rows = |part: fn(&Row) -> Number| -> Number { of_asset(export, asset).map(part).sum() };
        equal("commissions in the ledgers = fees", rows(|row| row.commission), fees);
        equal("taxes in the ledgers = taxes", rows(|row| row.tax), taxes);
        let from_outside = of_asset(export, asset).filter(|row| {
            matches!(row.kind.as_str(), "DEPOSIT" | "WITHDRAWAL" | "ISSUE" | "REDEEM")
        });
        equal("in and out in the ledgers = issued", from_outside.map(|r| r.amount).sum(), issued);
    }
    for partition in &export.partitions {
        for totals in &partition.totals {
            let (number, asset) = (partition.number, &totals.asset);
            let Some(said) = totals.in_accounts else { continue };
            let here = balances(export).filter(|(p, of, _)| *p == number && of == asset);
            let sum: Number = here.map(|(.., sum)| sum).sum();
            verdict.expect(sum == said, || {
                format!("{asset} in accounts of partition {number}: {sum}, its total says {said}")
            });
        }
    }
    verdict
}

/// (partition, asset, available + held) of every balance.
fn balances(export: &Export) -> impl Iterator<Item = (u32, &str, Number)> {
    export.accounts.iter().flat_map(|account| {
        let sum = |b: &crate::export::Balance| b.available + b.held;
        account.balances.iter().map(move |b| (account.partition, b.asset.as_str(), sum(b)))
    })
}

fn of_asset<'e>(export: &'e Export, asset: &str) -> impl Iterator<Item = &'e Row> {
    let rows = export.accounts.iter().flat_map(|account| &account.rows);
    rows.filter(move |row| row.asset == asset)
}
