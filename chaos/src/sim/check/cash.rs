//! CASH-1: balances, fees, taxes and what is in flight are what was issued.

use super::References;
use crate::sim::words::{Broken, hold};
use hoga_actors::{Entity, EntityCommand};
use hoga_cluster::partition::Core;
use hoga_engine::amount::Amount;
use hoga_engine::ids::AssetId;
use hoga_engine::message::{AccountMessage, Leg, Message};
use hoga_engine::order::Side;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Cash {
    pub checked: u64,
}

#[derive(Default)]
struct Sum {
    balances: Amount,
    fees: Amount,
    clearing: Amount,
    issued: Amount,
    in_flight: Amount,
}

type Sums = BTreeMap<AssetId, Sum>;

impl Cash {
    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
        let mut sums = Sums::new();
        for reference in references.values() {
            for entity in reference.replica.entities.values() {
                let Entity::Account(account) = entity else { continue };
                for (asset, balance) in account.balances() {
                    sums.entry(asset).or_default().balances += balance.total();
                }
            }
            for (&asset, sub) in reference.replica.core.sub_accounts() {
                let sum = sums.entry(asset).or_default();
                sum.fees += sub.fee + sub.tax;
                sum.clearing += sub.clearing;
                sum.issued += sub.issued;
            }
        }
        add_flight(references, &mut sums);
        for (asset, sum) in &sums {
            let Sum { balances, fees, clearing, issued, in_flight } = sum;
            self.checked += 1;
            hold!(
                "CASH-1",
                balances + fees + in_flight == *issued && clearing == in_flight,
                "asset {}: balances {balances} + fees and taxes {fees} + in flight {in_flight}, \
                 issued {issued}, clearing {clearing}",
                asset.0
            );
        }
        Ok(())
    }
}

/// What messages that were sent and not applied will add to balances, fees and taxes.
fn add_flight(references: &References, sums: &mut Sums) {
    for (source, reference) in references {
        let core = &reference.replica.core;
        for (to, outbox) in core.outboxes() {
            let other = &references[to].replica.core;
            for carried in outbox.from(other.next_in(*source), usize::MAX) {
                add(other, &carried.message, sums);
            }
        }
        for suspension in core.suspended().values() {
            for parked in &suspension.parked {
                if let EntityCommand::Account(message) = parked {
                    add_message(core, message, sums);
                }
            }
        }
    }
}

fn add(core: &Core, message: &Message, sums: &mut Sums) {
    match message {
        Message::ToAccount(_, message) => add_message(core, message, sums),
        Message::ToNamedAccount(_, credit) => {
            sums.entry(credit.asset).or_default().in_flight += credit.amount;
        }
        _ => {}
    }
}

fn add_message(core: &Core, message: &AccountMessage, sums: &mut Sums) {
    match message {
        AccountMessage::Settle(leg) => add_leg(core, leg, sums),
        AccountMessage::Credit(credit)
        | AccountMessage::Drawn(credit)
        | AccountMessage::Bounce { credit, .. } => {
            sums.entry(credit.asset).or_default().in_flight += credit.amount;
        }
        _ => {}
    }
}

fn add_leg(core: &Core, leg: &Leg, sums: &mut Sums) {
    let Some(instrument) = core.scene().catalogue.instruments.get(&leg.instrument) else { return };
    let notional = instrument.notional(leg.price, leg.quantity);
    let goods = instrument.base_amount(leg.quantity);
    let sign = if leg.side == Side::Buy { 1 } else { -1 };
    sums.entry(instrument.quote).or_default().in_flight -= sign * notional;
    sums.entry(instrument.base).or_default().in_flight += sign * goods;
}
