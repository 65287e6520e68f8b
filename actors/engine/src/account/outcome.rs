//! What a book decided: statuses, releases, answers to whoever waits.

use super::open_order::OpenOrder;
use super::{Account, Context, announce};
use crate::amount::Lots;
use crate::effect::{Answer, Effects};
use crate::ids::{OrderNo, Origin};
use crate::message::{Outcome, OutcomeOf};
use crate::order::{CancelReason, Status};
use crate::request::Ack;

impl Account {
    pub(super) fn outcome(&mut self, outcome: &Outcome, context: &Context, out: &mut impl Effects) {
        match outcome.of {
            OutcomeOf::Submit => self.submit_decided(outcome, context, out),
            OutcomeOf::Cancel(request) => self.cancel_decided(request, outcome, context, out),
            OutcomeOf::Amend { amend_no, request, .. } => {
                self.amend_decided(amend_no, request, outcome, context, out);
            }
        }
    }

    fn submit_decided(&mut self, outcome: &Outcome, context: &Context, out: &mut impl Effects) {
        let Some(mut open) = self.open.remove(&outcome.order.no) else {
            panic!("ORD-1: an outcome for order {} that is not open", outcome.order.no.0);
        };
        open.is_decided = true;
        open.state.cancelled += outcome.cancelled;
        if open.state.quote_amount.is_some() {
            open.state.ordered = open.state.filled;
        }
        let fills = open.fills.take();
        let waiting = self.memory.decide(open.id, outcome);
        self.stand(&mut open, outcome, context, out);
        self.keep_or_close(open, context.at, out);
        for (origin, ack) in waiting {
            let outcome = outcome.clone();
            let answer = match (ack, &fills) {
                (Ack::Full, Some(fills)) if outcome.reject.is_none() => {
                    Answer::Settled { outcome, fills: fills.clone() }
                }
                _ => Answer::decided(outcome),
            };
            out.answer(origin, answer);
        }
    }

    fn cancel_decided(
        &mut self,
        request: Option<u128>,
        outcome: &Outcome,
        context: &Context,
        out: &mut impl Effects,
    ) {
        if outcome.reject.is_none()
            && let Some(mut open) = self.open.remove(&outcome.order.no)
        {
            open.state.cancelled += outcome.cancelled;
            self.stand(&mut open, outcome, context, out);
            self.keep_or_close(open, context.at, out);
        }
        let Some(request) = request else { return };
        if let Some(sweep) = self.sweeps.get_mut(&request) {
            sweep.waiting -= 1;
            sweep.cancelled += u64::from(outcome.reject.is_none());
            if sweep.waiting == 0 {
                let answer = Answer::CancelledAll { orders: sweep.cancelled };
                self.sweeps.remove(&request);
                self.tell(request, answer, context, out);
            }
        } else {
            self.tell(request, Answer::decided(outcome.clone()), context, out);
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
        // It may be gone already: filled or cancelled before the amend reached the book.
        if let Some(mut open) = self.open.remove(&outcome.order.no) {
            let pending = open.amends.pop_front();
            assert!(
                pending.is_some_and(|pending| pending.no == amend_no),
                "amends are answered in the order in which they were sent"
            );
            if let (Some(pending), None) = (pending, &outcome.reject) {
                open.adopt(pending);
                open.state.cancelled += outcome.cancelled;
                self.stand(&mut open, outcome, context, out);
            } else {
                let instrument = context.listed(open.state.instrument);
                self.rehold(&mut open, instrument);
            }
            self.keep_or_close(open, context.at, out);
        }
        self.tell(request, Answer::decided(outcome.clone()), context, out);
    }

    /// Part of a resting order went by self-match.
    pub(super) fn dropped(
        &mut self,
        no: OrderNo,
        quantity: Lots,
        reason: CancelReason,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let Some(mut open) = self.open.remove(&no) else {
            panic!("FILL-1: order {} lost quantity after it was final", no.0);
        };
        open.state.cancelled += quantity;
        open.state.reason = Some(reason);
        open.state.updated = context.at;
        if open.state.filled + open.state.cancelled == open.state.ordered {
            open.state.status = Status::Cancelled;
        }
        let instrument = context.listed(open.state.instrument);
        self.rehold(&mut open, instrument);
        announce(&open.state, out);
        self.keep_or_close(open, context.at, out);
    }

    /// Takes over the status that the book gave, and holds what is needed from now on.
    fn stand(
        &mut self,
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
        open.state.updated = context.at;
        self.rehold(open, context.listed(open.state.instrument));
        announce(&open.state, out);
        out.touched(self.id);
    }

    /// Stores the answer to a request and gives it to whoever waits.
    pub(super) fn tell(
        &mut self,
        request: u128,
        answer: Answer,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let waiting: Vec<(Origin, Ack)> = self.memory.settle(request, answer.clone(), context.at);
        for (origin, _) in waiting {
            out.answer(origin, answer.clone());
        }
    }
}
