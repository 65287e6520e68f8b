//! Which instrument the orders of a session are of: their numbers are in its units, and asking
//! their account would have to wait for what is still on its way there.

use hoga_engine::ids::InstrumentId;
use hoga_engine::request::OrderRef;
use std::collections::HashMap;

/// Orders in one generation; two are kept, so at least this many are known.
const GENERATION: usize = 32_768;

/// An account's place in the session's list of accounts, and the order.
type Key = (u32, u128);

/// The orders of a session, the oldest forgotten first.
#[derive(Default)]
pub struct SessionOrders {
    accounts: HashMap<Box<str>, u32>,
    /// None where an id was given to orders of several instruments: which of them stands is for
    /// their account to say.
    young: HashMap<Key, Option<InstrumentId>>,
    old: HashMap<Key, Option<InstrumentId>>,
}

impl SessionOrders {
    pub fn remember(&mut self, account: &str, order: OrderRef, instrument: InstrumentId) {
        let next = self.accounts.len() as u32;
        let account = match self.accounts.get(account) {
            Some(known) => *known,
            None => *self.accounts.entry(account.into()).or_insert(next),
        };
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        let key = (account, key(order));
        let known = self.young.get(&key).or_else(|| self.old.get(&key)).copied();
        let is_same = known.is_none_or(|known| known == Some(instrument));
        self.young.insert(key, is_same.then_some(instrument));
    }

    pub fn recall(&self, account: &str, order: OrderRef) -> Option<InstrumentId> {
        let key = (*self.accounts.get(account)?, key(order));
        self.young.get(&key).or_else(|| self.old.get(&key)).copied().flatten()
    }
}

/// Numbers fill the lower half; the hash of an id is spread over the whole.
fn key(order: OrderRef) -> u128 {
    match order {
        OrderRef::No(no) => no.0.into(),
        OrderRef::ClientId(id) => id.hash(),
    }
}

#[cfg(test)]
mod tests {
    use super::{GENERATION, SessionOrders};
    use hoga_engine::client_id::ClientId;
    use hoga_engine::ids::{InstrumentId, OrderNo};
    use hoga_engine::request::OrderRef;

    #[test]
    fn the_youngest_orders_are_known_and_the_oldest_forgotten() {
        let mut orders = SessionOrders::default();
        let order = |no| OrderRef::No(OrderNo(no));
        for no in 1..=3 * GENERATION as u64 {
            orders.remember("alice", order(no), InstrumentId(no as u32));
        }
        let last = 3 * GENERATION as u64;
        assert_eq!(orders.recall("alice", order(last)), Some(InstrumentId(last as u32)));
        let kept = last - GENERATION as u64;
        assert_eq!(orders.recall("alice", order(kept)), Some(InstrumentId(kept as u32)));
        assert_eq!(orders.recall("alice", order(1)), None);
        assert_eq!(orders.recall("bob", order(last)), None);
    }

    #[test]
    fn an_id_of_two_instruments_says_nothing_of_either() {
        let mut orders = SessionOrders::default();
        let id = OrderRef::ClientId(ClientId::parse("x").expect("an id"));
        orders.remember("alice", id, InstrumentId(1));
        orders.remember("alice", id, InstrumentId(1));
        assert_eq!(orders.recall("alice", id), Some(InstrumentId(1)));
        orders.remember("alice", id, InstrumentId(2));
        assert_eq!(orders.recall("alice", id), None);
    }
}
