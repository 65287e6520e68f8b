//! CASH-2 and CASH-3: nothing is negative, and what is held is what open orders owe.

use super::References;
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_engine::account::{Account, OpenOrder};
use hoga_engine::amount::{Amount, Rate};
use hoga_engine::ids::AssetId;
use hoga_engine::instrument::{Catalogue, Instrument};
use hoga_engine::order::Side;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Holds {
    pub checked: u64,
}

impl Holds {
    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
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

/// What an order owes. While amends are unanswered the need depends on the way the book goes, so
/// then nothing is said.
fn owed(open: &OpenOrder, instrument: &Instrument) -> Option<Amount> {
    let state = &open.state;
    if let Some(amount) = state.quote_amount {
        return Some(amount - state.notional - state.fee);
    }
    if open.amends_unanswered().len() > 0 {
        return None;
    }
    let left = state.remaining();
    if state.side == Side::Sell {
        return Some(instrument.base_amount(left));
    }
    let notional = instrument.notional(state.limit, left);
    let whole = open.fee_numerator() + open.fees().bound().numerator(notional);
    Some(notional + Rate::ceil_sum(whole) - state.fee)
}
