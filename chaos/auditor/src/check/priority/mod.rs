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
    let mut run = Run::new(plan);
    let mut rest = &plan.commands[..];
    while let Some(first) = rest.first() {
        let here = rest.iter().take_while(|command| command.index == first.index).count();
        let (record, later) = rest.split_at(here);
        run = Search { plan, deepest: None, tried: BTreeSet::new(), left: TRIES_MAX }
            .record(run, record)?;
        rest = later;
    }
    run.settle_loose();
    run.finish()
}

/// Finds an order of one record's commands that explains what happened.
struct Search<'p> {
    plan: &'p Plan<'p>,
    /// The fault of the try that came furthest, with how far that was.
    deepest: Option<(usize, String)>,
    /// How many of each partition were done, where that was tried in vain.
    tried: BTreeSet<Vec<usize>>,
    left: u32,
}

impl<'p> Search<'p> {
    fn record(mut self, run: Run<'p>, record: &[Placed<'p>]) -> Result<Run<'p>, String> {
        let mut queues: BTreeMap<u32, Vec<Placed<'p>>> = BTreeMap::new();
        for command in record {
            queues.entry(command.source).or_default().push(*command);
        }
        let queues: Vec<Vec<Placed<'p>>> = queues.into_values().collect();
        let done = vec![0; queues.len()];
        let found = self.go(run, &queues, done);
        let fault = self.deepest.map_or_else(String::new, |(_, fault)| fault);
        found.ok_or(fault)
    }

    fn go(
        &mut self,
        mut run: Run<'p>,
        queues: &[Vec<Placed<'p>>],
        done: Vec<usize>,
    ) -> Option<Run<'p>> {
        run.settle_loose();
        let open: Vec<usize> = (0..queues.len()).filter(|&q| done[q] < queues[q].len()).collect();
        if open.is_empty() {
            return Some(run);
        }
        for &queue in &open {
            let mut next = done.clone();
            next[queue] += 1;
            if self.left == 0 || self.tried.contains(&next) {
                continue;
            }
            self.left -= 1;
            let mut branch = run.clone();
            match branch.perform(self.plan, &queues[queue][done[queue]]) {
                Ok(()) => {
                    if let Some(found) = self.go(branch, queues, next.clone()) {
                        return Some(found);
                    }
                    self.tried.insert(next);
                }
                Err(fault) => {
                    let depth = done.iter().sum();
                    if self.deepest.as_ref().is_none_or(|(deepest, _)| depth >= *deepest) {
                        self.deepest = Some((depth, fault));
                    }
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
