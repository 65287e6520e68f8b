//! The obvious book: two sorted lists, a list of stops, and linear search.
//!
//! It answers the same calls as [`Book`](super::Book) and shares none of its code, so that the
//! two can be compared command by command. It is a model to test against, never a book to trade
//! on: everything here is slow on purpose and short on purpose.

use super::{AmendRefused, Amended, Decision, Execution, Floor, Incoming, Prints};
use super::{Hidden, Removed, Reports, RestingOrder, WaitingStop};
use crate::amount::{Lots, Ticks};
use crate::hash::StateHash;
use crate::ids::OrderKey;
use crate::instrument::Instrument;
use crate::order::{CancelReason, Life, SelfMatch, Side, TimeInForce};
use crate::terms::Stop;
use crate::time::Time;
use std::ops::RangeInclusive;

/// Resting orders of both sides, each list in order of priority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NaiveBook {
    bids: Vec<RestingOrder>,
    asks: Vec<RestingOrder>,
    /// In the order of entry.
    stops: NaiveStops,
    collects: bool,
    /// Where trades happen; everywhere without it.
    allowed: Option<RangeInclusive<Ticks>>,
}

/// Stops in the order of entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NaiveStops(Vec<WaitingStop>);

impl NaiveStops {
    pub fn enter(&mut self, stop: WaitingStop) {
        self.0.push(stop);
    }

    pub fn remove(&mut self, order: OrderKey) -> Option<WaitingStop> {
        let place = self.0.iter().position(|stop| stop.order == order)?;
        Some(self.0.remove(place))
    }

    pub fn amend(&mut self, order: OrderKey, quantity: Lots, limit: Ticks) {
        for stop in self.0.iter_mut().filter(|stop| stop.order == order) {
            (stop.quantity, stop.limit) = (quantity, limit);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &WaitingStop> + '_ {
        self.0.iter()
    }
}

/// An incoming order while it takes.
struct Taker<'a> {
    order: &'a Incoming,
    decision: Decision,
    left: u64,
    decremented: u64,
    stopped: Option<CancelReason>,
    allowed: Option<RangeInclusive<Ticks>>,
    leaps: bool,
}

impl NaiveBook {
    /// Sets where the next order may trade, by the prints before it.
    pub fn guard(&mut self, rules: &Instrument, prints: Prints) {
        let Some(rule) = &rules.calls.interruption else { return };
        let call = prints.last_call.or(rules.base_price);
        self.allowed = Some(rule.allowed(prints.last, call));
    }

    pub fn unguard(&mut self) {
        self.allowed = None;
    }

    fn list(&self, side: Side) -> &Vec<RestingOrder> {
        if side == Side::Buy { &self.bids } else { &self.asks }
    }

    fn list_mut(&mut self, side: Side) -> &mut Vec<RestingOrder> {
        if side == Side::Buy { &mut self.bids } else { &mut self.asks }
    }

