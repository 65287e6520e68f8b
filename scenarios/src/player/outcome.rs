//! What came of a play, by whichever exchange it was played on.

use std::collections::BTreeMap;

use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::ids::{AccountId, AssetId};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::Side;

use super::audit::{Audit, audit};
use super::floor::Floor;
use super::strip::{LEVELS_MAX, Strip};
use super::tally::Trading;
use crate::file::{Check, Scenario};
use crate::names::AccountName;
use crate::time::Millis;

/// Everything that checks and a report are made of.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Of trades and balances; `player/digest.rs` says how.
    pub digest: String,
    pub accounts: u64,
    /// Everything that accounts asked: orders, cancels, amends, deposits.
    pub commands: u64,
    /// Orders that were to be placed, among them.
    pub orders: u64,
    /// Refused commands by reason.
    pub rejects: BTreeMap<String, u64>,
    pub audit: Audit,
    /// Of each instrument, as the market lists them.
    pub deals: Vec<Deals>,
    /// What accounts that a check names have of the first base asset, in minor units.
    pub owned: BTreeMap<AccountName, Amount>,
    pub purses: Vec<Purse>,
    pub recovery: Recovery,
}

/// One instrument's trades, and the book that is left.
#[derive(Debug, Clone, Default)]
pub struct Deals {
    pub trading: Trading,
    pub strip: Strip,
    /// Best first.
    pub bids: Vec<(Ticks, Lots)>,
    pub asks: Vec<(Ticks, Lots)>,
}

/// A bot's account.
#[derive(Debug, Clone, Default)]
pub struct Purse {
    pub account: String,
    /// What it has of each asset, less what it brought.
    pub gains: Vec<(AssetId, Amount)>,
}

/// How long it took until everybody was served again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recovery {
    /// Nothing was broken, so that there was nothing to recover from.
    #[default]
    NoFault,
    /// The longest time that somebody waited for an answer after a fault.
    Within(Millis),
    /// Somebody was never answered.
    Never,
}

impl Outcome {
    #[must_use]
    pub fn trades(&self) -> u64 {
        self.deals.iter().map(|deals| deals.trading.trades).sum()
    }

    /// Everything that was refused.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejects.values().sum()
    }
}

/// Whose holdings the checks of a scenario ask for.
pub fn owners(scenario: &Scenario) -> impl Iterator<Item = &AccountName> {
    scenario.checks.iter().filter_map(|check| match check {
        Check::Owns(who, _) => Some(who),
        _ => None,
    })
}

/// What came of a play on the pure exchange.
pub(super) fn of(scenario: &Scenario, floor: &Floor<'_>, bots: &[AccountId]) -> Outcome {
    let (tally, counts) = (floor.pit.tap(), &floor.counts);
    let rejects = counts.rejects.iter().map(|(reason, count)| (reason.to_string(), *count));
    let balances = floor.pit.desks().flat_map(|desk| desk.accounts());
    let balances = balances.flat_map(|account| {
        let balances = account.balances();
        balances.map(|(asset, balance)| (account.name(), asset, balance.available, balance.held))
    });
    let purse = |bot: &AccountId| {
        let account = floor.pit.account(*bot);
        let gains = account
            .balances()
            .map(|(asset, balance)| (asset, balance.total() - counts.brought(*bot, asset)));
        Purse { account: account.name().into(), gains: gains.collect() }
    };
    Outcome {
        digest: tally.digest.with_balances(balances.collect()),
        accounts: floor.pit.desks().flat_map(|desk| desk.accounts()).count() as u64,
        commands: counts.commands,
        orders: counts.orders,
        rejects: rejects.collect(),
        audit: audit(floor),
        deals: floor.market.instruments.iter().map(|i| deals(floor, i)).collect(),
        owned: owners(scenario).map(|who| (who.clone(), owned(floor, who))).collect(),
        purses: bots.iter().map(purse).collect(),
        // Faults are left out on one node.
        recovery: Recovery::NoFault,
    }
}

fn deals(floor: &Floor<'_>, instrument: &Instrument) -> Deals {
    let tally = floor.pit.tap();
    let side = |side| {
        let levels = floor.pit.listing(instrument.id).map(|listing| listing.levels(side));
        levels.into_iter().flatten().take(LEVELS_MAX).collect()
    };
    Deals {
        trading: *tally.trading(instrument.id),
        strip: tally.strip(instrument.id).clone(),
        bids: side(Side::Buy),
        asks: side(Side::Sell),
    }
}

/// What an account has of the first instrument's base asset, held or not.
fn owned(floor: &Floor<'_>, who: &AccountName) -> Amount {
    let amount = floor.market.instruments.first().and_then(|instrument| {
        let account = floor.pit.account(floor.pit.find(who.as_str())?);
        Some(account.balance(instrument.base).total())
    });
    amount.unwrap_or_default()
}
