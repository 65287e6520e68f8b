//! A book that follows an outside one: users trade with the house, each of what is displayed.

use super::amend::may_change;
use super::tape::Tape;
use super::trading::{is_better, is_past};
use super::{Of, place_of};
use crate::sim::check::BookCommand;
use hoga_engine::amount::{Amount, Lots, Ticks};
use hoga_engine::book::{Floor, Listing, RestingOrder};
use hoga_engine::follow::{Funding, Snapshot};
use hoga_engine::ids::{AccountId, OrderKey};
use hoga_engine::instrument::{Instrument, Manner, Phase};
use hoga_engine::message::{BookMessage, Submit};
use hoga_engine::order::{CancelReason, Life, Side};
use hoga_engine::time::Time;

#[derive(Clone)]
pub struct Outside {
    pub rules: Instrument,
    pub tape: Tape,
    /// The snapshot that stands, and what was taken of each level of its bids and asks.
    pub snapshot: Snapshot,
    pub taken: [Vec<u64>; 2],
    stale_at: Option<Time>,
    pub house: Option<AccountId>,
    /// What it can still pay.
    pub base: Amount,
    pub quote: Amount,
    /// What rests, in the order of arrival.
    pub resting: Vec<RestingOrder>,
}

impl Outside {
    #[must_use]
    pub fn new(rules: &Instrument) -> Outside {
        let (tape, snapshot, taken, stale_at, house, base, quote, resting) = Default::default();
        let rules = rules.clone();
        Outside { rules, tape, snapshot, taken, stale_at, house, base, quote, resting }
    }

    pub fn handle(&mut self, command: &BookCommand, at: Time) {
        self.pass(at);
        match command {
            BookCommand::Message(BookMessage::Fund(funding)) => return self.fund(funding),
            BookCommand::Message(BookMessage::Import(_)) => return,
            BookCommand::Message(message) => {
                self.tape.commands += 1;
                self.message(message, at);
            }
            BookCommand::Rules(rules) => self.update(rules),
            BookCommand::Post(snapshot) => self.post(snapshot, at),
            BookCommand::Break(_) | BookCommand::Tick => return,
        }
        self.cross();
    }

    fn message(&mut self, message: &BookMessage, at: Time) {
        match message {
            BookMessage::Submit(submit) if !self.may_enter(submit) => {
                self.tape.refuse(submit.order, Of::Submit);
            }
            BookMessage::Submit(submit) if is_past(submit, at) => {
                let (quantity, reason) = (submit.quantity, CancelReason::Expired);
                self.tape.gone(submit.order, Of::Submit, Lots::ZERO, quantity, reason);
            }
            BookMessage::Submit(submit) => {
                let decision = self.submit(&submit.into());
                let by_amount = submit.value_max.is_some();
                self.tape.decided(submit.order, Of::Submit, &decision, by_amount);
            }
            BookMessage::Cancel { order, reason, .. } => match place_of(&self.resting, *order) {
                Some(place) => {
                    let gone = self.resting.remove(place);
                    self.tape.gone(*order, Of::Cancel, gone.filled, gone.open, *reason);
                }
                None => self.tape.refuse(*order, Of::Cancel),
            },
            BookMessage::Amend(amend) => {
                let place = place_of(&self.resting, amend.order);
                let price = place.map(|place| self.resting[place].price);
                let limit = amend.limit.filter(|limit| Some(*limit) != price);
                let crosses = place.zip(limit).is_some_and(|(place, limit)| {
                    amend.post_only && self.would_trade(self.resting[place].side, limit)
                });
                let may = may_change(&self.rules, limit, false);
                let place = place.filter(|_| may && !crosses);
                let amended = place.and_then(|place| self.amend(place, amend.total, amend.limit));
                match amended {
                    Some(amended) => self.tape.amended(amend.order, &amended),
                    None => self.tape.refuse(amend.order, Of::Amend),
                }
            }
            // Accounts ask for none here.
            BookMessage::Pair(pair) => {
                self.tape.refuse(pair.limit.order, Of::Submit);
                self.tape.refuse(pair.stop.order, Of::Submit);
            }
            BookMessage::Fund(_) | BookMessage::Import(_) => {}
        }
    }

    /// What ends by itself, the earliest first; of one time what rests before the snapshot.
    fn pass(&mut self, at: Time) {
        loop {
            let expiry = self.resting.iter().filter_map(|order| order.life.expires()).min();
            let due = expiry.into_iter().chain(self.stale_at).min();
            let Some(due) = due.filter(|due| *due <= at) else { return };
            if expiry == Some(due) {
                self.drop_all(CancelReason::Expired, |life| life == Life::Until(due));
            } else {
                self.stale_at = None;
            }
            self.cross();
        }
    }

