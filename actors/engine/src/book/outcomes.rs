//! What a book says about its commands.

use super::Amended;
use super::matching::Decision;
use crate::amount::{Lots, Ticks};
use crate::ids::OrderKey;
use crate::message::{Outcome, OutcomeOf, Submit};
use crate::order::{CancelReason, Status};
use crate::reject::Reject;

pub(super) fn not_open(order: OrderKey) -> Reject {
    Reject::OrderNotOpen { order: order.no.0.to_string().into() }
}

/// Nothing traded and nothing is left.
#[inline(always)]
fn bare(order: OrderKey, of: OutcomeOf, status: Status, limit: Ticks) -> Outcome {
    let nothing = Lots::ZERO;
    Outcome {
        order,
        of,
        arrival: 0,
        status,
        limit,
        filled: nothing,
        remaining: nothing,
        cancelled: nothing,
        value: 0,
        reason: None,
        reject: None,
    }
}

pub(super) fn refused(order: OrderKey, of: OutcomeOf, limit: Ticks, reject: Reject) -> Outcome {
    Outcome { reject: Some(Box::new(reject)), ..bare(order, of, Status::Rejected, limit) }
}

pub(super) fn untriggered(order: OrderKey, of: OutcomeOf, limit: Ticks, quantity: Lots) -> Outcome {
    Outcome { remaining: quantity, ..bare(order, of, Status::Untriggered, limit) }
}

/// An order that goes, with so much of it open.
pub(super) fn cancelled(
    order: OrderKey,
    of: OutcomeOf,
    limit: Ticks,
    open: Lots,
    reason: CancelReason,
) -> Outcome {
    let (reason, status) = (Some(reason), reason.final_status());
    Outcome { cancelled: open, reason, ..bare(order, of, status, limit) }
}

/// What was decided, with its status.
#[inline(always)]
pub(super) fn decided(
    order: OrderKey,
    of: OutcomeOf,
    status: Status,
    limit: Ticks,
    decision: &Decision,
) -> Outcome {
    let &Decision { filled, value, resting, cancelled, reason } = decision;
    let rest = bare(order, of, status, limit);
    Outcome { filled, remaining: resting, cancelled, value, reason, ..rest }
}

pub(super) fn submitted(submit: &Submit, decision: &Decision) -> Outcome {
    // A market buy by amount has no quantity of its own: what it did not buy was never ordered.
    let is_by_amount = submit.value_max.is_some();
    let cancelled = if is_by_amount { Lots::ZERO } else { decision.cancelled };
    let spent = is_by_amount && !decision.filled.is_zero();
    let (status, reason) = (status_of(decision, spent), decision.reason.filter(|_| !spent));
    let rest = decided(submit.order, OutcomeOf::Submit, status, submit.limit, decision);
    Outcome { cancelled, reason, ..rest }
}

#[inline(always)]
pub(super) fn status_of(decision: &Decision, spent: bool) -> Status {
    match (decision.resting.is_zero(), decision.filled.is_zero()) {
        (false, true) => Status::Open,
        (false, false) => Status::PartiallyFilled,
        (true, _) if decision.cancelled.is_zero() || spent => Status::Filled,
        (true, _) => Status::Cancelled,
    }
}

pub(super) fn amended_outcome(order: OrderKey, of: OutcomeOf, amended: &Amended) -> Outcome {
    let decision = &amended.decision;
    let status = match (decision.resting.is_zero(), amended.filled.is_zero()) {
        (false, true) => Status::Open,
        (false, false) => Status::PartiallyFilled,
        // What self-match took off it earlier counts too.
        (true, _) if amended.filled == amended.total => Status::Filled,
        (true, _) => Status::Cancelled,
    };
    Outcome { filled: amended.filled, ..decided(order, of, status, amended.limit, decision) }
}

/// An order whose time ran out before it came.
pub(super) fn expired(submit: &Submit) -> Outcome {
    let reason = CancelReason::Expired;
    cancelled(submit.order, OutcomeOf::Submit, submit.limit, submit.quantity, reason)
}

/// An order that waits for its hours.
pub(super) fn reserved(submit: &Submit, of: OutcomeOf) -> Outcome {
    Outcome { remaining: submit.quantity, ..bare(submit.order, of, Status::Reserved, submit.limit) }
}

/// A stop that never waits, because its other leg traded at once.
pub(super) fn parted(stop: &Submit) -> Outcome {
    let reason = CancelReason::OtherLeg;
    cancelled(stop.order, OutcomeOf::Submit, stop.limit, stop.quantity, reason)
}
