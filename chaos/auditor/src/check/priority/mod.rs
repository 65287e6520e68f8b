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
//! **What comes without a command.** Stops fire by what commands print, which is known. That an
//! order's time is over, that a phase of the day begins, that an operator halts the book, has no
//! number; where it lies between two commands is [searched for](search), within what is known of
//! its time, and there must be a place from which everything follows.
//!
//! **What is not.** An amend that nobody was answered and that others followed has a number that
//! nobody knows. Nothing is judged from the first one on that it may have: the verdict counts the
//! trades behind that as left out, and its note says how many commands had no number.

mod arrivals;
mod book;
mod call;
mod commands;
mod day;
mod entry;
mod life;
mod matching;
mod moments;
mod plan;
mod replay;
mod search;
mod stops;
mod taker;

use super::happened::Happened;
use super::{Case, Verdict};
use day::Phase;
use plan::Plan;
use replay::Run;
use search::{Choice, Found, come, explain};

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
        let (explained, outcome) = replay(&plan, &mut verdict.happened);
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
fn replay(plan: &Plan, happened: &mut Happened) -> (usize, Result<(), String>) {
    let Found { run, fault } = explain(plan);
    happened.stops_fired += run.fired;
    happened.icebergs_refilled += run.refilled;
    happened.calls_priced += run.calls;
    happened.orders_admitted += run.admitted;
    let end =
        fault.map_or(Ok(()), |(why, at)| Err(format!("{why}; {}", scene(plan, at, &run.choices))));
    (run.explained(), end)
}

/// What had happened just before a command, and what it met: a fault is understood without a
/// second look at the run.
fn scene(plan: &Plan, at: usize, choices: &[Choice]) -> String {
    let mut run = Run::new(plan);
    // They went through a moment ago.
    let mut choices = choices.iter().peekable();
    for (place, command) in plan.commands.iter().enumerate().take(at + 1) {
        while let Some((_, kind)) = choices.next_if(|(before, _)| *before == place) {
            let _ = come(plan, &mut run, place, *kind);
        }
        if place < at {
            let _ = run.perform(command);
        }
    }
    let first = (at + 1).saturating_sub(QUOTED);
    let quoted = plan.commands.iter().take(at + 1).skip(first);
    let quoted: Vec<String> = quoted.map(|command| format!("[{command}]")).collect();
    let (phase, met) = (run.day.phase(), run.book.shown(QUOTED_ORDERS));
    let phase = if phase == Phase::Continuous { String::new() } else { format!(" {phase:?}:") };
    format!("commands {} met{phase} {met}", quoted.join(" "))
}

#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;
