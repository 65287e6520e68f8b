//! A book whose orders meet one another: what comes in, and what time brings about.

use super::Of;
use super::day::Day;
use super::tape::Tape;
use crate::sim::check::BookCommand;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::book::{Incoming, Listing, NaiveBook, WaitingStop};
use hoga_engine::ids::OrderKey;
use hoga_engine::instrument::{Call, Instrument, Manner, Phase};
use hoga_engine::message::{BookMessage, Pair, Submit};
use hoga_engine::order::{CancelReason, Life, Side, Status, TimeInForce};
use hoga_engine::time::Time;

#[derive(Clone)]
pub struct Trading {
    pub rules: Instrument,
    pub book: NaiveBook,
    pub tape: Tape,
    pub day: Day,
    /// In the order of arrival.
    pub reserved: Vec<Reserved>,
}

/// An order that waits for its hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Reserved {
    pub submit: Submit,
    /// The call that it waits for; none for the first phase of a day.
    pub call: Option<Call>,
    pub until: Option<Time>,
}

impl Trading {
    #[must_use]
    pub fn new(rules: &Instrument, at: Time) -> Trading {
        let mut rules = rules.clone();
        let day = Day::new(&rules);
        rules.phase = day.phase();
        let (book, tape, reserved) = Default::default();
        let mut trading = Trading { rules, book, tape, day, reserved };
        if trading.rules.begins_by_time() {
            trading.pass(at);
        }
        trading
    }

    pub fn handle(&mut self, command: &BookCommand, at: Time) {
        self.pass(at);
        match command {
            BookCommand::Message(message) => self.message(message, at),
            BookCommand::Rules(rules) => self.update(rules, at),
            BookCommand::Break(level) => self.stop_for(*level, at),
            // Nothing outside is followed here.
            BookCommand::Tick | BookCommand::Post(_) => {}
        }
    }

    fn message(&mut self, message: &BookMessage, at: Time) {
        if matches!(message, BookMessage::Fund(_) | BookMessage::Import(_)) {
            return;
        }
        self.tape.commands += 1;
        match message {
            BookMessage::Submit(submit) => self.submit(submit, at),
            BookMessage::Pair(pair) => self.pair(pair, at),
            BookMessage::Cancel { order, reason, .. } => self.cancel(*order, *reason),
            BookMessage::Amend(amend) => self.amend(amend),
            BookMessage::Fund(_) | BookMessage::Import(_) => {}
        }
        self.settle(at);
    }

