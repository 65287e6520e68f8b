//! BOOK-1: price, then time. What clients asked for is done once more in a naive book, command by
//! command, in the order in which the book says that it handled them.
//!
//! **What is known.** A book numbers its commands. An order shows the number of its entry and of
//! the last command that was done to it, whether or not anybody heard the answers: so entries and
//! cancels have their places, those of a cancel-all too. The answer to an amend, also when it is
//! given again, says the amend's; an amend without an answer is the order's last command if
//! nothing else is.
//!
//! **What is checked.** The numbers are an order in which it can have happened ([`arrivals`]).
//! Then there is no choice: each command is done in its turn, and the trades that it makes must be
//! the book's next ones, with these makers, prices and quantities. What answers said of an order
//! is what the naive book has of it at that moment; at the end the book is what is open.
//!
//! **What is not.** An amend that nobody was answered and that others followed has a number that
//! nobody knows. Nothing is judged from the first one on that it may have: the verdict counts the
//! trades behind that as left out, and its note says how many commands had no number.

mod arrivals;
mod book;
mod commands;
mod entry;
mod plan;
mod replay;
mod taker;

use super::{Case, Verdict};
use plan::Plan;
use replay::Run;

/// Commands that a fault quotes, the last of them the one that was done otherwise.
const QUOTED: usize = 4;
/// Orders of each side that a fault quotes.
const QUOTED_ORDERS: usize = 3;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let (mut placed, mut unplaced) = (0, 0);
    // Where an outside book is followed, orders meet that, and not each other.
    for instrument in case.export.instruments.iter().filter(|listed| !listed.follows) {
        let plan = match Plan::of(case, instrument) {
            Ok(plan) => plan,
            Err(why) => {
                verdict.expect(false, || why);
                continue;
            }
        };
        placed += plan.commands.len();
        unplaced += plan.unplaced;
        let faults = plan.faults.iter().cloned().chain(arrivals::check(case, &plan));
        verdict.faults.extend(faults.map(|why| format!("{}: {why}", instrument.name)));
        let (explained, outcome) = replay(&plan);
        verdict.checked += explained as u64;
        match outcome {
            Ok(()) => verdict.left_out += (plan.trades.len() - explained) as u64,
            Err(why) => verdict.faults.push(format!("{}: {why}", instrument.name)),
        }
    }
    verdict.note = format!("{placed} commands in their places, {unplaced} without one");
    if verdict.left_out > 0 {
        verdict.note.push_str(&format!(", {} trades not judged for that", verdict.left_out));
    }
    verdict
}

/// How many trades were explained, and the first that was not as it had to be.
fn replay(plan: &Plan) -> (usize, Result<(), String>) {
    let mut run = Run::new(plan);
    for (at, command) in plan.commands.iter().enumerate() {
        if plan.cut.is_some_and(|cut| cut <= command.number) {
            return (run.explained(), Ok(()));
        }
        if let Err(why) = run.perform(command) {
            return (run.explained(), Err(format!("{why}; {}", scene(plan, at))));
        }
    }
    let end = if plan.cut.is_some() { Ok(()) } else { run.finish() };
    (run.explained(), end)
}

/// What had happened just before a command, and what it met: a fault is understood without a
/// second look at the run.
fn scene(plan: &Plan, at: usize) -> String {
    let mut run = Run::new(plan);
    // They went through a moment ago.
    let _ = plan.commands[..at].iter().try_for_each(|command| run.perform(command));
    let first = (at + 1).saturating_sub(QUOTED);
    let quoted = plan.commands[first..=at].iter().map(|command| format!("[{command}]"));
    let quoted: Vec<String> = quoted.collect();
    format!("commands {} met {}", quoted.join(" "), run.book.shown(QUOTED_ORDERS))
}

#[cfg(test)]
mod tests;
