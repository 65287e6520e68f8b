//! What is recomputed when a play has ended, from two sides each.
//!
//! What clients asked for and were told stands in the tracks; what happened stands in fills,
//! accounts and books. The audit joins the two and believes neither.

use std::collections::{BTreeMap, BTreeSet};

use hoga_engine::account::{Account, OpenOrder};
use hoga_engine::amount::{Amount, Rate};
use hoga_engine::ids::{AssetId, OrderKey};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::Side;

use super::floor::Floor;
use super::tracks::Asked;

/// The findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// Orders with more filled or spent than asked for, orders whose book or account knows of
    /// other fills than were settled, instruments whose legs do not add up to their trades, and
    /// levels of outside books of which more was filled than they displayed.
    pub overfilled: u64,
    /// Orders that were acknowledged, are not final, and wait in no book or in no account;
    /// orders that ended with quantity unaccounted for; requests without an answer.
    pub lost: u64,
    /// Every asset: balances + fees + taxes = what came in, and nothing below zero or in flight.
    pub conserved: bool,
    /// Every account holds exactly what its open orders need.
    pub holds_released: bool,
    /// Orders that are open in their accounts.
    pub open_orders: u64,
}

pub(super) fn audit(floor: &Floor<'_>) -> Audit {
    let accounts = || floor.pit.desks().flat_map(|desk| desk.accounts());
    Audit {
        overfilled: overfilled(floor),
        lost: lost(floor),
        conserved: conserved(floor),
        holds_released: accounts().all(|account| holds_what_it_needs(floor, account)),
        open_orders: accounts().map(|account| account.open_orders().count() as u64).sum(),
    }
}

fn overfilled(floor: &Floor<'_>) -> u64 {
    let mut bad: BTreeSet<OrderKey> = BTreeSet::new();
    let tracks = &floor.pit.tap().tracks;
    for (key, track) in tracks.iter() {
        if track.is_overfilled() || track.filled != track.told_filled {
            bad.insert(key);
        }
    }
    for resting in floor.pit.listings().flat_map(|listing| listing.book().orders()) {
        let track = tracks.get(resting.order);
        let agrees = track.is_some_and(|track| match track.asked {
            Some(Asked::Quantity(asked)) => {
                track.filled == resting.filled && resting.filled + resting.open <= asked
            }
            _ => false,
        });
        if !agrees {
            bad.insert(resting.order);
        }
    }
    let legs_differ = floor.market.instruments.iter().filter(|instrument| {
        let trading = floor.pit.tap().trading(instrument.id);
        let legs = [trading.settled_by_buyers, trading.settled_by_sellers];
        legs.iter().any(|settled| *settled != trading.quantity)
    });
    let levels = floor.pit.tap().displayed.overfilled();
    bad.len() as u64 + legs_differ.count() as u64 + levels
}

fn lost(floor: &Floor<'_>) -> u64 {
    let waiting: BTreeSet<OrderKey> = floor
        .pit
        .listings()
        .flat_map(|listing| {
            let resting = listing.book().orders().map(|resting| resting.order);
            let stops = listing.book().stops().iter().map(|stop| stop.order);
            resting.chain(stops).chain(listing.reserved().map(|(order, ..)| order))
        })
        .collect();
    let acknowledged = floor.pit.tap().tracks.iter().filter(|(_, track)| track.acknowledged);
    let gone = acknowledged.filter(|(key, track)| {
        if track.is_final {
            let asked = match track.asked {
                Some(Asked::Quantity(asked)) => asked,
                _ => return false,
            };
            return track.filled + track.told_cancelled != asked;
        }
        let is_open = floor.pit.account(key.account).open_order(key.no).is_some();
        !is_open || !waiting.contains(key)
    });
    gone.count() as u64 + floor.counts.unanswered
}

fn conserved(floor: &Floor<'_>) -> bool {
    let mut sums: BTreeMap<AssetId, Amount> = BTreeMap::new();
    let mut is_sound = floor.pit.is_quiet();
    for desk in floor.pit.desks() {
        for (asset, balance) in desk.accounts().flat_map(|account| account.balances()) {
            is_sound &= balance.available >= 0 && balance.held >= 0;
            *sums.entry(asset).or_default() += balance.total();
        }
        for posting in floor.pit.sub_accounts(desk.id()) {
            *sums.entry(posting.asset).or_default() += posting.fee + posting.tax;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    let mut issued = floor.counts.issued.clone();
    issued.retain(|_, sum| *sum != 0);
    is_sound && sums == issued
}

fn holds_what_it_needs(floor: &Floor<'_>, account: &Account) -> bool {
    let mut needs: BTreeMap<AssetId, Amount> = BTreeMap::new();
    for open in account.open_orders() {
        let mut listed = floor.market.instruments.iter();
        let Some(instrument) = listed.find(|listed| listed.id == open.state.instrument) else {
            return false;
        };
        let (asset, need) = need(open, instrument);
        *needs.entry(asset).or_default() += need;
    }
    let held = |asset| needs.get(&asset).copied().unwrap_or(0);
    let known = account.balances().all(|(asset, balance)| balance.held == held(asset));
    known && needs.keys().all(|asset| account.balance(*asset).held == held(*asset))
}

/// What an order that rests needs: its quantity, or its price with the fees still to come.
fn need(open: &OpenOrder, instrument: &Instrument) -> (AssetId, Amount) {
    let state = &open.state;
    if state.side == Side::Sell {
        return (instrument.base, instrument.base_amount(state.remaining()));
    }
    let notional = instrument.notional(state.limit, state.remaining());
    let fees = open.fee_numerator() + open.fees().bound().numerator(notional);
    (instrument.quote, notional + Rate::ceil_sum(fees) - state.fee)
}

#[cfg(test)]
mod tests;
