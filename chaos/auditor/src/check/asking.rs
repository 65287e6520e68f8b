//! Requests by everything that was heard of them: which body an id stood for, and whether it was
//! done.

use crate::history::{Answer, Attempt, End, Request};

/// Refusals that were made before the log and bind nobody: the same request may be taken later.
const NOT_REMEMBERED: [&str; 13] = [
    "MALFORMED",
    "NOT_SERVED",
    "EXCHANGE_BUSY",
    "DISK_FULL",
    "TOO_MANY_SESSIONS",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "ACCOUNT_NAME_RESERVED",
    "ACCOUNT_NOT_FOUND",
    "UNKNOWN_INSTRUMENT",
    "UNKNOWN_ASSET",
    "ENTITY_SUSPENDED",
    "CLIENT_ORDER_ID_TOO_OLD",
];
/// Of a request whose id another one has.
const REUSED: &str = "CLIENT_ORDER_ID_REUSED";

/// Whether a refusal stands for every try of the request, before and after.
pub fn binds(request: &Request, reason: &str) -> bool {
    // An amend is looked up before it is logged: the units of its numbers are its order's.
    let is_lookup = matches!(request, Request::AmendOrder { .. }) && reason == "ORDER_NOT_FOUND";
    // What an amend may not change is told from its order: no try of it was taken.
    let is_amend = matches!(request, Request::AmendOrder { .. }) && reason == "MALFORMED";
    is_amend || (!is_lookup && reason != REUSED && !NOT_REMEMBERED.contains(&reason))
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'e> {
    Done,
    /// Not done by any try, and why, if that was said for good.
    Refused(Option<&'e str>),
    Unknown,
}

/// A request with all its tries.
#[derive(Clone, Debug)]
pub struct Asking<'e> {
    pub request: &'e Request,
    /// When it was asked for first.
    pub since: u64,
    pub fate: Fate<'e>,
    /// Answers that came, oldest first, each with when it came.
    pub answers: Vec<(u64, &'e Answer)>,
}

impl<'e> Asking<'e> {
    /// The requests that tries with one id were for: more than one if the body was changed.
    pub fn of(attempts: &[&'e Attempt]) -> Vec<Asking<'e>> {
        let mut bodies: Vec<(&'e Request, Vec<&'e Attempt>)> = Vec::new();
        for attempt in attempts {
            match bodies.iter_mut().find(|(request, _)| **request == attempt.request) {
                Some((_, tries)) => tries.push(attempt),
                None => bodies.push((&attempt.request, vec![attempt])),
            }
        }
        let mut askings: Vec<Asking> =
            bodies.into_iter().map(|(request, tries)| Asking::body(request, &tries)).collect();
        if askings.iter().any(|asking| asking.fate == Fate::Done) {
            // The id is taken: the others were never done.
            for asking in askings.iter_mut().filter(|asking| asking.fate == Fate::Unknown) {
                asking.fate = Fate::Refused(None);
            }
        }
        askings
    }

    fn body(request: &'e Request, tries: &[&'e Attempt]) -> Asking<'e> {
        let mut answers: Vec<(u64, &Answer)> = Vec::new();
        let mut reason = None;
        for attempt in tries {
            match &attempt.end {
                End::Ok { time, answer } => answers.push((*time, answer)),
                End::Fail { reason: said } if binds(request, said) => reason = Some(said.as_str()),
                End::Fail { .. } | End::Unknown => {}
            }
        }
        answers.sort_by_key(|(time, _)| *time);
        let all_failed = tries.iter().all(|attempt| matches!(attempt.end, End::Fail { .. }));
        let fate = if !answers.is_empty() {
            Fate::Done
        } else if reason.is_some() || all_failed {
            Fate::Refused(reason)
        } else {
            Fate::Unknown
        };
        let since = tries.iter().map(|attempt| attempt.invoked).min().unwrap_or_default();
        Asking { request, since, fate, answers }
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.fate, Fate::Refused(_))
    }

    /// The first answer that the book had decided by, with when it came.
    pub fn decided(&self) -> Option<(u64, &'e Answer)> {
        let is_decided =
            |answer: &Answer| answer.order.as_ref().is_some_and(|order| order.state != "PENDING");
        self.answers.iter().copied().find(|(_, answer)| is_decided(answer))
    }

    /// The number that the book gave to this order.
    pub fn entry_number(&self) -> Option<u64> {
        let said = self.answers.iter().filter_map(|(_, answer)| answer.order.as_ref());
        said.map(|order| order.arrival).find(|number| *number > 0)
    }

    /// The number that the book gave to this amend or cancel.
    pub fn number(&self) -> Option<u64> {
        let said = self.answers.iter().filter_map(|(_, answer)| answer.order.as_ref());
        said.map(|order| order.last_arrival).find(|number| *number > 0)
    }
}