    fn place_of(&self, order: OrderKey) -> Option<(Side, usize)> {
        [Side::Buy, Side::Sell].into_iter().find_map(|side| {
            let place = self.list(side).iter().position(|resting| resting.order == order)?;
            Some((side, place))
        })
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.bids.len() + self.asks.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn best(&self, side: Side) -> Option<Ticks> {
        self.list(side).first().map(|resting| resting.price)
    }

    #[must_use]
    pub fn quantity_at(&self, side: Side, price: Ticks) -> Lots {
        let at_price = self.list(side).iter().filter(|resting| resting.price == price);
        Lots(at_price.map(|resting| resting.shown().0).sum())
    }

    #[must_use]
    pub fn would_cross(&self, side: Side, limit: Ticks) -> bool {
        self.best(side.opposite()).is_some_and(|best| reaches(side, limit, best))
    }

    /// Matches an order and rests what is left of it, as its time in force says.
    pub fn submit(&mut self, incoming: &Incoming, reports: &mut impl Reports) -> Decision {
        if self.collects {
            return self.collect(incoming, reports);
        }
        if incoming.time_in_force == TimeInForce::Fok {
            // Whether it fills whole is found out by trying it on a copy.
            let mut elsewhere = NaiveBook { allowed: None, ..self.clone() };
            let trial = elsewhere.take(incoming, &mut Deaf);
            let is_near = !self.clone().take(incoming, &mut Deaf).leaps;
            self.collects |= !is_near && trial.decision.filled == incoming.quantity;
            if !is_near || trial.decision.filled != incoming.quantity {
                return Decision {
                    cancelled: incoming.quantity,
                    reason: Some(CancelReason::NotFilledWhole),
                    ..nothing()
                };
            }
        }
        let taker = self.take(incoming, reports);
        self.collects |= taker.leaps;
        let waits = incoming.time_in_force.rests() || (taker.leaps && incoming.at_market);
        let open = if waits && taker.stopped.is_none() { taker.left } else { 0 };
        if open > 0 {
            let rest = RestingOrder {
                order: incoming.order,
                side: incoming.side,
                price: incoming.limit,
                open: Lots(open),
                filled: taker.decision.filled,
                reduced: Lots(taker.decremented),
                iceberg: incoming.display.map(|display| hide(display, Lots(open))),
                life: if incoming.at_market { Life::CallAtMarket } else { incoming.life },
            };
            self.rest(rest, reports);
        }
        taker.decide(open)
    }

    pub fn cancel(&mut self, order: OrderKey, reports: &mut impl Reports) -> Option<Removed> {
        let found = self.find(order)?;
        self.pull(order, reports);
        Some(found)
    }

    #[must_use]
    pub fn find(&self, order: OrderKey) -> Option<Removed> {
        let (side, place) = self.place_of(order)?;
        let RestingOrder { price, open, filled, reduced, .. } = self.list(side)[place];
        Some(Removed { side, price, open, filled, reduced })
    }

    /// Changes a resting order: in place when it only shrinks, otherwise out and in again.
    ///
    /// # Errors
    /// The order is not in the book, or nothing of it would stay open.
    pub fn amend(
        &mut self,
        order: OrderKey,
        total: Option<Lots>,
        limit: Option<Ticks>,
        self_match: SelfMatch,
        reports: &mut impl Reports,
    ) -> Result<Amended, AmendRefused> {
        let (side, place) = self.place_of(order).ok_or(AmendRefused::NotOpen)?;
        let old = self.list(side)[place];
        let done = old.filled + old.reduced;
        let total = total.unwrap_or(done + old.open);
        let limit = limit.unwrap_or(old.price);
        if total <= done {
            return Err(AmendRefused::BelowDone(done));
        }
        let open = total - done;
        if limit == old.price && open <= old.open {
            let before = self.quantity_at(side, limit);
            let standing = &mut self.list_mut(side)[place];
            standing.open = open;
            take_hidden_first(standing, old.open - open);
            if self.quantity_at(side, limit) != before {
                reports.level(side, limit, self.quantity_at(side, limit));
            }
            let decision = Decision { resting: open, ..nothing() };
            return Ok(Amended { decision, filled: old.filled, limit, total });
        }
        self.pull(order, reports);
        let display = old.iceberg.map(|iceberg| iceberg.display);
        let again = Incoming::again(order, side, limit, open, old.life);
        let incoming = Incoming { self_match, display, ..again };
        let taker =
            if self.collects { Taker::of(&incoming) } else { self.take(&incoming, reports) };
        self.collects |= taker.leaps;
        let filled = old.filled + taker.decision.filled;
        let open = if taker.stopped.is_none() { taker.left } else { 0 };
        if open > 0 {
            let reduced = old.reduced + Lots(taker.decremented);
            let (open, price) = (Lots(open), limit);
            let iceberg = display.map(|display| hide(display, open));
            let life = old.life;
            let rest = RestingOrder { order, side, price, open, filled, reduced, iceberg, life };
            self.rest(rest, reports);
        }
        Ok(Amended { decision: taker.decide(open), filled, limit, total })
    }

    /// The stops that wait, in the order of entry.
    #[must_use]
    pub fn stops(&self) -> &NaiveStops {
        &self.stops
    }

    #[must_use]
    pub fn stops_mut(&mut self) -> &mut NaiveStops {
        &mut self.stops
    }

    /// Fires stops until no print is left that one has not seen.
    pub fn cascade(&mut self, rules: &Instrument, floor: &mut impl Floor) {
        let mut fired = Vec::new();
        loop {
            self.part_met(floor);
            if let Some((low, high)) = floor.unseen().take() {
                let is_reached = |stop: &WaitingStop| match stop.side {
                    Side::Buy => stop.stop.trigger <= high,
                    Side::Sell => stop.stop.trigger >= low,
                };
                let reached = self.stops.0.iter().copied().filter(is_reached);
                let reached: Vec<WaitingStop> = reached.collect();
                self.stops.0.retain(|stop| !is_reached(stop));
                for twin in reached.iter().filter_map(|stop| stop.twin) {
                    if let Some(gone) = self.cancel(twin, floor) {
                        floor.dropped(twin, gone.open, CancelReason::OtherLeg);
                    }
                }
                fired.extend(reached);
            }
            if !self.collects {
                self.trail(rules, floor);
            }
            if fired.is_empty() {
                return;
            }
            let stop = fired.remove(0);
            let incoming = stop.incoming(rules);
            self.guard(rules, floor.prints());
            let decision = self.submit(&incoming, floor);
            floor.fired(&stop, incoming.limit, &decision);
        }
    }

    /// Takes away the other legs of what traded.
    pub fn part_met(&mut self, floor: &mut impl Floor) {
        for order in floor.met() {
            let is_twin = |stop: &WaitingStop| stop.twin == Some(order);
            for stop in self.stops.0.iter().filter(|stop| is_twin(stop)) {
                floor.dropped(stop.order, stop.quantity, CancelReason::OtherLeg);
            }
            self.stops.0.retain(|stop| !is_twin(stop));
        }
    }

    /// When the next order or stop goes.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Time> {
        self.lives().filter_map(|(_, life)| life.expires()).min()
    }

