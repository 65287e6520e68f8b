//! FILL-1 and ORD-1: quantities add up, and an id names one order.

use super::{Broken, hold};
use crate::client_id::ClientId;
use crate::ids::{AccountId, OrderKey};
use crate::order::{OrderState, Status};
use crate::pit::Pit;
use std::collections::{BTreeMap, BTreeSet};

/// Which order an id named, and which orders are final.
#[derive(Default)]
pub(super) struct Ids {
    read: usize,
    orders: BTreeMap<(AccountId, ClientId), OrderKey>,
    closed: BTreeSet<OrderKey>,
}

impl Ids {
    pub fn check(&mut self, pit: &Pit) -> Result<(), Broken> {
        for state in &pit.tap().closed[self.read..] {
            check_final(state)?;
            let is_new = self.closed.insert(state.key);
            hold!("FILL-1", is_new, "{state:?} became final twice");
            self.note(state)?;
        }
        self.read = pit.tap().closed.len();
        for desk in pit.desks() {
            for open in desk.accounts().flat_map(|account| account.open_orders()) {
                let state = &open.state;
                let is_open = !self.closed.contains(&state.key) && !state.status.is_final();
                hold!("FILL-1", is_open, "{state:?} is open and final at once");
                let (filled, cancelled) = (state.filled, state.cancelled);
                let is_within = filled + cancelled <= state.ordered;
                hold!("FILL-1", is_within, "{state:?} is over-filled");
                self.note(state)?;
            }
        }
        Ok(())
    }

    fn note(&mut self, state: &OrderState) -> Result<(), Broken> {
        let name = (state.key.account, state.client_id);
        let first = *self.orders.entry(name).or_insert(state.key);
        hold!("ORD-1", first == state.key, "{name:?} names orders {first:?} and {:?}", state.key);
        Ok(())
    }
}

fn check_final(state: &OrderState) -> Result<(), Broken> {
    let done = state.filled + state.cancelled;
    hold!("FILL-1", done == state.ordered, "{state:?} ended with quantity unaccounted for");
    let is_full = state.cancelled.is_zero() && !state.filled.is_zero();
    let says_full = state.status == Status::Filled;
    hold!("FILL-1", is_full == says_full, "{state:?} ended with a status that does not fit");
    Ok(())
}
