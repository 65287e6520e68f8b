//! What a play came to.

use std::collections::BTreeMap;
use std::time::Duration;

use hoga_engine::amount::{Decimal, Ticks};
use hoga_engine::ids::AccountId;
use hoga_engine::instrument::Instrument;
use serde::Serialize;

use super::audit::audit;
use super::charts::chart;
use super::checks::{CheckReport, Found, hold};
use super::floor::Floor;
use super::leaders::{Leader, leaders};
use crate::chart::Chart;
use crate::file::Scenario;

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
    pub checks: Vec<CheckReport>,
    /// Every check holds.
    pub ok: bool,
    /// What each instrument did.
    #[serde(skip)]
    pub charts: Vec<Chart>,
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

pub(super) fn report(
    scenario: &Scenario,
    seed: u64,
    floor: &Floor<'_>,
    bots: &[AccountId],
    warnings: Vec<String>,
    elapsed: Duration,
) -> Report {
    let tally = floor.pit.tap();
    let digest = tally.digest.with_balances(&floor.pit);
    let found = Found { floor, audit: audit(floor), digest: &digest };
    let checks = hold(&scenario.checks, &found);
    let open_orders = found.audit.open_orders;
    let (ok, trades, counts) = (checks.iter().all(|check| check.ok), tally.trades, &floor.counts);
    let rejects = counts.rejects.iter().map(|(reason, count)| (reason.to_string(), *count));
    Report {
        scenario: scenario.name.clone(),
        about: scenario.about.clone(),
        seed,
        digest,
        virtual_seconds: Duration::from_millis(scenario.length.0).as_secs_f64(),
        wall_seconds: elapsed.as_secs_f64(),
        accounts: floor.pit.desks().flat_map(|desk| desk.accounts()).count() as u64,
        commands: counts.commands,
        orders: counts.orders,
        trades,
        rejects: rejects.collect(),
        open_orders,
        markets: floor.market.instruments.iter().map(|i| market(floor, i)).collect(),
        best_bots: leaders(floor, bots),
        warnings,
        checks,
        ok,
        charts: floor.market.instruments.iter().map(|i| chart(floor, i, scenario.length)).collect(),
    }
}

fn market(floor: &Floor<'_>, instrument: &Instrument) -> MarketReport {
    let trading = floor.pit.tap().trading(instrument.id);
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
