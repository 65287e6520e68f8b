//! Stops that wait for their trigger, in the order in which they were entered.

use crate::amount::{Lots, Ticks};
use crate::hash::StateHash;
use crate::ids::OrderKey;
use crate::instrument::Instrument;
use crate::order::{Life, SelfMatch, Side, TimeInForce};
use crate::terms::{Distance, Stop, Trail};
use crate::tick_table::TickTable;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A stop that waits: what it waits for, and the order that it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingStop {
    pub order: OrderKey,
    pub side: Side,
    pub stop: Stop,
    /// Of a stop that becomes a market order: the worst price that its hold covers.
    pub limit: Ticks,
    pub is_market: bool,
    pub quantity: Lots,
    /// Of the order that it becomes.
    pub time_in_force: TimeInForce,
    /// How long it waits, and then stays.
    pub life: Life,
    pub self_match: SelfMatch,
    /// The order in the book that goes when this fires, and that takes this away when it trades.
    pub twin: Option<OrderKey>,
}

impl WaitingStop {
    /// The limit at which it fires under these rules. A market order stops at the band and, where
    /// its trigger has moved, at the collar around that.
    #[must_use]
    pub fn firing_limit(&self, rules: &Instrument) -> Ticks {
        if !self.is_market {
            return self.limit;
        }
        let is_buy = self.side == Side::Buy;
        let collared = || rules.collared(is_buy, self.stop.trigger);
        match (self.side, self.stop.trail) {
            // Rules may have changed since; more than is held can never be paid.
            (Side::Buy, Some(_)) => self.limit.min(collared()),
            (Side::Sell, Some(_)) => collared(),
            (_, None) => rules.within_band(is_buy, self.limit),
        }
    }

    /// Adds what decides about its firing.
    #[expect(clippy::should_implement_trait, reason = "a state hash is no map key")]
    pub fn hash(&self, hash: &mut StateHash) {
        let OrderKey { account, no } = self.order;
        let flags = u64::from(self.side == Side::Sell) << 1 | u64::from(self.is_market);
        let (force, mode) = (self.time_in_force as u64, self.self_match as u64);
        let prices = u64::from(self.limit.0) << 32 | u64::from(self.stop.trigger.0);
        for word in [account.bits(), no.0, flags | force << 8 | mode << 16, prices] {
            hash.number(word);
        }
        hash.number(self.quantity.0);
        self.life.words().into_iter().for_each(|word| hash.number(word));
        let twin = self.twin.map_or((0, 0), |twin| (twin.account.bits(), twin.no.0));
        hash.number(twin.0);
        hash.number(twin.1);
        for distance in self.stop.trail.iter().flat_map(|trail| [trail.offset, trail.step]) {
            match distance {
                Distance::Price(ticks) => hash.number(u64::from(ticks.0)),
                Distance::Share(rate) => hash.amount(rate.0.into()),
            }
        }
    }
}

/// All that wait. Few orders are stops: trees will do, and their order is that of their keys.
#[derive(Default)]
pub struct Stops {
    /// How many were entered; each has its number, by which all else finds it.
    entered: u64,
    waiting: BTreeMap<u64, WaitingStop>,
    numbers: BTreeMap<OrderKey, u64>,
    /// Stops by the orders in the book that are their other legs.
    twins: BTreeMap<OrderKey, OrderKey>,
    /// By side, triggers with the stops that have them.
    triggers: [BTreeSet<(Ticks, u64)>; 2],
    /// When those go that do not wait for ever.
    due: BTreeSet<(Time, u64)>,
    /// By side, those whose triggers move.
    trailing: [BTreeSet<u64>; 2],
    /// By side, the market that is the furthest in their favour of those that all of them have
    /// followed: a nearer one moves none. No part of the state, only of its speed.
    followed: [Option<Ticks>; 2],
}

