//! ORD-1 from the client's side: whoever repeats a request gets the first answer, and an id that
//! names one request is refused for another.

use super::Told;
use crate::sim::words::{Broken, hold};
use crate::sim::world::{Asked, At, Op};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::reject::Reject;
use hoga_engine::time::Time;
use std::collections::{BTreeMap, BTreeSet};

type Name = (Box<str>, ClientId);

#[derive(Default)]
pub struct Answers {
    pub checked: u64,
    /// Answers given to a second try of something that was answered before.
    pub repeated: u64,
    /// The body that the log knows first under an id.
    bodies: BTreeMap<Name, (u64, Time)>,
    /// Used again when it may have been forgotten: what is answered then, nobody can say.
    unsure: BTreeSet<Name>,
    first: BTreeMap<Name, Answer>,
}

impl Answers {
    pub fn hear(&mut self, told: &Told) {
        for (account, envelope, _) in &told.requests {
            let name = (account.clone(), envelope.id);
            let first = *self.bodies.entry(name.clone()).or_insert((envelope.body_hash, told.time));
            if told.time.minus(Time::DAY) >= first.1 {
                self.unsure.insert(name);
            }
        }
    }

    pub fn heard(&mut self, op: &Op, at: At, answer: &Answer) -> Result<(), Broken> {
        if !matches!(op.request, Asked::Account(_)) {
            return Ok(());
        }
        let Some(answer) = essence(answer) else { return Ok(()) };
        let name = (op.account.clone(), op.id);
        if self.unsure.contains(&name) {
            return Ok(());
        }
        self.checked += 1;
        let body = self.bodies.get(&name).map(|(body, _)| *body);
        if body != Some(op.body_hash) {
            let is_refused = matches!(answer, Answer::Rejected { .. });
            hold!("ORD-1", is_refused, "{name:?} was used for another request: {answer:?}");
            return Ok(());
        }
        if let Some(first) = self.first.get(&name) {
            self.repeated += 1;
            let index = at.index;
            hold!("ORD-1", *first == answer, "{name:?} got {first:?}, then at {index} {answer:?}");
        }
        self.first.entry(name).or_insert(answer);
        Ok(())
    }
}

/// What has to be the same for every try. A mere acceptance says nothing, nor does a refusal of
/// what no memory reaches back to.
fn essence(answer: &Answer) -> Option<Answer> {
    match answer {
        Answer::Accepted(_) => None,
        Answer::Settled { outcome, .. } | Answer::Decided { outcome, .. } => {
            Some(Answer::Decided { outcome: outcome.clone(), settles: None })
        }
        Answer::Rejected { reject, .. } => match **reject {
            Reject::ClientOrderIdTooOld { .. }
            | Reject::AccountNotFound { .. }
            | Reject::SessionFenced { .. } => None,
            _ => Some(answer.clone()),
        },
        other => Some(other.clone()),
    }
}
