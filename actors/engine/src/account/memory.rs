//! Which requests an account has seen, and what it answered first.

use crate::amount::{Lots, Ticks};
use crate::effect::Answer;
use crate::hash::AlreadyHashed;
use crate::ids::{OrderKey, OrderNo, Origin};
use crate::message::{Outcome, OutcomeOf};
use crate::order::{CancelReason, Status};
use crate::reject::Reject;
use crate::request::{AccountRequest, Ack, Envelope};
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// Closed ids are forgotten after this much exchange time.
pub const REMEMBERED_NS: u64 = Time::DAY;
/// And at the latest when there are more of them than this.
pub const REMEMBERED_MAX: usize = 65_536;
/// Tries of one request that wait for its answer at once; the oldest is dropped beyond.
const WAITING_MAX: usize = 4;

/// A request that came in before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    body_hash: u64,
    order: Option<OrderNo>,
    first: First,
}

/// The first answer, or who waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum First {
    Pending { first: Option<(Origin, Ack)>, more: Vec<(Origin, Ack)> },
    Decided(FirstOutcome),
    Other(Box<Answer>),
}

/// What is kept of an order's first outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FirstOutcome {
    order: OrderKey,
    status: Status,
    limit: Ticks,
    filled: Lots,
    remaining: Lots,
    cancelled: Lots,
    value: u128,
    reason: Option<CancelReason>,
    reject: Option<Box<Reject>>,
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

type Entries = HashMap<u128, Remembered, BuildHasherDefault<AlreadyHashed>>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    #[serde(serialize_with = "in_key_order", deserialize_with = "from_key_order")]
    entries: Entries,
    /// Closed ids in the order in which they closed.
    closed: VecDeque<(Time, u128)>,
    /// Ids that were sent at or before this may have been forgotten.
    horizon: Option<Time>,
}

impl Memory {
    /// Looks a request up before anything else is checked.
    pub fn recall(&mut self, envelope: &Envelope, request: &AccountRequest) -> Recall {
        let Some(entry) = self.entries.get_mut(&envelope.id.hash()) else {
            return self.recall_unknown(envelope);
        };
        if entry.body_hash != envelope.body_hash {
            let id = envelope.id.as_str().into();
            return Recall::Refused(Reject::ClientOrderIdReused { id });
        }
        let ack = match request {
            AccountRequest::Place { ack, .. } => *ack,
            _ => Ack::Result,
        };
        match (&mut entry.first, entry.order) {
            (First::Pending { .. }, Some(no)) if ack == Ack::Accepted => Recall::Accepted(no),
            (First::Pending { more, .. }, _) => {
                if more.len() >= WAITING_MAX {
                    more.remove(0);
                }
                more.push((envelope.origin, ack));
                Recall::Waits
            }
            (First::Decided(first), _) => Recall::Answer(first.answer()),
            (First::Other(answer), _) => Recall::Answer((**answer).clone()),
        }
    }

    fn recall_unknown(&self, envelope: &Envelope) -> Recall {
        match (envelope.sent_at, self.horizon) {
            (Some(sent), Some(horizon)) if sent <= horizon => {
                Recall::Refused(Reject::ClientOrderIdTooOld { id: envelope.id.as_str().into() })
            }
            _ => Recall::Unknown,
        }
    }

    /// Remembers a request whose answer comes later.
    pub fn open(&mut self, envelope: &Envelope, order: Option<OrderNo>, waits: Option<Ack>) {
        let first = waits.map(|ack| (envelope.origin, ack));
        let first = First::Pending { first, more: Vec::new() };
        let entry = Remembered { body_hash: envelope.body_hash, order, first };
        self.entries.insert(envelope.id.hash(), entry);
    }

    /// Remembers a request with its answer, at once.
    pub fn close(&mut self, envelope: &Envelope, answer: Answer, at: Time) {
        let first = First::Other(Box::new(answer));
        let entry = Remembered { body_hash: envelope.body_hash, order: None, first };
        self.entries.insert(envelope.id.hash(), entry);
        self.closed.push_back((at, envelope.id.hash()));
    }

    /// Stores the first outcome of an order; returns who waits for it.
    pub fn decide(&mut self, id: u128, outcome: &Outcome) -> Vec<(Origin, Ack)> {
        self.answer_with(id, First::Decided(FirstOutcome::of(outcome)))
    }

    /// Stores the answer of any other pending request and closes it.
    pub fn settle(&mut self, id: u128, answer: Answer, at: Time) -> Vec<(Origin, Ack)> {
        let is_pending = |entry: &Remembered| matches!(entry.first, First::Pending { .. });
        // A reset is answered before the faucet has what it gave back: its id is closed once.
        if self.entries.get(&id).is_some_and(is_pending) {
            self.closed.push_back((at, id));
        }
        self.answer_with(id, First::Other(Box::new(answer)))
    }

    /// The first answer stands: a later one is not stored.
    fn answer_with(&mut self, id: u128, answer: First) -> Vec<(Origin, Ack)> {
        let Some(entry) = self.entries.get_mut(&id) else { return Vec::new() };
        let First::Pending { first, more } = &mut entry.first else { return Vec::new() };
        let waiting = first.take().into_iter().chain(std::mem::take(more)).collect();
        entry.first = answer;
        waiting
    }

    /// An order reached its final status: from now on its id may be forgotten.
    pub fn order_closed(&mut self, id: u128, at: Time) {
        self.closed.push_back((at, id));
    }

    pub fn order_no(&self, id: u128) -> Option<OrderNo> {
        self.entries.get(&id).and_then(|entry| entry.order)
    }

    /// Forgets what is too old or too much.
    pub fn expire(&mut self, at: Time) {
        while let Some(&(closed, id)) = self.closed.front() {
            let is_due = closed.0 + REMEMBERED_NS <= at.0 || self.closed.len() > REMEMBERED_MAX;
            if !is_due {
                break;
            }
            self.closed.pop_front();
            self.entries.remove(&id);
            self.horizon = self.horizon.max(Some(closed));
        }
    }
}

impl FirstOutcome {
    fn of(outcome: &Outcome) -> FirstOutcome {
        let Outcome { order, status, limit, filled, remaining, cancelled, .. } = *outcome;
        let (value, reason, reject) = (outcome.value, outcome.reason, outcome.reject.clone());
        FirstOutcome { order, status, limit, filled, remaining, cancelled, value, reason, reject }
    }

    fn answer(&self) -> Answer {
        let Self { order, status, limit, filled, remaining, cancelled, .. } = *self;
        let (value, reason, reject) = (self.value, self.reason, self.reject.clone());
        let of = OutcomeOf::Submit;
        Answer::decided(Outcome {
            order,
            of,
            status,
            limit,
            filled,
            remaining,
            cancelled,
            value,
            reason,
            reject,
        })
    }
}

fn in_key_order<S: Serializer>(entries: &Entries, serializer: S) -> Result<S::Ok, S::Error> {
    entries.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

fn from_key_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
    Ok(BTreeMap::<u128, Remembered>::deserialize(deserializer)?.into_iter().collect())
}
