//! What a play came to.

use std::collections::BTreeMap;
use std::time::Duration;

use hoga_engine::amount::{Decimal, Ticks};
use hoga_engine::instrument::Instrument;
use serde::Serialize;

use super::charts::chart;
use super::checks::{CheckReport, hold};
use super::leaders::{Leader, leaders};
use super::outcome::{Deals, Outcome};
use crate::chart::Chart;
use crate::file::Scenario;
use crate::listing::Market;

/// A play as `--json` writes it; `Display` writes it for people. Everything but `wall_seconds`
/// is the same for the same file and seed. Prices, quantities and money are decimals as text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub scenario: String,
    pub about: String,
    pub seed: u64,
    /// Of trades and balances; `player/digest.rs` says how.
    pub digest: String,
    pub virtual_seconds: f64,
    pub wall_seconds: f64,
    pub accounts: u64,
    /// Everything that accounts asked: orders, cancels, amends, deposits.
    pub commands: u64,
    /// Orders that were to be placed, refused ones among them.
    pub orders: u64,
    pub trades: u64,
    /// Refused commands by reason.
    pub rejects: BTreeMap<String, u64>,
    pub open_orders: u64,
    pub markets: Vec<MarketReport>,
    pub best_bots: Vec<Leader>,
    pub warnings: Vec<String>,
    /// How a running exchange bore it; absent of a play in virtual time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveReport>,
    pub checks: Vec<CheckReport>,
    /// Every check holds.
    pub ok: bool,
    /// What each instrument did.
    #[serde(skip)]
    pub charts: Vec<Chart>,
}

/// What only a play on a running exchange has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveReport {
    /// Where it is; absent for nodes of the play's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Nodes of the play's own.
    pub nodes: u64,
    /// Requests whose outcome nobody told.
    pub unknown: u64,
    /// In the order of their time.
    pub faults: Vec<FaultReport>,
}

/// A fault and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultReport {
    /// By the scenario, and since the play began.
    pub at_seconds: f64,
    pub wall_seconds: f64,
    /// As the file says it.
    pub fault: String,
    /// `struck`, `mended`, `void` or `skipped`.
    pub became: String,
    /// What it struck, or why it did not.
    pub target: String,
}

/// One instrument over the whole play. Prices are absent when nothing was traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarketReport {
    pub symbol: String,
    pub base: String,
    pub quote: String,
    pub open: Option<String>,
    pub high: Option<String>,
    pub low: Option<String>,
    pub close: Option<String>,
    pub trades: u64,
    /// In units of the base asset.
    pub volume: String,
    /// In units of the quote asset.
    pub turnover: String,
}

/// Holds the checks of a scenario against what came of it.
#[must_use]
pub fn report(
    scenario: &Scenario,
    seed: u64,
    market: &Market,
    outcome: &Outcome,
    warnings: Vec<String>,
    elapsed: Duration,
) -> Report {
    let checks = hold(&scenario.checks, market, outcome);
    let listed = || market.instruments.iter().zip(&outcome.deals);
    Report {
        scenario: scenario.name.clone(),
        about: scenario.about.clone(),
        seed,
        digest: outcome.digest.clone(),
        virtual_seconds: Duration::from_millis(scenario.length.0).as_secs_f64(),
        wall_seconds: elapsed.as_secs_f64(),
        accounts: outcome.accounts,
        commands: outcome.commands,
        orders: outcome.orders,
        trades: outcome.trades(),
        rejects: outcome.rejects.clone(),
        open_orders: outcome.audit.open_orders,
        markets: listed().map(|(instrument, deals)| traded(instrument, deals)).collect(),
        best_bots: leaders(market, outcome),
        warnings,
        live: None,
        ok: checks.iter().all(|check| check.ok),
        checks,
        charts: listed().map(|(listed, deals)| chart(listed, deals, scenario.length)).collect(),
    }
}

fn traded(instrument: &Instrument, deals: &Deals) -> MarketReport {
    let trading = &deals.trading;
    let quote = |minor| Decimal { minor, scale: instrument.quote_scale }.to_string();
    let price = |price: Ticks| trading.open.map(|_| quote(instrument.price_amount(price)));
    let volume = instrument.base_amount(trading.quantity);
    MarketReport {
        symbol: instrument.symbol.to_string(),
        base: instrument.base_code.to_string(),
        quote: instrument.quote_code.to_string(),
        open: trading.open.and_then(price),
        high: price(trading.high),
        low: price(trading.low),
        close: price(trading.close),
        trades: trading.trades,
        volume: Decimal { minor: volume, scale: instrument.base_scale }.to_string(),
        turnover: quote(trading.value as i128 * instrument.unit()),
    }
}
