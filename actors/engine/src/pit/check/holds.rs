//! CASH-3: what is held is what open orders owe, no more and no less.

use super::{Broken, hold};
use crate::account::{Account, OpenOrder};
use crate::amount::{Amount, Lots, Rate, Ticks};
use crate::ids::AssetId;
use crate::instrument::{Catalogue, Instrument};
use crate::order::Side;
use crate::pit::Pit;
use crate::terms::HeldFor;
use std::collections::BTreeMap;

pub(super) fn check(pit: &Pit) -> Result<(), Broken> {
    for desk in pit.desks() {
        for account in desk.accounts() {
            check_account(account, desk.catalogue())?;
        }
    }
    Ok(())
}

fn check_account(account: &Account, catalogue: &Catalogue) -> Result<(), Broken> {
    let name = account.name();
    let mut holds: BTreeMap<AssetId, Amount> = BTreeMap::new();
    for open in account.open_orders() {
        let instrument = &catalogue.instruments[&open.state.instrument];
        let asset = if open.state.side == Side::Buy { instrument.quote } else { instrument.base };
        *holds.entry(asset).or_default() += open.hold();
        let (held, owed) = (open.hold(), owed(open, instrument));
        let no = open.state.key.no.0;
        hold!("CASH-3", held == owed, "order {no} of {name} holds {held} and owes {owed}");
    }
    for (asset, balance) in account.balances() {
        let (held, sum) = (balance.held, holds.get(&asset).copied().unwrap_or(0));
        let id = asset.0;
        hold!("CASH-3", held == sum, "{name} holds {held} of asset {id}, its orders {sum}");
    }
    Ok(())
}

/// Price x quantity and what may still be charged, what is left of an amount, or the quantity.
fn owed(open: &OpenOrder, instrument: &Instrument) -> Amount {
    let other = open.state.terms.as_ref().and_then(|terms| terms.other);
    match other.map(|other| other.held) {
        Some(HeldFor::Nothing) => 0,
        Some(HeldFor::Both(least)) => owed_alone(open, instrument).max(least),
        None => owed_alone(open, instrument),
    }
}

fn owed_alone(open: &OpenOrder, instrument: &Instrument) -> Amount {
    let state = &open.state;
    if let Some(amount) = state.quote_amount {
        return amount - state.notional - state.fee;
    }
    let done = state.filled + state.cancelled;
    let standing = std::iter::once((state.ordered, state.limit));
    let stages: Vec<(u64, Ticks)> = standing
        .chain(open.amends_unanswered())
        .map(|(total, limit)| (total.0.saturating_sub(done.0), limit))
        .collect();
    let most = stages.iter().map(|&(open, _)| open).max().unwrap_or(0);
    if state.side == Side::Sell {
        return instrument.base_amount(Lots(most));
    }
    let notional = dearest(&stages, most) * instrument.unit();
    let whole = open.fee_numerator() + open.fees().bound().numerator(notional);
    notional + Rate::ceil_sum(whole) - state.fee
}

/// The most that can be paid, in tick-lots, when the book goes through the stages in order and
/// fills whatever it likes in each: every way of doing so, lot by lot.
fn dearest(stages: &[(u64, Ticks)], most: u64) -> Amount {
    let mut paid: Vec<Option<Amount>> = vec![None; most as usize + 1];
    paid[0] = Some(0);
    for &(open, limit) in stages {
        for filled in 0..open as usize {
            let with_one_more = paid[filled].map(|paid| paid + Amount::from(limit.0));
            paid[filled + 1] = paid[filled + 1].max(with_one_more);
        }
    }
    paid.into_iter().flatten().max().unwrap_or(0)
}
