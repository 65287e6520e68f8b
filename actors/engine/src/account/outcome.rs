//! What a book decided: statuses, releases, answers to whoever waits.

use super::open_order::OpenOrder;
use super::settle::{finish, rehold};
use super::till::Till;
use super::{Account, Context};
use crate::amount::{Lots, Ticks};
use crate::effect::{Answer, Effects};
use crate::ids::OrderNo;
use crate::message::{Outcome, OutcomeOf};
use crate::order::{CancelReason, Status};
use crate::request::Ack;

impl Account {
    pub(super) fn outcome(&mut self, outcome: &Outcome, context: &Context, out: &mut impl Effects) {
        match outcome.of {
            OutcomeOf::Submit => self.submit_decided(outcome, context, out),
            OutcomeOf::Trigger | OutcomeOf::Admit => self.triggered(outcome, context, out),
            OutcomeOf::Cancel(request) => self.cancel_decided(request, outcome, context, out),
            OutcomeOf::Amend { amend_no, request, .. } => {
                self.amend_decided(amend_no, request, outcome, context, out);
            }
        }
    }

    fn submit_decided(&mut self, outcome: &Outcome, context: &Context, out: &mut impl Effects) {
        let no = outcome.order.no;
        let Account { id, open: orders, till, memory, .. } = self;
        let Some(open) = orders.get_mut(no) else {
            panic!("ORD-1: an outcome for order {} that is not open", no.0);
        };
        // What waits may still take by itself.
        open.is_decided = !matches!(outcome.status, Status::Untriggered | Status::Reserved);
        open.state.arrival = outcome.arrival;
        open.state.cancelled += outcome.cancelled;
        if open.state.quote_amount.is_some() {
            open.state.ordered = open.state.filled;
        }
        let fills = open.fills.take();
        let waiting = memory.decide(open.remembered, outcome);
        stand(till, open, outcome, context, out);
        out.touched(*id);
        let other = open.other();
        if finish(open, memory, context.at, out) {
            self.gone(no, other, context);
        }
        waiting.each(|origin, ack| match (ack, &fills) {
            (Ack::Full, Some(fills)) if outcome.reject.is_none() => {
                let (outcome, fills) = (outcome.clone(), (**fills).clone());
                out.answer(origin, Answer::Settled { outcome, fills });
            }
            _ => out.decided(origin, outcome),
        });
    }

    /// A stop has fired, or a reserved order was let in. Nobody waits for that: its submit was
    /// answered long ago.
    fn triggered(&mut self, outcome: &Outcome, context: &Context, out: &mut impl Effects) {
        let no = outcome.order.no;
        let Some(open) = self.open.get_mut(no) else {
            panic!("ORD-1: order {} was matched, and is not open", no.0);
        };
        open.is_decided = true;
        open.state.limit = outcome.limit;
        self.lessen(outcome, context, out);
    }

    /// What is open of an order is less than before, if it is open.
    fn lessen(&mut self, outcome: &Outcome, context: &Context, out: &mut impl Effects) {
        let no = outcome.order.no;
        let Account { id, open: orders, till, memory, .. } = self;
        let Some(open) = orders.get_mut(no) else { return };
        open.state.cancelled += outcome.cancelled;
        stand(till, open, outcome, context, out);
        out.touched(*id);
        let other = open.other();
        if finish(open, memory, context.at, out) {
            self.gone(no, other, context);
        }
    }

    /// A trailing stop's trigger followed the market. What is held for it stays: it was the most.
    pub(super) fn trailed(
        &mut self,
        no: OrderNo,
        trigger: Ticks,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let Account { open: orders, till, .. } = self;
        let Some(open) = orders.get_mut(no) else {
            panic!("ORD-1: a stop trails that is not open, order {}", no.0);
        };
        let state = &mut open.state;
        if let Some(stop) = state.terms.as_mut().and_then(|terms| terms.stop.as_mut()) {
            stop.trigger = trigger;
            state.updated = context.at;
            till.tell(state, out);
        }
    }