    /// Does what time has brought about, the earliest first; what ends with a phase has ended
    /// before the next begins.
    pub fn pass(&mut self, at: Time) {
        loop {
            let expiry = self.expiry();
            let ends = self.day.pause.map(|pause| pause.until);
            let due = [expiry, ends, self.day.next].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= at) else { return };
            if expiry == Some(due) {
                self.book.expire(due, &mut self.tape);
                self.give_up(due);
                self.settle(due);
            } else if ends == Some(due) {
                self.go_on(due);
            } else {
                // The first time that is heard is none of the table's.
                match due {
                    Time(0) => self.turn(at, true),
                    edge => self.turn(edge, false),
                }
            }
        }
    }

    fn expiry(&self) -> Option<Time> {
        let reserved = self.reserved.iter().filter_map(|order| order.until);
        reserved.chain(self.book.next_expiry()).min()
    }

    /// Stops look at what was printed, and a leap begins a call.
    pub fn settle(&mut self, at: Time) {
        if matches!(self.rules.phase, Phase::Halted | Phase::Closed) {
            return;
        }
        self.book.cascade(&self.rules, &mut self.tape);
        if self.book.stops().iter().next().is_none() {
            self.tape.forget_unseen();
        }
        if self.book.collects() && self.rules.phase == Phase::Continuous {
            self.interrupt(at);
        }
    }

    fn submit(&mut self, submit: &Submit, at: Time) {
        let order = submit.order;
        if !self.may_enter(submit) {
            return self.tape.refuse(order, Of::Submit);
        }
        if is_past(submit, at) {
            return self.expired(submit);
        }
        if let Some(call) = self.waits_for(submit) {
            return self.reserve(submit, call, at);
        }
        match waiting(submit) {
            Some(stop) => {
                self.book.stops_mut().enter(stop);
                self.tape.waits(order, Of::Submit, Status::Untriggered, stop.quantity);
            }
            None => self.match_now(submit, Of::Submit),
        }
    }

    fn expired(&mut self, submit: &Submit) {
        let (reason, none) = (CancelReason::Expired, Lots::ZERO);
        self.tape.gone(submit.order, Of::Submit, none, submit.quantity, reason);
    }

    pub fn match_now(&mut self, submit: &Submit, of: Of) {
        self.book.guard(&self.rules, self.tape.prints);
        let mut incoming: Incoming = submit.into();
        if submit.is_market {
            incoming.limit = self.rules.within_band(submit.side == Side::Buy, submit.limit);
        }
        let decision = self.book.submit(&incoming, &mut self.tape);
        self.tape.decided(submit.order, of, &decision, submit.value_max.is_some());
    }

    fn pair(&mut self, pair: &Pair, at: Time) {
        let legs = [&pair.limit, &pair.stop];
        let is_open = self.rules.check_amendable(false).is_ok();
        if !(is_open && legs.iter().all(|leg| self.may_enter(leg))) {
            return legs.iter().for_each(|leg| self.tape.refuse(leg.order, Of::Submit));
        }
        if is_past(&pair.stop, at) {
            return legs.iter().for_each(|leg| self.expired(leg));
        }
        let Some(mut stop) = waiting(&pair.stop) else { return };
        self.book.guard(&self.rules, self.tape.prints);
        let decision = self.book.submit(&(&pair.limit).into(), &mut self.tape);
        self.tape.decided(pair.limit.order, Of::Submit, &decision, false);
        if decision.filled.is_zero() {
            stop.twin = Some(pair.limit.order).filter(|_| !decision.resting.is_zero());
            self.tape.waits(stop.order, Of::Submit, Status::Untriggered, stop.quantity);
            self.book.stops_mut().enter(stop);
        } else {
            let (none, reason) = (Lots::ZERO, CancelReason::OtherLeg);
            self.tape.gone(stop.order, Of::Submit, none, stop.quantity, reason);
        }
    }

    /// Whether the book takes an order in its phase, on its grid, at such a price.
    pub fn may_enter(&self, submit: &Submit) -> bool {
        let rules = &self.rules;
        let stop = submit.stop();
        let on_grid = |price: Ticks| rules.check_tick(price).is_ok();
        let in_band = |price: Ticks| rules.check_band(price).is_ok();
        let would_fire = |side| {
            let last = self.tape.prints.last;
            stop.zip(last).is_some_and(|(stop, last)| stop.is_reached(side, last))
        };
        rules.check_phase(Manner::from(submit)).is_ok()
            && (submit.is_market || on_grid(submit.limit))
            && stop.is_none_or(|stop| on_grid(stop.trigger) && in_band(stop.trigger))
            && (submit.value_max.is_some() || rules.check_size(submit.quantity).is_ok())
            && (submit.is_market || in_band(submit.limit))
            && !would_fire(submit.side)
            && !(submit.post_only && self.book.would_cross(submit.side, submit.limit))
    }

    fn cancel(&mut self, order: OrderKey, asked: CancelReason) {
        let none = Lots::ZERO;
        if let Some(gone) = self.book.cancel(order, &mut self.tape) {
            return self.tape.gone(order, Of::Cancel, gone.filled, gone.open, asked);
        }
        if let Some(stop) = self.book.stops_mut().remove(order) {
            return self.tape.gone(order, Of::Cancel, none, stop.quantity, asked);
        }
        let place = self.reserved.iter().position(|reserved| reserved.submit.order == order);
        match place {
            Some(place) => {
                let quantity = self.reserved.remove(place).submit.quantity;
                self.tape.gone(order, Of::Cancel, none, quantity, asked);
            }
            None => self.tape.refuse(order, Of::Cancel),
        }
    }

    /// How it differs from a listing besides the orders that rest.
    #[must_use]
    pub fn differs(&self, listing: &Listing) -> Option<String> {
        let found: Vec<&WaitingStop> = listing.book().stops().iter().collect();
        let expected: Vec<&WaitingStop> = self.book.stops().iter().collect();
        if found != expected {
            return Some(format!("has the stops {found:?}, which should be {expected:?}"));
        }
        let reserved: Vec<_> = listing.reserved().collect();
        let waits = |it: &Reserved| (it.submit.order, it.submit.quantity, it.submit.limit);
        let expected: Vec<_> = self.reserved.iter().map(waits).collect();
        if reserved != expected {
            return Some(format!("reserves {reserved:?}, which should be {expected:?}"));
        }
        let (found, expected) = (listing.prints(), self.tape.prints);
        if found != expected {
            return Some(format!("has printed {found:?}, which should be {expected:?}"));
        }
        let (found, expected) = (listing.book().collects(), self.book.collects());
        (found != expected).then(|| format!("collects: {found}, which should be {expected}"))
    }
}

/// The stop that an order becomes, if it is one.
fn waiting(submit: &Submit) -> Option<WaitingStop> {
    let stop = submit.stop()?;
    let &Submit { order, side, limit, is_market, quantity, time_in_force, self_match, .. } = submit;
    Some(WaitingStop {
        order,
        side,
        stop,
        limit,
        is_market,
        quantity,
        time_in_force: if is_market { time_in_force.at_once() } else { time_in_force },
        life: life_of(submit),
        self_match,
        twin: None,
    })
}

pub fn life_of(submit: &Submit) -> Life {
    Life::of(submit.time_in_force, submit.terms.as_deref())
}

/// Whether its time ran out on its way to the book.
pub fn is_past(submit: &Submit, at: Time) -> bool {
    let is_dated = submit.time_in_force == TimeInForce::Gtd;
    is_dated && life_of(submit).expires().is_some_and(|time| time <= at)
}

/// The best of two prices for who trades against them is the first of these.
pub fn is_better(side: Side, price: Ticks, other: Ticks) -> bool {
    match side {
        Side::Buy => price > other,
        Side::Sell => price < other,
    }
}
