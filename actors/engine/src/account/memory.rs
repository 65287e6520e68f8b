//! Which requests an account has seen, and what it answered first.

use super::Ask;
use super::closings::Closings;
use super::reply::Reply;
use super::seen::Seen;
use super::slots::Slots;
use crate::amount::{Lots, Ticks};
use crate::effect::Answer;
use crate::ids::{OrderKey, OrderNo, Origin};
use crate::message::{Outcome, OutcomeOf};
use crate::order::{CancelReason, Status};
use crate::reject::Reject;
use crate::request::{AccountRequest, Ack};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Closed ids are forgotten after this much exchange time.
pub const REMEMBERED_NS: u64 = Time::DAY;
/// And at the latest when there are more of them than this.
pub const REMEMBERED_MAX: usize = 65_536;
/// Tries of one request that wait for its answer at once; the oldest is dropped beyond.
const WAITING_MAX: usize = 64;

/// A request that came in before: a line of a cache.
#[repr(align(64))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Hash of its id: lower and upper half.
    id: [u64; 2],
    body_hash: u64,
    /// The order that it placed; none of anything else.
    order: OrderNo,
    first: First,
}

const _: () = assert!(size_of::<Remembered>() == 64, "an entry is one line of a cache");

/// Repeated tries that wait. Nearly always none, and then no more than a pointer.
type Tries = Option<Box<Vec<(Origin, Ack)>>>;

/// The first answer, or who waits for it. Usual ones are small, in half a line of a cache, so that
/// a day of them fits in memory; what does not fit into these is kept whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum First {
    Pending {
        origin: Origin,
        /// None when the first try does not wait any more.
        ack: Option<Ack>,
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
        filled: u32,
        /// What is open, or was cancelled if the order is final.
        rest: u32,
        value: u64,
    },
    /// A cancel that was done.
    Cancelled {
        arrival: u64,
        order: OrderNo,
        limit: Ticks,
        filled: u32,
        cancelled: u32,
    },
    Decided(Box<Outcome>),
    Other(Reply),
    /// Nothing any more: the id was forgotten and the slot waits for another.
    Forgotten,
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
    #[inline(always)]
    pub fn each(&self, mut tell: impl FnMut(Origin, Ack)) {
        if let Some((origin, ack)) = self.first {
            tell(origin, ack);
        }
        if let Some(more) = &self.more {
            more.iter().for_each(|&(origin, ack)| tell(origin, ack));
        }
    }
}

