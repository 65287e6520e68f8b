//! Which requests an account has seen, and what it answered first.

use super::Ask;
use super::slots::Slots;
use crate::amount::{Lots, Ticks};
use crate::effect::Answer;
use crate::hash::AlreadyHashed;
use crate::ids::{OrderKey, OrderNo, Origin};
use crate::message::{Outcome, OutcomeOf};
use crate::order::{CancelReason, Status};
use crate::reject::Reject;
use crate::request::{AccountRequest, Ack};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// Closed ids are forgotten after this much exchange time.
pub const REMEMBERED_NS: u64 = Time::DAY;
/// And at the latest when there are more of them than this.
pub const REMEMBERED_MAX: usize = 65_536;
/// Tries of one request that wait for its answer at once; the oldest is dropped beyond.
const WAITING_MAX: usize = 4;

/// A request that came in before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Hash of its id: lower and upper half.
    id: [u64; 2],
    body_hash: u64,
    /// The order that it placed; none of anything else.
    order: OrderNo,
    first: First,
}

/// Repeated tries that wait. Nearly always none, and then no more than a pointer.
type Tries = Option<Box<[(Origin, Ack)]>>;

/// The first answer, or who waits for it. Most are small, so that a day of them fits in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum First {
    Pending {
        first: Option<(Origin, Ack)>,
        more: Tries,
    },
    /// An order that rests whole.
    Rested {
        arrival: u64,
        limit: Ticks,
        quantity: Lots,
    },
    /// An order that traded. What did not trade rests, or went if the status is final.
    Traded {
        arrival: u64,
        status: Status,
        reason: Option<CancelReason>,
        limit: Ticks,
        filled: Lots,
        rest: Lots,
        value: u64,
    },
    /// A cancel that was done.
    Cancelled {
        arrival: u64,
        order: OrderNo,
        limit: Ticks,
        filled: Lots,
        cancelled: Lots,
    },
    Decided(Box<Outcome>),
    Other(Box<Answer>),
}

/// What memory says about a request.
pub(super) enum Recall {
    /// Never seen: perform it.
    Unknown,
    /// Being performed; this try waits for the same answer.
    Waits,
    /// Being performed; this try only asks whether the order was taken.
    Accepted(OrderNo),
    Answer(Answer),
    /// The id is taken by another request, or may have been.
    Refused(Reject),
}

/// Who waits for an answer.
#[derive(Default)]
pub(super) struct Waiting {
    first: Option<(Origin, Ack)>,
    more: Tries,
}

impl Waiting {
    pub fn iter(&self) -> impl Iterator<Item = (Origin, Ack)> + '_ {
        let more = self.more.iter().flat_map(|more| more.iter());
        self.first.iter().chain(more).copied()
    }
}

pub(super) type SlotIndex = HashMap<u64, u32, BuildHasherDefault<AlreadyHashed>>;

/// Bounded by [`REMEMBERED_MAX`] closed ids and by what is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) slots: Slots<Remembered>,
    /// By the lower half of the hash; walked only where the order does not matter.
    pub(super) index: SlotIndex,
    /// Closed ids in the order in which they closed, by their slots.
    pub(super) closed: VecDeque<(Time, u32)>,
    /// When the first of those is due: looked at without looking at them.
    pub(super) due: Option<Time>,
    /// Ids that were sent at or before this may have been forgotten.
    pub(super) horizon: Option<Time>,
}

#[inline(always)]
fn halves(id: u128) -> [u64; 2] {
    [id as u64, (id >> 64) as u64]
}

impl Memory {
    /// The slot of a request that was made under this id.
    #[inline]
    fn find(&self, id: u128) -> Option<u32> {
        let &slot = self.index.get(&(id as u64))?;
        (self.slots.get(slot).id == halves(id)).then_some(slot)
    }

