//! CASH-2 and CASH-3: nothing is negative, and what is held is what open orders owe.

use super::References;
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_engine::account::{Account, OpenOrder};
use hoga_engine::amount::{Amount, Rate};
use hoga_engine::ids::{AccountId, AssetId, PartitionId};
use hoga_engine::instrument::{Catalogue, Instrument};
use hoga_engine::message::{AccountMessage, Leg, Message};
use hoga_engine::order::Side;
use hoga_engine::terms::HeldFor;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Holds {
    pub checked: u64,
}

impl Holds {
    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
        houses_can_pay(references)?;
        for reference in references.values() {
            let catalogue = &reference.replica.core.scene().catalogue;
            for entity in reference.replica.entities.values() {
                if let Entity::Account(account) = entity {
                    self.account(account, catalogue)?;
                }
            }
        }
        Ok(())
    }

    fn account(&mut self, account: &Account, catalogue: &Catalogue) -> Result<(), Broken> {
        let name = account.name();
        let mut holds: BTreeMap<AssetId, Amount> = BTreeMap::new();
        for open in account.open_orders() {
            let instrument = &catalogue.instruments[&open.state.instrument];
            let is_buy = open.state.side == Side::Buy;
            let asset = if is_buy { instrument.quote } else { instrument.base };
            *holds.entry(asset).or_default() += open.hold();
            if let Some(owed) = owed(open, instrument) {
                let (held, no) = (open.hold(), open.state.key.no.0);
                hold!("CASH-3", held == owed, "order {no} of {name} holds {held}, owes {owed}");
            }
        }
        for (asset, balance) in account.balances() {
            self.checked += 1;
            let is_sound = balance.available >= 0 && balance.held >= 0;
            hold!("CASH-2", is_sound, "{name} has {balance:?} of asset {}", asset.0);
            let (held, sum) = (balance.held, holds.get(&asset).copied().unwrap_or(0));
            let id = asset.0;
            hold!("CASH-3", held == sum, "{name} holds {held} of asset {id}, its orders {sum}");
        }
        Ok(())
    }
}

/// CASH-2 of a house: what its book may still spend is there, once all has arrived that is under
/// way.
fn houses_can_pay(references: &References) -> Result<(), Broken> {
    let entities = || references.values().flat_map(|it| it.replica.entities.values());
    for entity in entities() {
        let Entity::Book(listing) = entity else { continue };
        let Some(purse) = listing.following().map(|following| following.purse()) else { continue };
        let is_house = |account: &&Account| Some(account.id()) == purse.house;
        let mut accounts = entities().filter_map(|entity| match entity {
            Entity::Account(account) => Some(&**account),
            _ => None,
        });
        let (house, rules) = (accounts.find(is_house), listing.instrument());
        let Some(house) = house else { continue };
        let legs = legs_under_way(references, house.id());
        for (id, spendable) in [(rules.base, purse.base), (rules.quote, purse.quote)] {
            let comes: Amount = legs.iter().map(|leg| brings(leg, id, rules)).sum();
            let (has, symbol) = (house.balance(id).total() + comes, &rules.symbol);
            let (asset, can) = (id.0, spendable >= 0 && spendable <= has);
            hold!("CASH-2", can, "{symbol} may spend {spendable} of asset {asset}, there is {has}");
        }
    }
    Ok(())
}

/// What books have sent to a house and its account has not heard.
fn legs_under_way(references: &References, house: AccountId) -> Vec<Leg> {
    let to = &house.partition();
    let next = |source: &PartitionId| references[to].replica.core.next_in(*source);
    let outboxes = references.iter().filter_map(|(source, reference)| {
        let outbox = reference.replica.core.outboxes().get(to)?;
        Some(outbox.from(next(source), usize::MAX))
    });
    let legs = outboxes.flatten().filter_map(|carried| match &carried.message {
        Message::ToAccount(account, AccountMessage::Settle(leg)) if *account == house => Some(*leg),
        _ => None,
    });
    legs.collect()
}

/// What a leg adds to its account's balance of an asset.
fn brings(leg: &Leg, asset: AssetId, rules: &Instrument) -> Amount {
    let sign = if leg.side == Side::Buy { 1 } else { -1 };
    if asset == rules.base {
        sign * rules.base_amount(leg.quantity)
    } else {
        -sign * rules.notional(leg.price, leg.quantity)
    }
}

/// What an order owes. While amends are unanswered the need depends on the way the book goes, so
/// then nothing is said.
fn owed(open: &OpenOrder, instrument: &Instrument) -> Option<Amount> {
    let state = &open.state;
    if let Some(amount) = state.quote_amount {
        return Some(amount - state.notional - state.fee);
    }
    // Of two legs the first holds for both, at the larger need.
    let other = state.terms.as_ref().and_then(|terms| terms.other);
    let least = match other.map(|other| other.held) {
        Some(HeldFor::Nothing) => return Some(0),
        Some(HeldFor::Both(least)) => least,
        None => 0,
    };
    if open.amends_unanswered().len() > 0 {
        return None;
    }
    Some(owed_alone(open, instrument).max(least))
}

fn owed_alone(open: &OpenOrder, instrument: &Instrument) -> Amount {
    let state = &open.state;
    let left = state.remaining();
    if state.side == Side::Sell {
        return instrument.base_amount(left);
    }
    let notional = instrument.notional(state.limit, left);
    let whole = open.fee_numerator() + open.fees().bound().numerator(notional);
    notional + Rate::ceil_sum(whole) - state.fee
}
