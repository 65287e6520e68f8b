//! FILL-1 and, seen from the log, ORD-1: quantities add up, states are numbered, an id names one
//! order; at rest book and accounts agree on every open order.

use super::{References, Told};
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_engine::book::Listing;
use hoga_engine::client_id::ClientId;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, OrderKey};
use hoga_engine::order::{OrderState, Status};
use hoga_engine::time::Time;
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Orders {
    pub checked: u64,
    named: BTreeMap<(AccountId, ClientId), (OrderKey, Time)>,
    closed: BTreeMap<OrderKey, Status>,
    /// The number of the last state that an account told.
    told: BTreeMap<AccountId, u64>,
    /// Fills of each open order, from the fills themselves.
    filled: BTreeMap<OrderKey, u64>,
}

impl Orders {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for state in &told.orders {
            self.checked += 1;
            let last = self.told.entry(state.key.account).or_default();
            let follows = state.event == *last + 1;
            hold!("SEQ-1", follows, "{state:?} follows state {last}");
            *last = state.event;
            self.note(state)?;
        }
        for row in &told.rows {
            match row {
                HistoryRow::Order(state) => {
                    self.check_final(state)?;
                    self.note(state)?;
                }
                HistoryRow::Fill(fill) => {
                    let order = OrderKey { account: fill.account, no: fill.order };
                    *self.filled.entry(order).or_default() += fill.quantity.0;
                }
                HistoryRow::Ledger(_) | HistoryRow::Party(_) | HistoryRow::Candle(_) => {}
            }
        }
        Ok(())
    }

    fn note(&mut self, state: &OrderState) -> Result<(), Broken> {
        let name = (state.key.account, state.client_id);
        let named = self.named.entry(name).or_insert((state.key, state.created));
        if state.created.minus(Time::DAY) >= named.1 {
            // The id may have been forgotten since.
            *named = (state.key, state.created);
        }
        let (first, key) = (named.0, state.key);
        hold!("ORD-1", first == key, "{name:?} names orders {first:?} and {key:?}");
        let done = state.filled + state.cancelled;
        let is_within = done <= state.ordered || state.quote_amount.is_some();
        hold!("FILL-1", is_within, "{state:?} is over-filled");
        Ok(())
    }

    fn check_final(&mut self, state: &OrderState) -> Result<(), Broken> {
        let done = state.filled + state.cancelled;
        hold!("FILL-1", done == state.ordered, "{state:?} ended with quantity unaccounted for");
        let is_full = state.cancelled.is_zero() && !state.filled.is_zero();
        let says_full = state.status == Status::Filled;
        hold!("FILL-1", is_full == says_full, "{state:?} ended with a status that does not fit");
        let is_new = self.closed.insert(state.key, state.status).is_none();
        hold!("FILL-1", is_new, "{state:?} became final twice");
        Ok(())
    }

    /// At rest.
    pub fn finish(&mut self, references: &References) -> Result<(), Broken> {
        let entities = || references.values().flat_map(|it| it.replica.entities.values());
        let mut open = BTreeMap::new();
        for entity in entities() {
            let Entity::Account(account) = entity else { continue };
            for order in account.open_orders() {
                let state = &order.state;
                let is_open = !self.closed.contains_key(&state.key);
                hold!("FILL-1", is_open, "{state:?} is open and final at once");
                open.insert(state.key, state.clone());
            }
        }
        let mut kept = 0;
        for entity in entities() {
            let Entity::Book(listing) = entity else { continue };
            kept += agree(listing, &open)?;
        }
        let count = open.len();
        hold!("FILL-1", count == kept, "{count} orders are open, books keep {kept}");
        for (key, state) in &open {
            let filled = self.filled.get(key).copied().unwrap_or(0);
            hold!("FILL-1", state.filled.0 == filled, "{state:?} has fills of {filled}");
        }
        Ok(())
    }
}

/// Whether each order that a book keeps stands in its account as it stands there; how many do.
fn agree(listing: &Listing, open: &BTreeMap<OrderKey, OrderState>) -> Result<usize, Broken> {
    let mut kept = 0;
    for it in listing.book().orders() {
        kept += 1;
        let agrees = open.get(&it.order).is_some_and(|state| {
            state.remaining() == it.open
                && state.filled == it.filled
                && state.cancelled == it.reduced
                && state.limit == it.price
                && state.side == it.side
        });
        let state = open.get(&it.order);
        hold!("FILL-1", agrees, "{it:?} stands otherwise in its account: {state:?}");
    }
    for it in listing.book().stops().iter() {
        kept += 1;
        let agrees = open.get(&it.order).is_some_and(|state| {
            let stop = state.terms.as_ref().and_then(|terms| terms.stop);
            let is_pair = state.terms.as_ref().is_some_and(|terms| terms.other.is_some());
            state.status == Status::Untriggered
                && state.remaining() == it.quantity
                && state.limit == it.limit
                && stop == Some(it.stop)
                // One that the other leg has left keeps its name.
                && is_pair == it.twin.is_some_and(|twin| open.contains_key(&twin))
        });
        let state = open.get(&it.order);
        hold!("FILL-1", agrees, "{it:?} stands otherwise in its account: {state:?}");
    }
    for (order, quantity, limit) in listing.reserved() {
        kept += 1;
        let agrees = open.get(&order).is_some_and(|state| {
            state.status == Status::Reserved
                && state.remaining() == quantity
                && state.limit == limit
        });
        let state = open.get(&order);
        hold!(
            "FILL-1",
            agrees,
            "{order:?} is reserved otherwise than its account has it: {state:?}"
        );
    }
    Ok(kept)
}