    /// Takes out what goes at or before `at`, one after another.
    pub fn expire(&mut self, at: Time, floor: &mut impl Floor) {
        while let Some(time) = self.next_expiry().filter(|time| *time <= at) {
            let is_due = |life: Life| life == Life::Until(time);
            // Of one time resting orders by their names, then stops as they were entered.
            let resting = self.orders().filter(|o| is_due(o.life)).map(|o| o.order).min();
            let waiting = self.stops.0.iter().find(|stop| is_due(stop.life));
            let order = resting.or(waiting.map(|stop| stop.order));
            order.into_iter().for_each(|order| self.drop(order, CancelReason::Expired, floor));
        }
    }

    /// Takes out what was for this day.
    pub fn close_day(&mut self, floor: &mut impl Floor) {
        let day: Vec<OrderKey> = self
            .lives()
            .filter(|(_, life)| *life == Life::Day || life.ends_with_call())
            .map(|(order, _)| order)
            .collect();
        for order in day {
            self.drop(order, CancelReason::MarketClosed, floor);
        }
    }

    fn lives(&self) -> impl Iterator<Item = (OrderKey, Life)> + '_ {
        let resting = self.orders().map(|order| (order.order, order.life));
        resting.chain(self.stops.0.iter().map(|stop| (stop.order, stop.life)))
    }

    fn drop(&mut self, order: OrderKey, reason: CancelReason, floor: &mut impl Floor) {
        let resting = self.cancel(order, floor).map(|removed| removed.open);
        let waiting = self.stops.remove(order).map(|stop| stop.quantity);
        for open in resting.into_iter().chain(waiting) {
            floor.dropped(order, open, reason);
        }
    }

    fn trail(&mut self, rules: &Instrument, floor: &mut impl Floor) {
        for side in [Side::Buy, Side::Sell] {
            let market = floor.prints().followed(side, self.best(side.opposite()));
            for stop in self.stops.0.iter_mut().filter(|stop| stop.side == side) {
                let Stop { trigger, trail: Some(trail) } = stop.stop else { continue };
                let Some(market) = market else { continue };
                if let Some(next) = trail.follow(side, trigger, market, &rules.ticks) {
                    stop.stop.trigger = next;
                    floor.trailed(stop.order, next);
                }
            }
        }
    }

    fn take<'a>(&mut self, incoming: &'a Incoming, reports: &mut impl Reports) -> Taker<'a> {
        let mut taker = Taker { allowed: self.allowed.clone(), ..Taker::of(incoming) };
        let side = incoming.side.opposite();
        while taker.goes_on() && self.would_cross(incoming.side, incoming.limit) {
            let price = self.list(side)[0].price;
            let before = self.quantity_at(side, price);
            while taker.goes_on() && self.best(side) == Some(price) {
                let maker = &mut self.list_mut(side)[0];
                taker.meet(maker, reports);
                if maker.shown().is_zero() {
                    let mut gone = self.list_mut(side).remove(0);
                    if !gone.open.is_zero() {
                        gone.iceberg = gone.iceberg.map(|i| hide(i.display, gone.open));
                        self.insert(gone);
                    }
                }
            }
            let after = self.quantity_at(side, price);
            if after != before {
                reports.level(side, price, after);
            }
        }
        taker
    }

    /// Queues an order behind all that are as good as it, and says so.
    fn rest(&mut self, rest: RestingOrder, reports: &mut impl Reports) {
        let RestingOrder { side, price, .. } = rest;
        self.insert(rest);
        reports.level(side, price, self.quantity_at(side, price));
    }

    fn insert(&mut self, rest: RestingOrder) {
        let RestingOrder { side, price, .. } = rest;
        let list = self.list_mut(side);
        let behind = |other: &RestingOrder| match side {
            Side::Buy => other.price < price,
            Side::Sell => other.price > price,
        };
        let place = list.iter().position(behind).unwrap_or(list.len());
        list.insert(place, rest);
    }

    fn pull(&mut self, order: OrderKey, reports: &mut impl Reports) {
        if let Some((side, place)) = self.place_of(order) {
            let gone = self.list_mut(side).remove(place);
            reports.level(side, gone.price, self.quantity_at(side, gone.price));
        }
    }

    /// All orders: bids best to worst, then asks best to worst, oldest first within a price.
    pub fn orders(&self) -> impl Iterator<Item = RestingOrder> + '_ {
        self.bids.iter().chain(&self.asks).copied()
    }

    /// Price levels of one side with what is open there, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Ticks, Lots)> + '_ {
        let mut prices: Vec<Ticks> = self.list(side).iter().map(|resting| resting.price).collect();
        prices.dedup();
        prices.into_iter().map(move |price| (price, self.quantity_at(side, price)))
    }

    /// Puts back an order of a snapshot.
    pub fn restore(&mut self, order: &RestingOrder) {
        self.rest(*order, &mut Deaf);
    }

    /// The same words as [`Book::hash`](super::Book::hash).
    #[expect(clippy::should_implement_trait, reason = "a state hash is no map key")]
    pub fn hash(&self, hash: &mut StateHash) {
        hash.number(self.len() as u64);
        for resting in self.orders() {
            let side = u64::from(resting.side == Side::Sell);
            let words = [
                resting.order.account.bits(),
                resting.order.no.0,
                u64::from(resting.price.0) * 2 + side,
                resting.open.0,
                resting.filled.0,
                resting.reduced.0,
                resting.iceberg.map_or(0, |iceberg| iceberg.display.0),
                resting.iceberg.map_or(0, |iceberg| iceberg.hidden.0),
                resting.life.words()[0],
                resting.life.words()[1],
            ];
            words.into_iter().for_each(|word| hash.number(word));
        }
        hash.number(self.stops.0.len() as u64);
        self.stops.0.iter().for_each(|stop| stop.hash(hash));
    }
}