    /// Looks a request up before anything else is checked.
    pub fn recall(&mut self, ask: &Ask, request: &AccountRequest) -> Recall {
        let Some(&slot) = self.index.get(&(ask.id as u64)) else {
            return self.recall_unknown(ask);
        };
        let entry = self.slots.get_mut(slot);
        // Two ids that share half a hash are one id here: the second is refused, never mixed up.
        if entry.body_hash != ask.envelope.body_hash || entry.id != halves(ask.id) {
            let id = ask.envelope.id.as_str().into();
            return Recall::Refused(Reject::ClientOrderIdReused { id });
        }
        let ack = match request {
            AccountRequest::Place { ack, .. } => *ack,
            _ => Ack::Result,
        };
        let order = entry.order;
        match &mut entry.first {
            First::Pending { .. } if ack == Ack::Accepted && order.0 > 0 => Recall::Accepted(order),
            First::Pending { more, .. } => {
                let tries = more.take().map_or_else(Vec::new, Vec::from);
                let dropped = tries.len().saturating_sub(WAITING_MAX - 1);
                let last = (ask.envelope.origin, ack);
                *more = Some(tries.into_iter().skip(dropped).chain([last]).collect());
                Recall::Waits
            }
            First::Other(answer) => Recall::Answer((**answer).clone()),
            decided => {
                let outcome = decided.outcome(ask, order);
                Recall::Answer(Answer::decided(outcome))
            }
        }
    }

    fn recall_unknown(&self, ask: &Ask) -> Recall {
        match (ask.envelope.sent_at, self.horizon) {
            (Some(sent), Some(horizon)) if sent <= horizon => {
                let id = ask.envelope.id.as_str().into();
                Recall::Refused(Reject::ClientOrderIdTooOld { id })
            }
            _ => Recall::Unknown,
        }
    }

    /// Remembers a request whose answer comes later. Returns its slot, which stays until its id
    /// is closed and forgotten.
    pub fn open(&mut self, ask: &Ask, order: Option<OrderNo>, waits: Option<Ack>) -> u32 {
        let origin = ask.envelope.origin;
        let first = || First::Pending { first: waits.map(|ack| (origin, ack)), more: None };
        self.note(ask, order, first)
    }

    /// Remembers a request with its answer, at once.
    pub fn close(&mut self, ask: &Ask, answer: Answer, at: Time) {
        let slot = self.note(ask, None, || First::Other(Box::new(answer)));
        self.closed_at(slot, at);
    }

    #[inline(always)]
    fn note(&mut self, ask: &Ask, order: Option<OrderNo>, first: impl FnOnce() -> First) -> u32 {
        let (id, body_hash) = (halves(ask.id), ask.envelope.body_hash);
        let order = order.unwrap_or_default();
        let slot = self.slots.insert_with(|| Remembered { id, body_hash, order, first: first() });
        self.index.insert(id[0], slot);
        slot
    }

    /// Finds slots that were read again.
    pub(super) fn index_of(slots: &Slots<Remembered>) -> SlotIndex {
        let taken = slots.taken().into_iter();
        taken.map(|slot| (slots.get(slot).id[0], slot)).collect()
    }

    /// Stores the first outcome of an order, by its slot; returns who waits for it.
    pub fn decide(&mut self, slot: u32, outcome: &Outcome) -> Waiting {
        self.answer_with(slot, || First::of(outcome)).unwrap_or_default()
    }

    /// Stores the answer of any other pending request and closes it.
    pub fn settle(&mut self, id: u128, answer: &Answer, at: Time) -> Waiting {
        self.settle_with(id, || First::Other(Box::new(answer.clone())), at)
    }

    /// Stores what a book decided about a cancel or an amend and closes the request.
    pub fn settle_decided(&mut self, id: u128, outcome: &Outcome, at: Time) -> Waiting {
        self.settle_with(id, || First::of(outcome), at)
    }

    fn settle_with(&mut self, id: u128, first: impl FnOnce() -> First, at: Time) -> Waiting {
        let Some(slot) = self.find(id) else { return Waiting::default() };
        // A reset is answered before the faucet has what it gave back: its id is closed once.
        let waiting = self.answer_with(slot, first);
        if waiting.is_some() {
            self.closed_at(slot, at);
        }
        waiting.unwrap_or_default()
    }

    /// The first answer stands: a later one is not stored.
    fn answer_with(&mut self, slot: u32, answer: impl FnOnce() -> First) -> Option<Waiting> {
        let entry = self.slots.get_mut(slot);
        let First::Pending { first, more } = &mut entry.first else { return None };
        let waiting = Waiting { first: first.take(), more: more.take() };
        entry.first = answer();
        Some(waiting)
    }

