//! Orders that were entered outside their hours and wait for them.

use super::Floor;
use super::listing::Listing;
use super::outcomes::{refused, reserved, submitted};
use super::wire::Wire;
use crate::amount::{Lots, Ticks};
use crate::effect::Effects;
use crate::ids::OrderKey;
use crate::instrument::{Call, Phase};
use crate::message::{Amend, Outcome, OutcomeOf, Submit};
use crate::order::{CancelReason, Life};
use crate::reject::Reject;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a reserved order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WaitsFor {
    /// The first phase of a day.
    Open,
    Call(Call),
}

/// An order that waits, and when it gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReservedOrder {
    pub submit: Submit,
    pub waits_for: WaitsFor,
    pub until: Option<Time>,
}

/// All that wait, in the order of arrival.
#[derive(Default)]
pub(super) struct Reserved {
    entered: u64,
    waiting: BTreeMap<u64, ReservedOrder>,
    numbers: BTreeMap<OrderKey, u64>,
    due: BTreeSet<(Time, u64)>,
}

impl Reserved {
    pub fn enter(&mut self, order: ReservedOrder) {
        self.entered += 1;
        self.numbers.insert(order.submit.order, self.entered);
        if let Some(until) = order.until {
            self.due.insert((until, self.entered));
        }
        self.waiting.insert(self.entered, order);
    }

    pub fn remove(&mut self, order: OrderKey) -> Option<ReservedOrder> {
        let no = *self.numbers.get(&order)?;
        self.take(no)
    }

    fn take(&mut self, no: u64) -> Option<ReservedOrder> {
        let order = self.waiting.remove(&no)?;
        self.numbers.remove(&order.submit.order);
        if let Some(until) = order.until {
            self.due.remove(&(until, no));
        }
        Some(order)
    }

    pub fn find(&self, order: OrderKey) -> Option<&ReservedOrder> {
        self.waiting.get(self.numbers.get(&order)?)
    }

    /// When the next one gives up.
    #[inline(always)]
    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(time, _)| *time)
    }

    pub fn iter(&self) -> impl Iterator<Item = &ReservedOrder> + '_ {
        self.waiting.values()
    }

    /// Takes out those whose turn it is, in the order of arrival.
    fn ready(&mut self, is_ready: impl Fn(WaitsFor) -> bool) -> Vec<ReservedOrder> {
        let ready = self.waiting.iter().filter(|(_, order)| is_ready(order.waits_for));
        let numbers: Vec<u64> = ready.map(|(no, _)| *no).collect();
        numbers.into_iter().filter_map(|no| self.take(no)).collect()
    }
}

impl Listing {
    /// The orders that wait for their hours, in the order of arrival, with quantity and limit.
    pub fn reserved(&self) -> impl Iterator<Item = (OrderKey, Lots, Ticks)> + '_ {
        let waiting = self.reserved.iter();
        waiting.map(|order| (order.submit.order, order.submit.quantity, order.submit.limit))
    }

    /// Whether an order that may be entered now has to wait for its phase.
    #[inline(always)]
    pub(super) fn has_to_wait(&self, submit: &Submit) -> bool {
        let phase = self.instrument.phase;
        let is_usual = phase == Phase::Continuous && !submit.time_in_force.is_for_call();
        !is_usual && waits_for(phase, submit).is_some()
    }

    /// Lets an order wait.
    pub(super) fn reserve(&mut self, submit: &Submit, at: Time) -> Outcome {
        let waits_for = waits_for(self.instrument.phase, submit).unwrap_or(WaitsFor::Open);
        let schedule = self.instrument.schedule.as_ref();
        let until = schedule.and_then(|schedule| schedule.reserved_until(at));
        let expires = Life::of(submit.time_in_force, submit.terms.as_deref()).expires();
        let until = until.into_iter().chain(expires).min();
        let submit = Submit { origin: None, ..submit.clone() };
        let outcome = reserved(&submit, OutcomeOf::Submit);
        self.reserved.enter(ReservedOrder { submit, waits_for, until });
        outcome
    }

    /// Lets those in whose phase has come, in the order of arrival.
    pub(super) fn admit(&mut self, at: Time, out: &mut impl Effects) {
        let phase = self.instrument.phase;
        if matches!(phase, Phase::Closed | Phase::Halted) {
            return;
        }
        let is_ready = |waits_for| match waits_for {
            WaitsFor::Open => true,
            WaitsFor::Call(call) => phase == Phase::Call(call),
        };
        for ReservedOrder { submit, .. } in self.reserved.ready(is_ready) {
            let (of, submit) = (OutcomeOf::Admit, self.within_band(&submit));
            let outcome = match self.check(&submit) {
                Err(reject) => refused(submit.order, of, submit.limit, reject),
                Ok(()) => {
                    self.watch();
                    let decision = self.match_now(&submit, at, out);
                    Outcome { of, ..submitted(&submit, &decision) }
                }
            };
            self.answer(outcome, None, out);
            self.settle(at, out);
        }
    }

    /// Lets those go that have waited too long.
    pub(super) fn give_up(&mut self, at: Time, out: &mut impl Effects) {
        while let Some(&(_, no)) = self.reserved.due.first().filter(|(until, _)| *until <= at) {
            let Some(order) = self.reserved.take(no) else { return };
            let mut wire = Wire::new(&self.instrument, &mut self.tape, at, out);
            let (order, quantity) = (order.submit.order, order.submit.quantity);
            wire.dropped(order, quantity, CancelReason::Expired);
        }
    }

    /// Less of it keeps its place; more, or another price, goes behind all that wait.
    pub(super) fn amend_reserved(
        &mut self,
        amend: &Amend,
        standing: &ReservedOrder,
        checked: Result<(), Reject>,
    ) -> Outcome {
        let (amend_no, request) = (amend.amend_no, amend.request);
        let of = |total: Lots| OutcomeOf::Amend { amend_no, request, total };
        let before = &standing.submit;
        if let Err(reject) = checked {
            return refused(amend.order, of(before.quantity), before.limit, reject);
        }
        let quantity = amend.total.unwrap_or(before.quantity);
        let limit: Ticks = amend.limit.unwrap_or(before.limit);
        let keeps = quantity <= before.quantity && limit == before.limit;
        let submit = Submit { quantity, limit, ..before.clone() };
        let outcome = reserved(&submit, of(quantity));
        let changed = ReservedOrder { submit, ..standing.clone() };
        let no = self.reserved.numbers.get(&amend.order).copied();
        match no.filter(|_| keeps).and_then(|no| self.reserved.waiting.get_mut(&no)) {
            Some(place) => *place = changed,
            None => {
                self.reserved.remove(amend.order);
                self.reserved.enter(changed);
            }
        }
        outcome
    }
}

#[cold]
fn waits_for(phase: Phase, submit: &Submit) -> Option<WaitsFor> {
    if let Some(call) = submit.time_in_force.call() {
        return (phase != Phase::Call(call)).then_some(WaitsFor::Call(call));
    }
    // A stop waits anyway.
    (phase == Phase::Closed && submit.stop().is_none()).then_some(WaitsFor::Open)
}
