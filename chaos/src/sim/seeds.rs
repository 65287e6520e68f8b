//! Many seeds, on all cores, and planted bugs until each is dead.

use super::mutants::{Level, Mutant};
use super::report::{Killed, Mutants, Seeds};
use super::run::{Outcome, run, shrink};
use super::tally::Tally;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Every so many seeds one runs twice, and has to come to the same hash.
const TWICE_EVERY: u64 = 16;
/// Every so many seeds one runs on openraft and the segment log, where both levels are asked for.
pub const DEPTH_EVERY: u64 = 4;
/// Seeds that a planted bug may survive.
const BREADTH_BUDGET: u64 = 300;
const DEPTH_BUDGET: u64 = 400;

/// What is said while it runs.
pub trait Progress: Sync {
    fn ran(&self, outcome: &Outcome);
    fn killed(&self, killed: &Killed);
}

/// The level on which a seed runs.
#[must_use]
pub fn level_of(seed: u64, only: Option<Level>) -> Level {
    let by_turns = if seed.is_multiple_of(DEPTH_EVERY) { Level::Depth } else { Level::Breadth };
    only.unwrap_or(by_turns)
}

/// Runs all seeds of a range.
pub fn run_seeds(
    seeds: Range<u64>,
    only: Option<Level>,
    jobs: usize,
    progress: &impl Progress,
) -> Seeds {
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((BTreeMap::new(), Tally::default(), Vec::new(), [0; 2]));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let mut outcome = run(seed, level_of(seed, only), None);
                    if seed.is_multiple_of(TWICE_EVERY) && outcome.broken.is_none() {
                        again(&mut outcome);
                    }
                    progress.ran(&outcome);
                    let mut found = found.lock().unwrap_or_else(|it| it.into_inner());
                    found.0.insert(seed, outcome.hash);
                    found.1.add(&outcome.tally);
                    found.3[usize::from(outcome.level == Level::Depth)] += outcome.simulated;
                    if outcome.broken.is_some() {
                        found.2.push(outcome);
                    }
                }
            });
        }
    });
    let (hashes, tally, mut failed, simulated) =
        found.into_inner().unwrap_or_else(|it| it.into_inner());
    failed.sort_by_key(|outcome| outcome.seed);
    let event_hash = hashes.iter().fold(0, |hash, (seed, one)| {
        xxh3_64_with_seed(&[seed.to_le_bytes(), one.to_le_bytes()].concat(), hash)
    });
    let wall = began.elapsed();
    let count = hashes.len() as u64;
    Seeds::new(count, tally, &failed, simulated, wall, event_hash, only)
}

/// The same seed again: everything has to happen again, in the same order.
fn again(outcome: &mut Outcome) {
    let second = run(outcome.seed, outcome.level, None);
    if second.hash != outcome.hash {
        let (one, other) = (outcome.hash, second.hash);
        let what = format!("the same seed gave event hash {one:016x}, then {other:016x}");
        outcome.broken = Some(super::words::Broken { invariant: "DETERMINISM", what });
    }
}

/// Runs every planted bug against fresh seeds until a check finds it.
pub fn kill_mutants(only: &[Mutant], jobs: usize, progress: &impl Progress) -> Mutants {
    let next = AtomicU64::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed) as usize;
                    let Some(&mutant) = only.get(nth) else { return };
                    let killed = kill(mutant, 0);
                    progress.killed(&killed);
                    found.lock().unwrap_or_else(|it| it.into_inner()).push((nth, killed));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(|it| it.into_inner());
    found.sort_by_key(|(nth, _)| *nth);
    Mutants::new(found.into_iter().map(|(_, killed)| killed).collect())
}

/// Plants a bug in seed after seed, from `first` on, until a check finds it.
pub(super) fn kill(mutant: Mutant, first: u64) -> Killed {
    let began = Instant::now();
    let level = mutant.level();
    let budget = if level == Level::Depth { DEPTH_BUDGET } else { BREADTH_BUDGET };
    for nth in 0..budget {
        let outcome = run(first + nth, level, Some(mutant));
        if let Some(broken) = outcome.broken {
            return Killed {
                name: mutant.name(),
                killed_by: Some(broken.invariant),
                seeds: nth + 1,
                wall_seconds: began.elapsed().as_secs_f64(),
                detail: broken.what,
            };
        }
    }
    Killed {
        name: mutant.name(),
        killed_by: None,
        seeds: budget,
        wall_seconds: began.elapsed().as_secs_f64(),
        detail: "survived its budget".into(),
    }
}

/// A failing seed with everything that one needs to look into it.
#[must_use]
pub fn explain(outcome: &Outcome, only: Option<Level>) -> super::report::Failed {
    let broken = outcome.broken.clone();
    let (invariant, what) = broken.map_or(("", String::new()), |it| (it.invariant, it.what));
    let faults = match invariant {
        "DETERMINISM" => Vec::new(),
        _ => shrink(outcome.seed, outcome.level, None, invariant),
    };
    let seed = outcome.seed;
    let level = match only {
        None => "",
        Some(Level::Breadth) => " --level breadth",
        Some(Level::Depth) => " --level depth",
    };
    let reproduce = format!("hoga sim --seeds {seed}..{}{level}", seed + 1);
    super::report::Failed { seed, invariant, detail: what, reproduce, faults }
}
