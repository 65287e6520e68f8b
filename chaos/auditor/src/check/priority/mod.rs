//! BOOK-1: price, then time. What clients were told is run through a naive book again.
//!
//! **What is known.** The answer to an order, a cancel or an amend says in which record of the
//! book's log it was decided (`book_position`) and which number its outcome had in the channel to
//! its account's partition (`settles`). So commands are ordered by record; within a record, those
//! of one account partition by number; and two of different partitions in one record may have
//! come in either order. Trades are numbered by the book, so they are totally ordered.
//!
//! **What is checked.** The commands are run record by record. Each trade that a taker makes must
//! be the one with the next number, with a maker at the best price, no older order in front of
//! it, for all that both have open; a taker that stops while there is something to take is a
//! fault; a FOK fills whole or could not have; a post-only takes nothing; at the end the book is
//! what is open. Where the order within a record is open, every order is tried.
//!
//! **What is not.** A command whose first answer was lost has no place. Its order is *loose*: its
//! trades are taken as they came, and it stands in nobody's way. The note of the verdict counts
//! them.

mod book;
mod commands;
mod guided;

use super::{Case, Verdict};
use commands::{Placed, Plan};
use guided::Run;
use std::collections::{BTreeMap, BTreeSet};

/// Ways of ordering one record's commands that are tried before it counts as a fault.
const TRIES_MAX: u32 = 100_000;
/// Explanations that are followed further.
const RUNS_MAX: usize = 8;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let (mut placed, mut loose) = (0, 0);
    for instrument in &case.export.instruments {
        let plan = match Plan::of(case, &instrument.name) {
            Ok(plan) => plan,
            Err(why) => {
                verdict.expect(false, || why);
                continue;
            }
        };
        placed += plan.commands.len();
        loose += plan.loose.len();
        verdict.checked += plan.trades.len() as u64;
        if let Err(why) = replay(&plan) {
            verdict.faults.push(format!("{}: {why}", instrument.name));
        }
    }
    verdict.note = format!("{placed} commands in their places, {loose} orders without one");
    verdict
}

fn replay(plan: &Plan) -> Result<(), String> {
    let mut runs = vec![Run::new(plan)];
    let mut rest = &plan.commands[..];
    while let Some(first) = rest.first() {
        let here = rest.iter().take_while(|command| command.index == first.index).count();
        let (record, later) = rest.split_at(here);
        runs = Search::new(plan, record).explain(runs)?;
        rest = later;
    }
    let finished = runs.into_iter().map(|mut run| {
        run.settle_loose();
        run.finish()
    });
    finished.reduce(Result::or).unwrap_or(Ok(()))
}

/// Finds orders of one record's commands that explain what happened. There may be several that
/// differ in whether a trade of a loose taker came before or comes later.
struct Search<'p> {
    plan: &'p Plan<'p>,
    /// By account partition.
    queues: Vec<Vec<Placed<'p>>>,
    /// Runs that are through, by how many trades they explained.
    through: BTreeMap<usize, Run<'p>>,
    /// How many commands of each queue, and how many trades, were got to before.
    seen: BTreeSet<(Vec<usize>, usize)>,
    /// The fault of the try that came furthest, with how far that was.
    deepest: Option<(usize, String)>,
    left: u32,
}

impl<'p> Search<'p> {
    fn new(plan: &'p Plan<'p>, record: &[Placed<'p>]) -> Search<'p> {
        let mut queues: BTreeMap<u32, Vec<Placed<'p>>> = BTreeMap::new();
        for command in record {
            queues.entry(command.source).or_default().push(*command);
        }
        let queues = queues.into_values().collect();
        let (through, seen) = (BTreeMap::new(), BTreeSet::new());
        Search { plan, queues, through, seen, deepest: None, left: TRIES_MAX }
    }

    fn explain(mut self, runs: Vec<Run<'p>>) -> Result<Vec<Run<'p>>, String> {
        for run in runs {
            if self.go(run, vec![0; self.queues.len()]) {
                break;
            }
        }
        if self.through.is_empty() {
            return Err(self.deepest.map_or_else(String::new, |(_, fault)| fault));
        }
        // Whoever explained most is the likeliest.
        Ok(self.through.into_values().rev().take(RUNS_MAX).collect())
    }

    /// Tries what may come next; true when nothing is left to be explained.
    fn go(&mut self, mut run: Run<'p>, done: Vec<usize>) -> bool {
        run.settle_loose();
        if !self.seen.insert((done.clone(), run.explained())) {
            return false;
        }
        let is_open = |queue: &usize| done[*queue] < self.queues[*queue].len();
        let open: Vec<usize> = (0..self.queues.len()).filter(is_open).collect();
        if open.is_empty() {
            let is_all = !run.waits_for_loose();
            self.through.insert(run.explained(), run);
            return is_all;
        }
        for queue in open {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            let mut branch = run.clone();
            match branch.perform(self.plan, &self.queues[queue][done[queue]]) {
                Ok(()) => {
                    let mut next = done.clone();
                    next[queue] += 1;
                    if self.go(branch, next) {
                        return true;
                    }
                }
                Err(fault) => {
                    let depth = done.iter().sum();
                    if self.deepest.as_ref().is_none_or(|(deepest, _)| depth >= *deepest) {
                        self.deepest = Some((depth, fault));
                    }
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