impl Stops {
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    #[must_use]
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Those that wait, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &WaitingStop> + '_ {
        self.waiting.values()
    }

    #[must_use]
    pub fn find(&self, order: OrderKey) -> Option<&WaitingStop> {
        self.waiting.get(self.numbers.get(&order)?)
    }

    /// Lets a stop wait, behind all that wait already.
    pub fn enter(&mut self, stop: WaitingStop) {
        self.entered += 1;
        let (no, side) = (self.entered, stop.side as usize);
        self.numbers.insert(stop.order, no);
        if let Some(twin) = stop.twin {
            self.twins.insert(twin, stop.order);
        }
        self.triggers[side].insert((stop.stop.trigger, no));
        if let Some(time) = stop.life.expires() {
            self.due.insert((time, no));
        }
        if stop.stop.trail.is_some() {
            self.trailing[side].insert(no);
            self.followed[side] = None;
        }
        self.waiting.insert(no, stop);
    }

    pub fn remove(&mut self, order: OrderKey) -> Option<WaitingStop> {
        let no = *self.numbers.get(&order)?;
        self.take(no)
    }

    fn take(&mut self, no: u64) -> Option<WaitingStop> {
        let stop = self.waiting.remove(&no)?;
        let side = stop.side as usize;
        self.numbers.remove(&stop.order);
        if let Some(twin) = stop.twin {
            self.twins.remove(&twin);
        }
        self.triggers[side].remove(&(stop.stop.trigger, no));
        self.trailing[side].remove(&no);
        if let Some(time) = stop.life.expires() {
            self.due.remove(&(time, no));
        }
        Some(stop)
    }

    /// When the next one goes.
    #[inline(always)]
    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(time, _)| *time)
    }

    /// The stop that goes next, and when.
    #[must_use]
    #[inline(always)]
    pub fn first_due(&self) -> Option<(Time, OrderKey)> {
        let &(time, no) = self.due.first()?;
        Some((time, self.waiting[&no].order))
    }

    /// Whether any stop has another leg in the book.
    #[must_use]
    #[inline(always)]
    pub fn has_twins(&self) -> bool {
        !self.twins.is_empty()
    }

    /// Takes out the stop of which this order is the other leg.
    pub fn remove_twin_of(&mut self, order: OrderKey) -> Option<WaitingStop> {
        let stop = *self.twins.get(&order)?;
        self.remove(stop)
    }

    /// Gives a stop that waits another quantity and limit; its trigger and its place stay.
    pub fn amend(&mut self, order: OrderKey, quantity: Lots, limit: Ticks) {
        let stop = self.numbers.get(&order).and_then(|no| self.waiting.get_mut(no));
        if let Some(stop) = stop {
            (stop.quantity, stop.limit) = (quantity, limit);
        }
    }

    /// Other rules move triggers to other places: all of them look again.
    pub fn look_again(&mut self) {
        self.followed = [None; 2];
    }

    /// Takes out what prints between `low` and `high` have reached, in the order of entry.
    pub fn reached(&mut self, low: Ticks, high: Ticks) -> Vec<WaitingStop> {
        let [buys, sells] = &self.triggers;
        let buys = buys.range(..=(high, u64::MAX));
        let sells = sells.range((low, 0)..);
        let mut numbers: Vec<u64> = buys.chain(sells).map(|&(_, no)| no).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|no| self.take(no)).collect()
    }

    /// Lets the trailing triggers of a side follow the market, in the order of entry.
    pub fn follow(
        &mut self,
        side: Side,
        market: Ticks,
        ticks: &TickTable,
        mut moved: impl FnMut(OrderKey, Ticks),
    ) {
        let at = side as usize;
        let is_further = |seen: Ticks| match side {
            Side::Buy => market < seen,
            Side::Sell => market > seen,
        };
        if self.trailing[at].is_empty() || !self.followed[at].is_none_or(is_further) {
            return;
        }
        self.followed[at] = Some(market);
        for &no in &self.trailing[at] {
            let stop = self.waiting.get_mut(&no).expect("what trails waits");
            let Stop { trigger, trail: Some(trail) } = stop.stop else { continue };
            if let Some(next) = Trail::follow(&trail, side, trigger, market, ticks) {
                self.triggers[at].remove(&(trigger, no));
                self.triggers[at].insert((next, no));
                stop.stop.trigger = next;
                moved(stop.order, next);
            }
        }
    }
}
