//! The invariants that a state at rest must satisfy.

use super::report::InvariantReport;
use crate::partition::Core;
use crate::replay::Replay;
use hoga_actors::{Entity, EntityCommand, EntityId};
use hoga_engine::account::Account;
use hoga_engine::amount::Amount;
use hoga_engine::ids::{AssetId, PartitionId};
use hoga_engine::message::{AccountMessage, Leg, Message};
use hoga_engine::order::Side;
use hoga_engine::topology::Role;
use std::collections::BTreeMap;

type Partitions = [(PartitionId, Role, Replay)];
type Sums = BTreeMap<AssetId, Amount>;

/// Collects what violates one invariant, and says so in one line.
pub(super) struct Findings {
    id: &'static str,
    checked: u64,
    wrong: Vec<String>,
}

impl Findings {
    pub fn new(id: &'static str) -> Findings {
        Findings { id, checked: 0, wrong: Vec::new() }
    }

    pub fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds && self.wrong.len() < 8 {
            self.wrong.push(what());
        }
    }

    pub fn report(self) -> InvariantReport {
        let ok = self.wrong.is_empty();
        let detail = match ok {
            true => format!("{} checked", self.checked),
            false => self.wrong.join("; "),
        };
        InvariantReport { id: self.id, ok, detail }
    }
}

pub(super) fn check(partitions: &Partitions) -> Vec<InvariantReport> {
    vec![
        conservation(partitions),
        holds(partitions),
        order_quantities(partitions),
        books_not_crossed(partitions),
    ]
}

fn accounts(partitions: &Partitions) -> impl Iterator<Item = &Account> {
    partitions.iter().flat_map(|(_, _, replay)| replay.entities.values()).filter_map(|entity| {
        match entity {
            Entity::Account(account) => Some(&**account),
            _ => None,
        }
    })
}

/// CASH-1: balances, fees, taxes and what is in flight are what was issued.
fn conservation(partitions: &Partitions) -> InvariantReport {
    let mut found = Findings::new("CASH-1");
    let (mut sums, mut clearing, mut flight) = (Sums::new(), Sums::new(), Sums::new());
    for account in accounts(partitions) {
        for (asset, balance) in account.balances() {
            *sums.entry(asset).or_default() += balance.total();
        }
    }
    for (_, _, replay) in partitions {
        for (asset, sub) in replay.core.sub_accounts() {
            *sums.entry(*asset).or_default() += sub.fee + sub.tax - sub.issued;
            *clearing.entry(*asset).or_default() += sub.clearing;
        }
    }
    in_flight(partitions, &mut flight);
    for asset in sums.keys().chain(flight.keys()) {
        let get = |sums: &Sums| sums.get(asset).copied().unwrap_or_default();
        let (sum, flying, mirror) = (get(&sums), get(&flight), get(&clearing));
        found.check(sum + flying == 0, || {
            format!("asset {}: balances + fees - issued = {sum}, in flight {flying}", asset.0)
        });
        found.check(mirror == flying, || {
            format!("asset {}: clearing {mirror}, in flight {flying}", asset.0)
        });
    }
    found.report()
}

/// What messages that were sent and not applied will add to balances, fees and taxes.
fn in_flight(partitions: &Partitions, flight: &mut Sums) {
    let cores: BTreeMap<PartitionId, &Core> =
        partitions.iter().map(|(id, _, replay)| (*id, &replay.core)).collect();
    for (source, core) in &cores {
        for (to, outbox) in core.outboxes() {
            let taken = cores[to].next_in(*source);
            for carried in outbox.from(taken, usize::MAX) {
                match &carried.message {
                    Message::ToAccount(_, message) => add(cores[to], message, flight),
                    Message::ToNamedAccount(_, credit) => {
                        *flight.entry(credit.asset).or_default() += credit.amount;
                    }
                    _ => {}
                }
            }
        }
        for suspension in core.suspended().values() {
            for parked in &suspension.parked {
                if let EntityCommand::Account(message) = parked {
                    add(core, message, flight);
                }
            }
        }
    }
}

fn add(core: &Core, message: &AccountMessage, flight: &mut Sums) {
    match message {
        AccountMessage::Settle(leg) => add_leg(core, leg, flight),
        AccountMessage::Credit(credit)
        | AccountMessage::Drawn(credit)
        | AccountMessage::Bounce { credit, .. } => {
            *flight.entry(credit.asset).or_default() += credit.amount;
        }
        _ => {}
    }
}

fn add_leg(core: &Core, leg: &Leg, flight: &mut Sums) {
    let instrument = &core.scene().catalogue.instruments[&leg.instrument];
    let notional = instrument.notional(leg.price, leg.quantity);
    let goods = instrument.base_amount(leg.quantity);
    let sign = if leg.side == Side::Buy { 1 } else { -1 };
    *flight.entry(instrument.quote).or_default() -= sign * notional;
    *flight.entry(instrument.base).or_default() += sign * goods;
}

/// CASH-2 and CASH-3: no balance is negative, and what is held is what open orders hold.
fn holds(partitions: &Partitions) -> InvariantReport {
    let mut found = Findings::new("CASH-3");
    for (_, _, replay) in partitions {
        let catalogue = &replay.core.scene().catalogue;
        for entity in replay.entities.values() {
            let Entity::Account(account) = entity else { continue };
            let mut held = Sums::new();
            for order in account.open_orders() {
                let instrument = &catalogue.instruments[&order.state.instrument];
                let asset = match order.state.side {
                    Side::Buy => instrument.quote,
                    Side::Sell => instrument.base,
                };
                *held.entry(asset).or_default() += order.hold();
            }
            for (asset, balance) in account.balances() {
                let owed = held.get(&asset).copied().unwrap_or_default();
                let name = account.name();
                found.check(balance.held == owed && balance.available >= 0, || {
                    format!("{name}: asset {} holds {}, owes {owed}", asset.0, balance.held)
                });
            }
        }
    }
    found.report()
}

/// FILL-1: filled + cancelled + remaining = ordered, for every open order.
fn order_quantities(partitions: &Partitions) -> InvariantReport {
    let mut found = Findings::new("FILL-1");
    for account in accounts(partitions) {
        for order in account.open_orders() {
            let state = &order.state;
            let sum = state.filled.0 + state.cancelled.0 + state.remaining().0;
            found.check(sum == state.ordered.0, || {
                format!("{} order {}: {sum} of {}", account.name(), state.key.no.0, state.ordered.0)
            });
        }
    }
    found.report()
}

/// BOOK-2: no book is crossed at rest, unless its orders collect for a call.
fn books_not_crossed(partitions: &Partitions) -> InvariantReport {
    let mut found = Findings::new("BOOK-2");
    for (_, _, replay) in partitions {
        for (id, entity) in &replay.entities {
            let (Entity::Book(listing), EntityId::Book(instrument)) = (entity, id) else {
                continue;
            };
            // Where an outside book is followed, what rests does not trade with what rests.
            let [bid, ask] = [Side::Buy, Side::Sell].map(|side| listing.best(side));
            let collects = listing.book().collects();
            let crossed = !collects && bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
            found.check(!crossed, || format!("instrument {}: {bid:?} / {ask:?}", instrument.0));
        }
    }
    found.report()
}
