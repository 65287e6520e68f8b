//! ORD-1 from the client's side: whoever repeats a request gets the first answer.

use crate::effect::Answer;
use crate::ids::AccountId;
use crate::pit::Pit;
use crate::reject::Reject;
use crate::request::AccountRequest;
use std::collections::BTreeMap;

/// Requests by their number, with what each asked under which id.
#[derive(Default)]
pub(super) struct Asked {
    pub all: Vec<(AccountId, String, AccountRequest)>,
    by_number: BTreeMap<u64, usize>,
    answers_read: usize,
    first: BTreeMap<(AccountId, String), (AccountRequest, Option<Answer>)>,
    pub repeated_alike: u64,
}

impl Asked {
    pub fn note(&mut self, number: u64, account: AccountId, id: &str, request: &AccountRequest) {
        self.by_number.insert(number, self.all.len());
        self.all.push((account, id.to_owned(), request.clone()));
        let name = (account, id.to_owned());
        self.first.entry(name).or_insert_with(|| (request.clone(), None));
    }

    pub fn note_again(&mut self, number: u64, nth: usize) {
        self.by_number.insert(number, nth);
    }

    /// Compares what was answered since the last look with the first answers.
    pub fn compare(&mut self, pit: &Pit) {
        for (origin, answer) in &pit.tap().answers[self.answers_read..] {
            let (account, id, request) = self.all[self.by_number[&origin.request]].clone();
            let Some(answer) = essence(answer) else { continue };
            let name = (account, id.clone());
            let (first_asked, first) = self.first.get_mut(&name).expect("noted when asked");
            if is_same_body(first_asked, &request) {
                let first = first.get_or_insert_with(|| answer.clone());
                assert_eq!(first, &answer, "ORD-1: {id} of {account:?} was answered otherwise");
                self.repeated_alike += 1;
            } else {
                let Answer::Rejected { reject, .. } = &answer else {
                    panic!("ORD-1: {id} of {account:?} was reused and not refused: {answer:?}");
                };
                let is_earlier = matches!(
                    **reject,
                    Reject::ClientOrderIdReused { .. } | Reject::OrderNotFound { .. }
                );
                assert!(is_earlier, "ORD-1: a reused id was refused with {reject}");
            }
        }
        self.answers_read = pit.tap().answers.len();
    }
}

/// What has to be the same for every try; a mere acceptance and what is too old say nothing.
fn essence(answer: &Answer) -> Option<Answer> {
    match answer {
        Answer::Accepted(_) => None,
        Answer::Settled { outcome, .. } => {
            Some(Answer::Decided { outcome: outcome.clone(), settles: None })
        }
        Answer::Rejected { reject, .. }
            if matches!(**reject, Reject::ClientOrderIdTooOld { .. }) =>
        {
            None
        }
        other => Some(other.clone()),
    }
}

fn is_same_body(one: &AccountRequest, other: &AccountRequest) -> bool {
    match (one, other) {
        (AccountRequest::Place { order: one, .. }, AccountRequest::Place { order: other, .. }) => {
            one == other
        }
        (one, other) => one == other,
    }
}