    /// Nothing happens to the request any more: from now on its id may be forgotten.
    #[inline]
    pub fn closed_at(&mut self, slot: u32, at: Time) {
        self.closed.push_back((at, slot));
        self.due = self.due.or(Some(Time(at.0 + REMEMBERED_NS)));
    }

    pub fn order_no(&self, id: u128) -> Option<OrderNo> {
        let order = self.slots.get(self.find(id)?).order;
        (order.0 > 0).then_some(order)
    }

    /// Forgets what is too old or too much.
    #[inline]
    pub fn expire(&mut self, at: Time) {
        if self.due.is_some_and(|due| due <= at) || self.closed.len() > REMEMBERED_MAX {
            self.forget(at);
        }
    }

    #[cold]
    fn forget(&mut self, at: Time) {
        while let Some(&(closed, slot)) = self.closed.front() {
            self.due = Some(Time(closed.0 + REMEMBERED_NS));
            let is_due = closed.0 + REMEMBERED_NS <= at.0 || self.closed.len() > REMEMBERED_MAX;
            if !is_due {
                return;
            }
            self.closed.pop_front();
            self.index.remove(&self.slots.get(slot).id[0]);
            self.slots.vacate(slot);
            self.horizon = self.horizon.max(Some(closed));
        }
        self.due = None;
    }
}

impl First {
    fn of(outcome: &Outcome) -> First {
        let Outcome { arrival, limit, filled, remaining, cancelled, .. } = *outcome;
        let is_plain = outcome.reject.is_none() && outcome.value == 0;
        match (outcome.of, outcome.status) {
            (OutcomeOf::Submit, Status::Open) if is_plain && cancelled.is_zero() => {
                First::Rested { arrival, limit, quantity: remaining }
            }
            (OutcomeOf::Cancel(_), Status::Cancelled) if is_plain => {
                First::Cancelled { arrival, order: outcome.order.no, limit, filled, cancelled }
            }
            (OutcomeOf::Submit, status) if outcome.reject.is_none() => {
                let (rest, other) = match status.is_final() {
                    true => (cancelled, remaining),
                    false => (remaining, cancelled),
                };
                match u64::try_from(outcome.value) {
                    Ok(value) if other.is_zero() => {
                        let reason = outcome.reason;
                        First::Traded { arrival, status, reason, limit, filled, rest, value }
                    }
                    _ => First::Decided(Box::new(outcome.clone())),
                }
            }
            _ => First::Decided(Box::new(outcome.clone())),
        }
    }

    /// The outcome as it was, of a request that was decided.
    fn outcome(&self, ask: &Ask, order: OrderNo) -> Outcome {
        let key = |no| OrderKey { account: ask.account, no };
        let plain = |no, of, arrival, status, limit| Outcome {
            order: key(no),
            of,
            arrival,
            status,
            limit,
            filled: Lots::ZERO,
            remaining: Lots::ZERO,
            cancelled: Lots::ZERO,
            value: 0,
            reason: None,
            reject: None,
        };
        match self {
            First::Decided(outcome) => (**outcome).clone(),
            &First::Rested { arrival, limit, quantity } => Outcome {
                remaining: quantity,
                ..plain(order, OutcomeOf::Submit, arrival, Status::Open, limit)
            },
            &First::Traded { arrival, status, reason, limit, filled, rest, value } => {
                let value = u128::from(value);
                let none = Lots::ZERO;
                let (remaining, cancelled) =
                    if status.is_final() { (none, rest) } else { (rest, none) };
                let decided = plain(order, OutcomeOf::Submit, arrival, status, limit);
                Outcome { filled, remaining, cancelled, value, reason, ..decided }
            }
            &First::Cancelled { arrival, order, limit, filled, cancelled } => {
                let of = OutcomeOf::Cancel(Some(ask.id));
                let reason = Some(CancelReason::Requested);
                let decided = plain(order, of, arrival, Status::Cancelled, limit);
                Outcome { filled, cancelled, reason, ..decided }
            }
            First::Pending { .. } | First::Other(_) => {
                unreachable!("only what a book decided has an outcome")
            }
        }
    }
}
