//! What must hold, held against what was found.

use serde::Serialize;

use super::outcome::{Outcome, Recovery};
use super::tally::Trading;
use crate::file::Check;
use crate::listing::Market;
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
#[derive(Clone, Copy)]
struct Found<'f> {
    market: &'f Market,
    outcome: &'f Outcome,
}

pub(super) fn hold(checks: &[Check], market: &Market, outcome: &Outcome) -> Vec<CheckReport> {
    let found = Found { market, outcome };
    checks.iter().map(|check| hold_one(check, found)).collect()
}

fn hold_one(check: &Check, found: Found<'_>) -> CheckReport {
    let (outcome, audit) = (found.outcome, &found.outcome.audit);
    let trades = outcome.trades();
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
        Check::OrdersAtLeast(least) => at_least(*least, outcome.orders),
        Check::RejectsAtMost(most) => at_most(*most, outcome.rejected()),
        Check::Overfilled(count) => exactly(*count, audit.overfilled),
        Check::LostAcknowledgedOrders(count) => exactly(*count, audit.lost),
        Check::Conserved(holds) => flag(*holds, audit.conserved),
        Check::HoldsReleased(holds) => flag(*holds, audit.holds_released),
        Check::OpenOrdersAtMost(most) => at_most(*most, audit.open_orders),
        Check::Traded(symbol, quantity) => text(quantity.to_string(), found.traded(symbol)),
        Check::Last(symbol, price) => {
            text(price.to_string(), found.price_of(symbol, |trading| trading.close))
        }
        Check::Lowest(symbol, price) => {
            text(price.to_string(), found.price_of(symbol, |trading| trading.low))
        }
        Check::Interruptions(symbol, count) => {
            let trading = found.trading(symbol);
            let interruptions = trading.map_or(0, |(_, trading)| trading.interruptions);
            text(count.to_string(), interruptions.to_string())
        }
        Check::Owns(who, amount) => text(amount.to_string(), found.owned(who).to_string()),
        Check::RecoveredWithin(within) => {
            let (actual, ok) = match outcome.recovery {
                Recovery::NoFault => ("no fault struck".to_string(), true),
                Recovery::Within(time) => (time.to_string(), time <= *within),
                Recovery::Never => ("never".to_string(), false),
            };
            (Value::Text(within.to_string()), Value::Text(actual), ok)
        }
        Check::Digest(digest) => text(digest.clone(), outcome.digest.clone()),
    };
    CheckReport { name: check.name(), expected, actual, ok }
}

impl<'f> Found<'f> {
    fn trading(self, symbol: &Symbol) -> Option<(&'f Instrument, &'f Trading)> {
        let mut listed = self.market.instruments.iter().zip(&self.outcome.deals);
        let found = listed.find(|(listed, _)| *listed.symbol == *symbol.as_str());
        found.map(|(instrument, deals)| (instrument, &deals.trading))
    }

    /// A price of an instrument's trades, as its trading has it; nothing before the first.
    fn price_of(self, symbol: &Symbol, of: impl Fn(&Trading) -> Ticks) -> String {
        let shown = self.trading(symbol).and_then(|(instrument, trading)| {
            let price = trading.open.map(|_| of(trading))?;
            Amount::from_minor(instrument.price_amount(price), instrument.quote_scale.into())
        });
        shown.map_or_else(|| "nothing".to_owned(), |price| price.to_string())
    }

    /// What an account has of the first instrument's base asset, held or not.
    fn owned(self, who: &AccountName) -> Amount {
        let amount = self.market.instruments.first().and_then(|instrument| {
            let minor = self.outcome.owned.get(who).copied()?;
            Amount::from_minor(minor, instrument.base_scale.into())
        });
        amount.unwrap_or_default()
    }

    /// The quantity that changed hands, in units of the base asset.
    fn traded(self, symbol: &Symbol) -> String {
        let quantity = self.trading(symbol).and_then(|(instrument, trading)| {
            let quantity = instrument.base_amount(trading.quantity);
            Amount::from_minor(quantity, instrument.base_scale.into())
        });
        quantity.unwrap_or_default().to_string()
    }
}
