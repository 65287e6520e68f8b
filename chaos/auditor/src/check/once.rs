//! FILL-3: each leg of a trade settles once: one fill, one row of money, one row of goods.

use super::{Case, Verdict};
use crate::export::{Account, Fill, Instrument, Row, Side};
use std::collections::{BTreeSet, HashMap};

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let instruments: HashMap<&str, &Instrument> =
        case.export.instruments.iter().map(|listed| (listed.name.as_str(), listed)).collect();
    for account in &case.export.accounts {
        look(account, &instruments, &mut verdict);
    }
    verdict
}

fn look(account: &Account, listed: &HashMap<&str, &Instrument>, verdict: &mut Verdict) {
    let name = &account.name;
    let mut rows: HashMap<(&str, &str), Vec<&Row>> = HashMap::new();
    for row in account.rows.iter().filter(|row| !row.trade.is_empty()) {
        rows.entry((&row.order, &row.trade)).or_default().push(row);
    }
    let mut seen = BTreeSet::new();
    for (fill, expected) in account.fills.iter().zip(1..) {
        let Fill { sequence, order, trade, .. } = fill;
        verdict.expect(*sequence == expected, || format!("{name}: fill {sequence} at {expected}"));
        let is_new = seen.insert((order, trade));
        let times = if is_new { 1 } else { 2 };
        verdict.expect_once(times, || format!("{name}: {trade} filled {order} twice"));
        let settled = rows.remove(&(order.as_str(), trade.as_str())).unwrap_or_default();
        let Some(instrument) = listed.get(fill.instrument.as_str()) else { continue };
        let sign = |row: &&&Row, asset: &str| row.asset == asset;
        let money: Vec<_> = settled.iter().filter(|row| sign(row, &instrument.quote)).collect();
        let goods: Vec<_> = settled.iter().filter(|row| sign(row, &instrument.base)).collect();
        let ([money], [goods]) = (&money[..], &goods[..]) else {
            if is_new {
                // Half of it is none, more than it is twice.
                let times = if settled.len() < 2 { 0 } else { 2 };
                verdict.expect_once(times, || {
                    format!("{name}: {trade} has {} rows for {order}, not 2", settled.len())
                });
            }
            continue;
        };
        let (paid, got) = match fill.side {
            Side::Buy => (-fill.notional, fill.quantity),
            Side::Sell => (fill.notional, -fill.quantity),
        };
        let is_paid = money.amount == paid && money.commission == fill.fee && money.tax == fill.tax;
        verdict.expect(is_paid && goods.amount == got, || {
            format!("{name}: the rows of {trade} are not what was filled")
        });
    }
    for (order, trade) in rows.keys() {
        verdict.expect(false, || format!("{name}: {trade} is booked for {order} and no fill is"));
    }
}
