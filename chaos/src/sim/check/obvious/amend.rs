//! Changes of what rests, waits for a trigger, or waits for its hours.

use super::tape::Tape;
use super::trading::Trading;
use super::{Of, Said};
use hoga_engine::amount::Ticks;
use hoga_engine::book::Amended;
use hoga_engine::ids::OrderKey;
use hoga_engine::instrument::Instrument;
use hoga_engine::message::{Amend, Submit};
use hoga_engine::order::Status;

impl Trading {
    pub fn amend(&mut self, amend: &Amend) {
        let order = amend.order;
        let reserved = self.reserved.iter().position(|it| it.submit.order == order);
        let stop = self.book.stops().iter().find(|stop| stop.order == order).copied();
        let price = reserved.map(|place| self.reserved[place].submit.limit);
        let price = price.or(stop.map(|stop| stop.limit));
        let price = price.or(self.book.find(order).map(|standing| standing.price));
        let new_limit = amend.limit.filter(|limit| Some(*limit) != price);
        if !may_change(&self.rules, new_limit, reserved.is_some()) {
            return self.tape.refuse(order, Of::Amend);
        }
        if let Some(place) = reserved {
            return self.amend_reserved(place, amend);
        }
        if let Some(stop) = stop {
            let quantity = amend.total.unwrap_or(stop.quantity);
            let limit = amend.limit.unwrap_or(stop.limit);
            self.book.stops_mut().amend(order, quantity, limit);
            return self.tape.waits(order, Of::Amend, Status::Untriggered, quantity);
        }
        let crosses = self.book.find(order).zip(new_limit).is_some_and(|(standing, limit)| {
            amend.post_only && self.book.would_cross(standing.side, limit)
        });
        if crosses {
            return self.tape.refuse(order, Of::Amend);
        }
        self.book.guard(&self.rules, self.tape.prints);
        let (total, limit, mode) = (amend.total, amend.limit, amend.self_match);
        match self.book.amend(order, total, limit, mode, &mut self.tape) {
            Ok(amended) => self.tape.amended(order, &amended),
            Err(_) => self.tape.refuse(order, Of::Amend),
        }
    }

    /// Less of it keeps its place among those that wait.
    fn amend_reserved(&mut self, place: usize, amend: &Amend) {
        let mut changed = self.reserved[place].clone();
        let before = changed.submit.clone();
        let quantity = amend.total.unwrap_or(before.quantity);
        let limit = amend.limit.unwrap_or(before.limit);
        changed.submit = Submit { quantity, limit, ..before.clone() };
        if quantity <= before.quantity && limit == before.limit {
            self.reserved[place] = changed;
        } else {
            self.reserved.remove(place);
            self.reserved.push(changed);
        }
        self.tape.waits(amend.order, Of::Amend, Status::Reserved, quantity);
    }
}

/// Whether anything can be changed now, and to a new limit if it gets one.
pub fn may_change(rules: &Instrument, limit: Option<Ticks>, is_reserved: bool) -> bool {
    let fits = |limit| rules.check_tick(limit).is_ok() && rules.check_band(limit).is_ok();
    rules.check_amendable(is_reserved).is_ok() && limit.is_none_or(fits)
}

impl Tape {
    pub fn amended(&mut self, order: OrderKey, amended: &Amended) {
        let &Amended { decision, filled, total, .. } = amended;
        let status = match (decision.resting.is_zero(), filled.is_zero()) {
            (false, true) => Status::Open,
            (false, false) => Status::PartiallyFilled,
            _ if filled == total => Status::Filled,
            _ => Status::Cancelled,
        };
        let (remaining, cancelled) = (decision.resting, decision.cancelled);
        let (of, arrival) = (Of::Amend, self.commands);
        self.say(order, Said::Decided { of, arrival, status, filled, remaining, cancelled });
    }
}