    fn cancel_decided(
        &mut self,
        request: Option<u128>,
        outcome: &Outcome,
        context: &Context,
        out: &mut impl Effects,
    ) {
        if outcome.reject.is_none() {
            self.lessen(outcome, context, out);
        }
        let Some(request) = request else { return };
        if let Some(sweep) = self.sweeps.get_mut(request) {
            sweep.waiting -= 1;
            sweep.cancelled += u64::from(outcome.reject.is_none());
            if sweep.waiting == 0 {
                let answer = Answer::CancelledAll { orders: sweep.cancelled };
                self.sweeps.remove(request);
                self.tell(request, &answer, context, out);
            }
        } else {
            self.tell_decided(request, outcome, context, out);
        }
    }

    fn amend_decided(
        &mut self,
        amend_no: u32,
        request: u128,
        outcome: &Outcome,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let no = outcome.order.no;
        let Account { id, open: orders, till, memory, .. } = self;
        // It may be gone already: filled or cancelled before the amend reached the book.
        if let Some(open) = orders.get_mut(no) {
            let pending = open.amends.take_first().filter(|pending| pending.no == amend_no);
            let pending =
                pending.expect("amends are answered in the order in which they were sent");
            if outcome.reject.is_none() {
                open.adopt(pending);
                open.state.cancelled += outcome.cancelled;
                stand(till, open, outcome, context, out);
                out.touched(*id);
            } else {
                rehold(till, open, context.listed(open.state.instrument));
            }
            if finish(open, memory, context.at, out) {
                orders.remove(no);
            }
        }
        self.tell_decided(request, outcome, context, out);
    }

    /// Part of an order, or all of it, went without its owner asking.
    pub(super) fn dropped(
        &mut self,
        no: OrderNo,
        quantity: Lots,
        reason: CancelReason,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let Account { open: orders, till, memory, .. } = self;
        let Some(open) = orders.get_mut(no) else {
            panic!("FILL-1: order {} lost quantity after it was final", no.0);
        };
        open.state.cancelled += quantity;
        open.state.reason = Some(reason);
        open.state.updated = context.at;
        if open.state.filled + open.state.cancelled == open.state.ordered {
            open.state.status = reason.final_status();
        }
        rehold(till, open, context.listed(open.state.instrument));
        till.tell(&mut open.state, out);
        let other = open.other();
        if finish(open, memory, context.at, out) {
            self.gone(no, other, context);
        }
    }

    /// Stores what a book decided about a cancel or an amend and gives it to whoever waits.
    fn tell_decided(
        &mut self,
        request: u128,
        outcome: &Outcome,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let waiting = self.memory.settle_decided(request, outcome, context.at);
        waiting.each(|origin, _| out.decided(origin, outcome));
    }

    /// Stores the answer to a request and gives it to whoever waits.
    pub(super) fn tell(
        &mut self,
        request: u128,
        answer: &Answer,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let waiting = self.memory.settle(request, answer, context.at);
        waiting.each(|origin, _| out.answer(origin, answer.clone()));
    }
}

/// Takes over the status that the book gave, and holds what is needed from now on.
fn stand(
    till: &mut Till,
    open: &mut OpenOrder,
    outcome: &Outcome,
    context: &Context,
    out: &mut impl Effects,
) {
    if outcome.status == Status::Rejected {
        open.state.cancelled = open.state.ordered - open.state.filled;
    }
    open.state.status = outcome.status;
    open.state.reason = outcome.reason.or(open.state.reason);
    open.state.last_arrival = outcome.arrival;
    open.state.updated = context.at;
    let instrument = context.listed(open.state.instrument);
    // What rests as it came needs what it needed when it was sent, less what its fills took.
    let is_untouched = outcome.of == OutcomeOf::Submit && outcome.cancelled.is_zero();
    if is_untouched && !outcome.status.is_final() {
        debug_assert_eq!(open.need(instrument), open.hold, "CASH-3: an order that rests");
    } else {
        rehold(till, open, instrument);
    }
    till.tell(&mut open.state, out);
}