/// Bounded by [`REMEMBERED_MAX`] closed ids and by what is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) slots: Slots<Remembered>,
    /// By the lower half of the hash.
    pub(super) seen: Seen,
    /// Closed ids in the order in which they closed, by their slots.
    pub(super) closed: Closings,
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
    /// The slot of an id whose hash has this lower half.
    #[inline(always)]
    fn slot(&self, lower: u64) -> Option<u32> {
        self.seen.find(lower, |slot| self.slots.get(slot).id[0] == lower)
    }

    /// The slot of a request that was made under this id.
    #[inline]
    fn find(&self, id: u128) -> Option<u32> {
        let slot = self.slot(id as u64)?;
        (self.slots.get(slot).id == halves(id)).then_some(slot)
    }

    /// Reads early what looking an id up and noting it will read.
    #[inline(always)]
    pub fn glance(&self, id: u128) -> u64 {
        self.seen.glance(id as u64) ^ self.closed.len() as u64 ^ self.slots.len()
    }

    /// Looks a request up before anything else is checked.
    #[inline(always)]
    pub fn recall(&mut self, ask: &Ask, request: &AccountRequest) -> Recall {
        match self.slot(ask.id as u64) {
            Some(slot) => self.recall_known(slot, ask, request),
            None if ask.envelope.sent_at.is_some() => self.recall_unknown(ask),
            None => Recall::Unknown,
        }
    }

    #[cold]
    fn recall_known(&mut self, slot: u32, ask: &Ask, request: &AccountRequest) -> Recall {
        if let Err(reused) = self.check_same(slot, ask) {
            return Recall::Refused(reused);
        }
        let entry = self.slots.get_mut(slot);
        let ack = match request {
            AccountRequest::Place { ack, .. } => *ack,
            _ => Ack::Result,
        };
        let order = entry.order;
        match &mut entry.first {
            First::Pending { .. } if ack == Ack::Accepted && order.0 > 0 => Recall::Accepted(order),
            First::Pending { more, .. } => {
                let more = more.get_or_insert_default();
                more.drain(..more.len().saturating_sub(WAITING_MAX - 1));
                more.push((ask.envelope.origin, ack));
                Recall::Waits
            }
            First::Other(reply) => Recall::Answer(reply.answer()),
            decided => {
                let outcome = decided.outcome(ask, order);
                Recall::Answer(Answer::decided(outcome))
            }
        }
    }

    /// Whether what was remembered is what is asked.
    fn check_same(&self, slot: u32, ask: &Ask) -> Result<(), Reject> {
        let entry = self.slots.get(slot);
        // Two ids that share half a hash are one id here: the second is refused, never mixed up.
        if entry.body_hash == ask.envelope.body_hash && entry.id == halves(ask.id) {
            return Ok(());
        }
        Err(Reject::ClientOrderIdReused { id: ask.envelope.id.as_str().into() })
    }

    /// Whether the same was asked under this id before.
    ///
    /// # Errors
    /// The id stands for something else, or may have been forgotten.
    pub fn foresee(&self, ask: &Ask) -> Result<bool, Reject> {
        if let Some(slot) = self.slot(ask.id as u64) {
            return self.check_same(slot, ask).map(|()| true);
        }
        match self.recall_unknown(ask) {
            Recall::Refused(reject) => Err(reject),
            _ => Ok(false),
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
        self.note(ask, order, || First::Pending { origin, ack: waits, more: None })
    }

    /// Remembers a request with its answer, at once.
    pub fn close(&mut self, ask: &Ask, answer: Answer, at: Time) {
        let slot = self.note(ask, None, || First::Other(Reply::of(answer)));
        self.closed_at(slot, at);
    }

    #[inline(always)]
    fn note(&mut self, ask: &Ask, order: Option<OrderNo>, first: impl FnOnce() -> First) -> u32 {
        let (id, body_hash) = (halves(ask.id), ask.envelope.body_hash);
        let order = order.unwrap_or_default();
        let slot = self.slots.insert_with(|| Remembered { id, body_hash, order, first: first() });
        self.seen.insert(id[0], slot);
        slot
    }

    /// Finds slots that were read again.
    pub(super) fn seen_in(slots: &Slots<Remembered>) -> Seen {
        let mut seen = Seen::default();
        let entries = slots.iter().filter(|(_, entry)| !matches!(entry.first, First::Forgotten));
        entries.for_each(|(slot, entry)| seen.insert(entry.id[0], slot));
        seen
    }

    /// Stores the first outcome of an order, by its slot; returns who waits for it.
    pub fn decide(&mut self, slot: u32, outcome: &Outcome) -> Waiting {
        self.answer_with(slot, || First::of(outcome)).unwrap_or_default()
    }

    /// Stores the answer of any other pending request and closes it.
    pub fn settle(&mut self, id: u128, answer: &Answer, at: Time) -> Waiting {
        self.settle_with(id, || First::Other(Reply::of(answer.clone())), at)
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
        let First::Pending { origin, ack, more } = &mut entry.first else { return None };
        let waiting = Waiting { first: ack.map(|ack| (*origin, ack)), more: more.take() };
        entry.first = answer();
        Some(waiting)
    }

    /// Nothing happens to the request any more: from now on its id may be forgotten.
    #[inline]
    pub fn closed_at(&mut self, slot: u32, at: Time) {
        self.closed.push(at, slot);
        if self.due.is_none() {
            self.due = Some(Time(at.0 + REMEMBERED_NS));
        }
    }

    /// Whether an id is taken.
    pub fn is_used(&self, id: u128) -> bool {
        self.slot(id as u64).is_some()
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
        while let Some((closed, slot)) = self.closed.first() {
            self.due = Some(Time(closed.0 + REMEMBERED_NS));
            let is_due = closed.0 + REMEMBERED_NS <= at.0 || self.closed.len() > REMEMBERED_MAX;
            if !is_due {
                return;
            }
            self.closed.take_first();
            let entry = self.slots.get_mut(slot);
            entry.first = First::Forgotten;
            self.seen.remove(entry.id[0], slot);
            self.slots.vacate(slot);
            self.horizon = self.horizon.max(Some(closed));
        }
        self.due = None;
    }
}