    /// Of those that go at once the first by its name goes first.
    fn drop_all(&mut self, reason: CancelReason, goes: impl Fn(Life) -> bool) {
        let mut gone: Vec<RestingOrder> =
            self.resting.iter().filter(|order| goes(order.life)).copied().collect();
        gone.sort_by_key(|order| order.order);
        self.resting.retain(|order| !goes(order.life));
        for order in gone {
            self.tape.dropped(order.order, order.open, reason);
        }
    }

    fn update(&mut self, rules: &Instrument) {
        let before = std::mem::replace(&mut self.rules, rules.clone()).phase;
        if rules.phase == Phase::Closed && before != Phase::Closed {
            self.drop_all(CancelReason::MarketClosed, |life| life == Life::Day);
        }
    }

    fn post(&mut self, snapshot: &Snapshot, at: Time) {
        let Some(follow) = &self.rules.follow else { return };
        let is_newer = snapshot.number > self.snapshot.number;
        if snapshot.check(follow, &self.rules).is_err() || !is_newer {
            return;
        }
        self.stale_at = Some(Time(at.0.saturating_add(follow.stale_ns)));
        self.snapshot = snapshot.clone();
        self.taken = [Side::Buy, Side::Sell].map(|side| vec![0; snapshot.side(side).len()]);
    }

    fn fund(&mut self, funding: &Funding) {
        self.house = Some(funding.house);
        self.base += funding.base;
        self.quote += funding.quote;
    }

    /// The best level of a side of which something is left.
    pub fn best(&self, side: Side) -> Option<(usize, Ticks, u64)> {
        self.stale_at?;
        let levels = self.snapshot.side(side).iter().zip(&self.taken[side as usize]);
        let left = levels.map(|(level, taken)| (level.price, level.quantity.0 - taken));
        let mut left = left.enumerate().map(|(place, (price, open))| (place, price, open));
        left.find(|(_, _, open)| *open > 0)
    }

    pub fn would_trade(&self, side: Side, limit: Ticks) -> bool {
        self.best(side.opposite()).is_some_and(|(_, price, _)| !is_better(side, price, limit))
    }

    fn may_enter(&self, submit: &Submit) -> bool {
        let rules = &self.rules;
        let is_fresh = self.stale_at.is_some();
        rules.check_phase(Manner::from(submit)).is_ok()
            && (is_fresh || submit.time_in_force.rests())
            && (submit.is_market || rules.check_tick(submit.limit).is_ok())
            && (submit.value_max.is_some() || rules.check_size(submit.quantity).is_ok())
            && (submit.is_market || rules.check_band(submit.limit).is_ok())
            && !(submit.post_only && self.would_trade(submit.side, submit.limit))
    }

    /// Fills what rests where the outside book has reached it.
    fn cross(&mut self) {
        if self.rules.phase != Phase::Continuous {
            return;
        }
        for side in [Side::Buy, Side::Sell] {
            while let Some(first) = self.first(side).filter(|o| self.would_trade(side, o.price)) {
                self.fill_resting(first);
            }
        }
    }

    /// What rests, as a book lists it: the best price first, of one price the oldest.
    #[must_use]
    pub fn orders(&self) -> Vec<RestingOrder> {
        let mut orders = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            let mut mine: Vec<RestingOrder> =
                self.resting.iter().filter(|order| order.side == side).copied().collect();
            mine.sort_by_key(|order| match side {
                Side::Buy => u32::MAX - order.price.0,
                Side::Sell => order.price.0,
            });
            orders.extend(mine);
        }
        orders
    }

    fn first(&self, side: Side) -> Option<RestingOrder> {
        self.orders().into_iter().find(|order| order.side == side)
    }

    /// How it differs from a listing besides what rests.
    #[must_use]
    pub fn differs(&self, listing: &Listing) -> Option<String> {
        let Some(following) = listing.following() else { return Some("follows nothing".into()) };
        for side in [Side::Buy, Side::Sell] {
            let levels = self.snapshot.side(side).iter().zip(&self.taken[side as usize]);
            let expected: Vec<_> =
                levels.map(|(level, taken)| (level.price, level.quantity, Lots(*taken))).collect();
            let rungs = following.rungs(side).iter();
            let found: Vec<_> =
                rungs.map(|rung| (rung.price, rung.displayed, rung.taken)).collect();
            if found != expected {
                return Some(format!("displays {found:?}, which should be {expected:?}"));
            }
        }
        let purse = following.purse();
        let found = (following.number(), following.stale_at(), purse.base, purse.quote);
        let expected = (self.snapshot.number, self.stale_at, self.base, self.quote);
        let differs = found != expected;
        differs.then(|| format!("follows at {found:?}, which should be {expected:?}"))
    }

    pub fn drop_resting(&mut self, order: OrderKey, reason: CancelReason) {
        if let Some(place) = place_of(&self.resting, order) {
            let gone = self.resting.remove(place);
            self.tape.dropped(order, gone.open, reason);
        }
    }
}
