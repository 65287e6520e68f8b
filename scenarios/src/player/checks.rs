//! What must hold, held against what was found.

use serde::Serialize;

use super::audit::Audit;
use super::floor::Floor;
use super::tally::Trading;
use crate::file::Check;
use crate::names::{AccountName, Symbol};
use crate::numbers::Amount;
use hoga_engine::amount::Ticks;
use hoga_engine::instrument::Instrument;

/// What a check expects or found, as the file would write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Flag(bool),
    Count(u64),
    Text(String),
}

/// One check of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The key of the file.
    pub name: String,
    pub expected: Value,
    pub actual: Value,
    pub ok: bool,
}

/// What checks look at.
pub(super) struct Found<'f> {
    pub floor: &'f Floor<'f>,
    pub audit: Audit,
    pub digest: &'f str,
}

pub(super) fn hold(checks: &[Check], found: &Found<'_>) -> Vec<CheckReport> {
    checks.iter().map(|check| hold_one(check, found)).collect()
}

fn hold_one(check: &Check, found: &Found<'_>) -> CheckReport {
    let (counts, audit) = (&found.floor.counts, &found.audit);
    let trades = found.floor.pit.tap().trades;
    let at_least = |least: u64, count| (Value::Count(least), Value::Count(count), count >= least);
    let at_most = |most: u64, count| (Value::Count(most), Value::Count(count), count <= most);
    let exactly = |count: u64, is| (Value::Count(count), Value::Count(is), count == is);
    let flag = |expected: bool, is| (Value::Flag(expected), Value::Flag(is), expected == is);
    let text = |expected: String, is: String| {
        let ok = expected == is;
        (Value::Text(expected), Value::Text(is), ok)
    };
    let (expected, actual, ok) = match check {
        Check::TradesAtLeast(least) => at_least(*least, trades),
        Check::TradesAtMost(most) => at_most(*most, trades),
        Check::OrdersAtLeast(least) => at_least(*least, counts.orders),
        Check::RejectsAtMost(most) => at_most(*most, counts.rejected()),
        Check::Overfilled(count) => exactly(*count, audit.overfilled),
        Check::LostAcknowledgedOrders(count) => exactly(*count, audit.lost),
        Check::Conserved(holds) => flag(*holds, audit.conserved),
        Check::HoldsReleased(holds) => flag(*holds, audit.holds_released),
        Check::OpenOrdersAtMost(most) => at_most(*most, audit.open_orders),
        Check::Traded(symbol, quantity) => {
            text(quantity.to_string(), traded(found.floor, symbol.as_str()).to_string())
        }
        Check::Last(symbol, price) => {
            text(price.to_string(), price_of(found.floor, symbol, |trading| trading.close))
        }
        Check::Lowest(symbol, price) => {
            text(price.to_string(), price_of(found.floor, symbol, |trading| trading.low))
        }
        Check::Interruptions(symbol, count) => {
            let listed = listed(found.floor, symbol);
            let count_of = |i: &Instrument| found.floor.pit.tap().trading(i.id).interruptions;
            text(count.to_string(), listed.map_or(0, count_of).to_string())
        }
        Check::Owns(who, amount) => text(amount.to_string(), owned(found.floor, who).to_string()),
        // Faults are left out on one node, so that there was nothing to recover from.
        Check::RecoveredWithin(within) => {
            let (expected, actual) = (within.to_string(), "no fault struck".to_string());
            (Value::Text(expected), Value::Text(actual), true)
        }
        Check::Digest(digest) => text(digest.clone(), found.digest.to_string()),
    };
    CheckReport { name: check.name(), expected, actual, ok }
}

fn listed<'f>(floor: &'f Floor<'_>, symbol: &Symbol) -> Option<&'f Instrument> {
    floor.market.instruments.iter().find(|listed| *listed.symbol == *symbol.as_str())
}

/// A price of an instrument's trades, as its trading has it; nothing before the first.
fn price_of(floor: &Floor<'_>, symbol: &Symbol, of: impl Fn(&Trading) -> Ticks) -> String {
    let shown = listed(floor, symbol).and_then(|instrument| {
        let trading = floor.pit.tap().trading(instrument.id);
        let price = trading.open.map(|_| of(trading))?;
        Amount::from_minor(instrument.price_amount(price), instrument.quote_scale.into())
    });
    shown.map_or_else(|| "nothing".to_owned(), |price| price.to_string())
}

/// What an account has of the first instrument's base asset, held or not.
fn owned(floor: &Floor<'_>, who: &AccountName) -> Amount {
    let amount = floor.market.instruments.first().and_then(|instrument| {
        let account = floor.pit.account(floor.pit.find(who.as_str())?);
        let balance = account.balance(instrument.base);
        let minor = balance.available + balance.held;
        Amount::from_minor(minor, instrument.base_scale.into())
    });
    amount.unwrap_or_default()
}

/// The quantity that changed hands, in units of the base asset.
fn traded(floor: &Floor<'_>, symbol: &str) -> Amount {
    let mut listed = floor.market.instruments.iter();
    let quantity = listed.find(|listed| *listed.symbol == *symbol).and_then(|instrument| {
        let quantity = floor.pit.tap().trading(instrument.id).quantity;
        Amount::from_minor(instrument.base_amount(quantity), instrument.base_scale.into())
    });
    quantity.unwrap_or_default()
}