/// A quantity of an ordinary order.
#[inline(always)]
fn small(lots: Lots) -> Option<u32> {
    u32::try_from(lots.0).ok()
}

impl First {
    #[inline]
    fn of(outcome: &Outcome) -> First {
        let Outcome { arrival, limit, remaining, cancelled, .. } = *outcome;
        let is_plain = outcome.reject.is_none() && outcome.value == 0;
        match (outcome.of, outcome.status) {
            (OutcomeOf::Submit, Status::Open) if is_plain && cancelled.is_zero() => {
                First::Rested { arrival, limit, quantity: remaining }
            }
            (OutcomeOf::Cancel(_), Status::Cancelled) if is_plain && outcome.is_requested() => {
                First::cancelled(outcome).unwrap_or_else(|| First::whole(outcome))
            }
            (OutcomeOf::Submit, _) if outcome.reject.is_none() => {
                First::traded(outcome).unwrap_or_else(|| First::whole(outcome))
            }
            _ => First::whole(outcome),
        }
    }

    /// None where a quantity or the value is too large for what is kept of it.
    #[inline(always)]
    fn traded(outcome: &Outcome) -> Option<First> {
        let Outcome { arrival, status, limit, remaining, cancelled, reason, .. } = *outcome;
        let (rest, other) = match status.is_final() {
            true => (cancelled, remaining),
            false => (remaining, cancelled),
        };
        if !other.is_zero() {
            return None;
        }
        let (filled, rest) = (small(outcome.filled)?, small(rest)?);
        let value = u64::try_from(outcome.value).ok()?;
        Some(First::Traded { arrival, status, reason, limit, filled, rest, value })
    }

    /// None where a quantity is too large for what is kept of it.
    #[inline(always)]
    fn cancelled(outcome: &Outcome) -> Option<First> {
        let Outcome { arrival, order, limit, .. } = *outcome;
        let (filled, cancelled) = (small(outcome.filled)?, small(outcome.cancelled)?);
        Some(First::Cancelled { arrival, order: order.no, limit, filled, cancelled })
    }

    #[cold]
    fn whole(outcome: &Outcome) -> First {
        First::Decided(Box::new(outcome.clone()))
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
                let [filled, rest] = [filled, rest].map(|lots| Lots(u64::from(lots)));
                let none = Lots::ZERO;
                let (remaining, cancelled) =
                    if status.is_final() { (none, rest) } else { (rest, none) };
                let decided = plain(order, OutcomeOf::Submit, arrival, status, limit);
                Outcome { filled, remaining, cancelled, value, reason, ..decided }
            }
            &First::Cancelled { arrival, order, limit, filled, cancelled } => {
                let of = OutcomeOf::Cancel(Some(ask.id));
                let reason = Some(CancelReason::Requested);
                let [filled, cancelled] = [filled, cancelled].map(|lots| Lots(u64::from(lots)));
                let decided = plain(order, of, arrival, Status::Cancelled, limit);
                Outcome { filled, cancelled, reason, ..decided }
            }
            First::Pending { .. } | First::Other(_) | First::Forgotten => {
                unreachable!("only what a book decided has an outcome")
            }
        }
    }
}
