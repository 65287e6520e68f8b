//! Orders that wait for their hours, and how they are let in.

use super::Of;
use super::trading::{Reserved, Trading, life_of};
use hoga_engine::book::Floor;
use hoga_engine::instrument::{Call, Phase};
use hoga_engine::message::Submit;
use hoga_engine::order::{CancelReason, Status};
use hoga_engine::time::Time;

impl Trading {
    /// Whether an order has to wait, and for which call; for none it waits for the open.
    pub fn waits_for(&self, submit: &Submit) -> Option<Option<Call>> {
        let phase = self.rules.phase;
        match submit.time_in_force.call() {
            Some(call) => (phase != Phase::Call(call)).then_some(Some(call)),
            // A stop waits anyway.
            None => (phase == Phase::Closed && submit.stop().is_none()).then_some(None),
        }
    }

    pub fn reserve(&mut self, submit: &Submit, call: Option<Call>, at: Time) {
        let table = self.rules.schedule.as_ref();
        let until = table.and_then(|table| table.reserved_until(at)).into_iter();
        let until = until.chain(life_of(submit).expires()).min();
        let submit = Submit { origin: None, ..submit.clone() };
        let (order, quantity) = (submit.order, submit.quantity);
        self.reserved.push(Reserved { submit, call, until });
        self.tape.waits(order, Of::Submit, Status::Reserved, quantity);
    }

    /// Lets in whose phase has come, one after another.
    pub fn admit(&mut self, at: Time) {
        let phase = self.rules.phase;
        if matches!(phase, Phase::Closed | Phase::Halted) {
            return;
        }
        let is_ready = |order: &Reserved| order.call.is_none_or(|call| phase == Phase::Call(call));
        let ready: Vec<Reserved> =
            self.reserved.iter().filter(|order| is_ready(order)).cloned().collect();
        self.reserved.retain(|order| !is_ready(order));
        for Reserved { submit, .. } in ready {
            if self.may_enter(&submit) {
                self.match_now(&submit, Of::Admit);
            } else {
                self.tape.refuse(submit.order, Of::Admit);
            }
            self.settle(at);
        }
    }

    /// Lets go what has waited too long: what was to go first, and of those the oldest.
    pub fn give_up(&mut self, at: Time) {
        loop {
            let due =
                self.reserved.iter().enumerate().filter_map(|(nth, it)| Some((it.until?, nth)));
            let Some((_, nth)) = due.filter(|(until, _)| *until <= at).min() else { return };
            let Submit { order, quantity, .. } = self.reserved.remove(nth).submit;
            self.tape.dropped(order, quantity, CancelReason::Expired);
        }
    }
}
