//! The checkers: one file for each invariant, each a function of what was seen.
//!
//! Owns: [`all`] and the shape of the report. Takes: a [`Case`]. Emits: for each invariant how
//! much was looked at and how much could not be judged, whether it held, and in which cases it did
//! not. A checker that looked at nothing says so by `checked: 0`; whoever runs the audit decides
//! what that is worth.

mod acknowledged;
mod asking;
mod cancels;
mod conservation;
mod crossed;
mod displayed;
mod drained;
mod happened;
mod holds;
mod ladders;
mod ledgers;
mod legs;
mod lives;
mod negative;
mod once;
mod positions;
mod priority;
mod quantities;
mod replicas;
mod retries;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use crate::export::{Export, Snapshot};
use crate::history::History;
use happened::Happened;
use serde::Serialize;

/// Faults that a report quotes; the others are counted.
const QUOTED_MAX: usize = 8;

/// What is audited.
pub struct Case {
    pub history: History,
    pub export: Export,
    /// Decimals to which quote assets are kept.
    pub scale: u32,
    /// Outside books that feeds posted.
    pub snapshots: Vec<Snapshot>,
}

/// What a checker found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Things looked at.
    pub checked: u64,
    /// What did not hold, a sentence each.
    pub faults: Vec<String>,
    /// Of these, what was acknowledged and is gone, and what was done more than once.
    pub lost: u64,
    pub doubled: u64,
    /// Things that could not be judged.
    pub left_out: u64,
    /// What the figures do not say by themselves.
    pub note: String,
    /// Rarer things that the checker saw.
    pub happened: Happened,
}

/// A checker and the invariant that it is for.
type Checker = (&'static str, fn(&Case) -> Verdict);

const CHECKERS: [Checker; 18] = [
    ("CASH-1", conservation::check),
    ("CASH-2", negative::check),
    ("CASH-3", holds::check),
    ("CASH-4", ledgers::check),
    ("FILL-1", quantities::check),
    ("FILL-2", legs::check),
    ("FILL-3", once::check),
    ("FILL-4", displayed::check),
    ("BOOK-1", priority::check),
    ("BOOK-2", crossed::check),
    ("BOOK-3", ladders::check),
    ("ORD-1", retries::check),
    ("ORD-2", cancels::check),
    ("LOG-1", acknowledged::check),
    ("LOG-2", replicas::check),
    ("LOG-4", positions::check),
    ("LIFE-1", lives::check),
    ("LIVE-1", drained::check),
];

#[derive(Debug, Serialize)]
pub struct Report {
    pub invariants: Vec<Line>,
    /// Acknowledged effects that are gone.
    pub lost: u64,
    /// Effects that happened more than once.
    pub doubled: u64,
    /// How much of the rarer things there was.
    pub happened: Happened,
    pub ok: bool,
}

/// One invariant in a report.
#[derive(Debug, Serialize)]
pub struct Line {
    pub id: &'static str,
    pub checked: u64,
    pub left_out: u64,
    pub ok: bool,
    pub detail: String,
}

impl Case {
    pub fn new(history: History, export: Export, scale: u32) -> Case {
        Case { history, export, scale, snapshots: Vec::new() }
    }

    pub fn with_snapshots(self, snapshots: Vec<Snapshot>) -> Case {
        Case { snapshots, ..self }
    }
}

impl Verdict {
    /// Counts something that was looked at, and keeps what is wrong with it.
    pub fn expect(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.faults.push(fault());
        }
    }

    /// Counts something acknowledged that has to be there once, and is there so many times.
    pub fn expect_once(&mut self, times: usize, fault: impl FnOnce() -> String) {
        self.expect(times == 1, fault);
        self.lost += u64::from(times == 0);
        self.doubled += u64::from(times > 1);
    }

    fn detail(&self) -> String {
        if self.faults.is_empty() {
            return self.note.clone();
        }
        let mut detail = self.faults[..self.faults.len().min(QUOTED_MAX)].join("; ");
        if self.faults.len() > QUOTED_MAX {
            detail.push_str(&format!("; and {} more", self.faults.len() - QUOTED_MAX));
        }
        detail
    }
}

/// Runs every checker.
pub fn all(case: &Case) -> Report {
    let (mut lost, mut doubled, mut happened) = (0, 0, Happened::default());
    happened.count(case);
    let line = |(id, check): Checker| {
        let verdict = check(case);
        let ok = verdict.faults.is_empty();
        lost += verdict.lost;
        doubled += verdict.doubled;
        happened.add(verdict.happened);
        let (checked, left_out, detail) = (verdict.checked, verdict.left_out, verdict.detail());
        Line { id, checked, left_out, ok, detail }
    };
    let invariants: Vec<Line> = CHECKERS.into_iter().map(line).collect();
    let ok = invariants.iter().all(|line| line.ok);
    Report { invariants, lost, doubled, happened, ok }
}
