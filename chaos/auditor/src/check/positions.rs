//! LOG-4: what was asked after an answer has a higher position than that answer, in the same
//! partition; and no client is shown an older state than it has seen.
//!
//! One walk over the history in order of time. A repeated answer tells the first one's story and
//! is left out, as is a request whose first try is of unknown outcome: that try may have been
//! logged long before.

use super::{Case, Verdict};
use crate::history::{Answer, Attempt, End, Position};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The highest index of each partition that was heard of.
type Seen = BTreeMap<u32, u64>;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut moments: Vec<(u64, bool, usize)> = Vec::new();
    for (at, attempt) in case.history.attempts.iter().enumerate() {
        moments.push((attempt.invoked, false, at));
        if let End::Ok { time, .. } = &attempt.end {
            moments.push((*time, true, at));
        }
    }
    moments.sort_unstable();
    let mut all = Seen::new();
    let mut own: HashMap<&str, Seen> = HashMap::new();
    let mut floors: HashMap<usize, Seen> = HashMap::new();
    let mut asked: HashSet<(&str, &str)> = HashSet::new();
    for (_, is_answer, at) in moments {
        let attempt = &case.history.attempts[at];
        let key = attempt.request.key();
        if !is_answer {
            // The first try of a write, or a read.
            if key.is_none_or(|key| asked.insert(key)) {
                let seen = if key.is_some() { Some(&all) } else { own.get(&*attempt.client) };
                floors.insert(at, seen.cloned().unwrap_or_default());
            }
            continue;
        }
        let Some(answer) = attempt.answer().filter(|answer| !answer.repeated) else { continue };
        if let Some(floor) = floors.remove(&at) {
            look(attempt, answer, &floor, &mut verdict);
        }
        for position in positions(answer) {
            raise(&mut all, position);
            raise(own.entry(&attempt.client).or_default(), position);
        }
    }
    verdict
}

fn look(attempt: &Attempt, answer: &Answer, floor: &Seen, verdict: &mut Verdict) {
    let is_write = attempt.request.key().is_some();
    for Position { partition, index } in positions(answer) {
        let Some(&seen) = floor.get(&partition) else { continue };
        verdict.expect(index > seen || (!is_write && index == seen), || {
            format!("{}: at {index} of partition {partition}, asked after {seen}", attempt.op)
        });
    }
}

fn positions(answer: &Answer) -> impl Iterator<Item = Position> {
    answer.position.into_iter().chain(answer.book_position)
}

fn raise(seen: &mut Seen, position: Position) {
    let highest = seen.entry(position.partition).or_default();
    *highest = position.index.max(*highest);
}