impl<'a> Taker<'a> {
    fn of(order: &'a Incoming) -> Taker<'a> {
        let (left, decision) = (order.quantity.0, nothing());
        let (decremented, stopped, allowed, leaps) = (0, None, None, false);
        Taker { order, decision, left, decremented, stopped, allowed, leaps }
    }

    fn goes_on(&self) -> bool {
        self.left > 0 && self.stopped.is_none() && !self.leaps
    }

    fn meet(&mut self, maker: &mut RestingOrder, reports: &mut impl Reports) {
        let is_own = maker.order.account == self.order.order.account;
        if is_own && self.order.self_match != SelfMatch::None {
            self.meet_own(maker, reports);
        } else {
            self.trade(maker, reports);
        }
    }

    fn meet_own(&mut self, maker: &mut RestingOrder, reports: &mut impl Reports) {
        let mode = self.order.self_match;
        let off_maker = match mode {
            SelfMatch::CancelMaker | SelfMatch::CancelBoth => maker.open.0,
            SelfMatch::Decrement => self.left.min(maker.open.0),
            SelfMatch::CancelTaker | SelfMatch::None => 0,
        };
        if mode == SelfMatch::Decrement {
            self.left -= off_maker;
            self.decremented += off_maker;
        }
        if matches!(mode, SelfMatch::CancelTaker | SelfMatch::CancelBoth) {
            self.stopped = Some(CancelReason::SelfMatch);
        }
        if off_maker > 0 {
            maker.open -= Lots(off_maker);
            take_hidden_first(maker, Lots(off_maker));
            maker.reduced += Lots(off_maker);
            reports.reduced(maker.order, Lots(off_maker), maker.open);
        }
    }

    fn trade(&mut self, maker: &mut RestingOrder, reports: &mut impl Reports) {
        let price = maker.price;
        let mut quantity = Lots(self.left.min(maker.shown().0));
        if let Some(most) = self.order.value_max {
            let can_pay = (most - self.decision.value) / u128::from(price.0);
            quantity = quantity.min(Lots(u64::try_from(can_pay).unwrap_or(u64::MAX)));
            if quantity.is_zero() {
                self.stopped = Some(CancelReason::AmountSpent);
                return;
            }
        }
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&price)) {
            self.leaps = true;
            return;
        }
        maker.open -= quantity;
        maker.filled += quantity;
        self.left -= quantity.0;
        self.decision.filled += quantity;
        self.decision.value += u128::from(price.0) * u128::from(quantity.0);
        let (taker, taker_side) = (self.order.order, self.order.side);
        let maker = maker.order;
        reports.traded(&Execution { taker, maker, taker_side, price, quantity });
    }

    fn decide(&self, open: u64) -> Decision {
        let dropped = self.left - open;
        let by_self_match = (self.decremented > 0).then_some(CancelReason::SelfMatch);
        let by_itself =
            if self.leaps { CancelReason::Interrupted } else { CancelReason::NoLiquidity };
        let by_end = self.stopped.unwrap_or(by_itself);
        Decision {
            resting: Lots(open),
            cancelled: Lots(dropped + self.decremented),
            reason: if dropped > 0 { Some(by_end) } else { by_self_match },
            ..self.decision
        }
    }
}

#[path = "naive_call.rs"]
mod call;

/// Hides all of what is open but the part that is shown.
fn hide(display: Lots, open: Lots) -> Hidden {
    Hidden { display, hidden: Lots(open.0.saturating_sub(display.0)) }
}

/// What an order lost without a trade was hidden, as far as it had something to hide.
fn take_hidden_first(resting: &mut RestingOrder, lost: Lots) {
    if let Some(iceberg) = &mut resting.iceberg {
        iceberg.hidden = Lots(iceberg.hidden.0.saturating_sub(lost.0));
    }
}

fn reaches(side: Side, limit: Ticks, best: Ticks) -> bool {
    match side {
        Side::Buy => limit >= best,
        Side::Sell => limit <= best,
    }
}

fn nothing() -> Decision {
    let none = Lots::ZERO;
    Decision { filled: none, value: 0, resting: none, cancelled: none, reason: None }
}

/// Hears nothing.
struct Deaf;

impl Reports for Deaf {
    fn traded(&mut self, _: &Execution) {}
    fn reduced(&mut self, _: OrderKey, _: Lots, _: Lots) {}
    fn level(&mut self, _: Side, _: Ticks, _: Lots) {}
}
