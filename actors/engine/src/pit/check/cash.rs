//! CASH-1 and CASH-2: nothing is made or lost, nothing goes below zero.

use super::{Broken, hold};
use crate::amount::Amount;
use crate::ids::AssetId;
use crate::message::{AccountMessage, Leg, Message};
use crate::order::Side;
use crate::pit::Pit;
use std::collections::BTreeMap;

#[derive(Default)]
struct Sum {
    balances: Amount,
    fees: Amount,
    clearing: Amount,
    issued: Amount,
    /// What the messages under way will post to clearing when they are settled, negated.
    in_flight: Amount,
}

pub(super) fn check(pit: &Pit) -> Result<(), Broken> {
    let mut sums: BTreeMap<AssetId, Sum> = BTreeMap::new();
    for desk in pit.desks() {
        for account in desk.accounts() {
            for (asset, balance) in account.balances() {
                let name = account.name();
                let is_sound = balance.available >= 0 && balance.held >= 0;
                hold!("CASH-2", is_sound, "{name} has {balance:?} of asset {}", asset.0);
                sums.entry(asset).or_default().balances += balance.total();
            }
        }
        for posting in pit.sub_accounts(desk.id()) {
            let sum = sums.entry(posting.asset).or_default();
            sum.fees += posting.fee + posting.tax;
            sum.clearing += posting.clearing;
            sum.issued += posting.issued;
        }
    }
    for message in pit.under_way() {
        for (asset, amount) in in_flight(pit, message) {
            sums.entry(asset).or_default().in_flight += amount;
        }
    }
    for (asset, sum) in sums {
        let Sum { balances, fees, clearing, issued, in_flight } = sum;
        hold!(
            "CASH-1",
            balances + fees + in_flight == issued,
            "asset {}: balances {balances} + fees and taxes {fees} + in flight {in_flight} is \
             not what was issued, {issued}",
            asset.0
        );
        hold!(
            "CASH-1",
            clearing == in_flight,
            "asset {}: clearing is {clearing}, but {in_flight} is in flight",
            asset.0
        );
    }
    Ok(())
}

/// What a message under way carries: what its account will gain by it, before fee and tax.
fn in_flight(pit: &Pit, message: &Message) -> Vec<(AssetId, Amount)> {
    match message {
        Message::ToAccount(_, AccountMessage::Settle(leg)) => of_leg(pit, leg),
        Message::ToAccount(_, AccountMessage::Credit(credit) | AccountMessage::Drawn(credit))
        | Message::ToAccount(_, AccountMessage::Bounce { credit, .. })
        | Message::ToNamedAccount(_, credit) => vec![(credit.asset, credit.amount)],
        _ => Vec::new(),
    }
}

fn of_leg(pit: &Pit, leg: &Leg) -> Vec<(AssetId, Amount)> {
    let listing = pit.listing(leg.instrument).expect("a leg's instrument is listed");
    let instrument = listing.instrument();
    let notional = instrument.notional(leg.price, leg.quantity);
    let quantity = instrument.base_amount(leg.quantity);
    let sign = if leg.side == Side::Buy { 1 } else { -1 };
    vec![(instrument.base, sign * quantity), (instrument.quote, -sign * notional)]
}
