//! What a run of many seeds says, for programs and for people.

use super::mutants::Level;
use super::run::Outcome;
use super::seeds::explain;
use super::tally::Tally;
use super::words::{Nanos, SECOND};
use serde::Serialize;
use std::time::Duration;

/// Failures that are looked into; more of them would only take time.
const EXPLAINED_MAX: usize = 3;

#[derive(Clone, Debug, Serialize)]
pub struct Failed {
    pub seed: u64,
    pub invariant: &'static str,
    pub detail: String,
    pub reproduce: String,
    /// The fewest faults that still break it.
    pub faults: Vec<String>,
}

/// A counter that says too little happened.
#[derive(Clone, Debug, Serialize)]
pub struct BelowFloor {
    pub counter: &'static str,
    pub found: u64,
    pub floor: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Seeds {
    pub seeds: u64,
    pub events: u64,
    pub crashes: u64,
    pub partitions: u64,
    pub acknowledged: u64,
    pub failures: Vec<Failed>,
    pub simulated_seconds: f64,
    pub simulated_depth_seconds: f64,
    pub wall_seconds: f64,
    pub event_hash: String,
    pub coverage: Tally,
    pub below_floor: Vec<BelowFloor>,
    pub ok: bool,
}

impl Seeds {
    #[must_use]
    pub fn new(
        seeds: u64,
        coverage: Tally,
        failed: &[Outcome],
        simulated: [Nanos; 2],
        wall: Duration,
        event_hash: u64,
        only: Option<Level>,
    ) -> Seeds {
        let explained = failed.iter().take(EXPLAINED_MAX).map(|one| explain(one, only));
        let mut failures: Vec<Failed> = explained.collect();
        failures.extend(failed.iter().skip(EXPLAINED_MAX).map(|one| Failed {
            seed: one.seed,
            invariant: one.broken.as_ref().map_or("", |broken| broken.invariant),
            detail: one.broken.as_ref().map(|broken| broken.what.clone()).unwrap_or_default(),
            reproduce: format!("hoga sim --seeds {}..{}", one.seed, one.seed + 1),
            faults: Vec::new(),
        }));
        let below_floor = if failed.is_empty() { floors(&coverage, seeds) } else { Vec::new() };
        let seconds = |nanos: Nanos| nanos as f64 / SECOND as f64;
        Seeds {
            seeds,
            events: coverage.events,
            crashes: coverage.crashes,
            partitions: coverage.partitions,
            acknowledged: coverage.acknowledged,
            simulated_seconds: seconds(simulated[0] + simulated[1]),
            simulated_depth_seconds: seconds(simulated[1]),
            wall_seconds: wall.as_secs_f64(),
            event_hash: format!("{event_hash:016x}"),
            ok: failures.is_empty() && below_floor.is_empty(),
            failures,
            coverage,
            below_floor,
        }
    }
}

/// A run in which little happens proves nothing. Below twenty seeds nothing is asked.
fn floors(tally: &Tally, seeds: u64) -> Vec<BelowFloor> {
    if seeds < 20 {
        return Vec::new();
    }
    let happened = |name| tally.witness.happened.get(name).copied().unwrap_or(0);
    let outside = happened("fills_outside") + happened("resting_fills_outside");
    let floors = [
        ("fills", tally.fills, seeds),
        ("partial_fills", tally.partial_fills, seeds / 4),
        ("refusals", tally.refusals.values().sum(), seeds),
        ("kinds of refusals", tally.refusals.len() as u64, 6),
        ("repeats", tally.repeats, seeds),
        ("elections", tally.elections, seeds * 4),
        ("unknown", tally.unknown, seeds / 4),
        ("crashes", tally.crashes, seeds),
        ("partitions", tally.partitions, seeds / 8),
        ("snapshots", tally.snapshots, seeds),
        ("installs", tally.installs, seeds / 8),
        ("reads", tally.reads, seeds),
        ("aimed", tally.aimed, seeds / 4),
        ("books compared", tally.witness.books, seeds),
        ("stops_triggered", happened("stops_triggered"), seeds),
        ("other_legs_cancelled", happened("other_legs_cancelled"), seeds / 4),
        ("orders_expired", happened("orders_expired"), seeds / 2),
        ("auctions", happened("auctions"), seeds / 4),
        ("call_legs", happened("call_legs"), seeds / 4),
        ("interruptions", happened("interruptions"), seeds / 8),
        ("reserved_admitted", happened("reserved_admitted"), seeds / 8),
        ("day_orders_cancelled", happened("day_orders_cancelled"), seeds / 8),
        ("halts", happened("halts"), seeds / 8),
        ("snapshots_applied", happened("snapshots_applied"), seeds),
        ("fills outside", outside, seeds),
        ("sessions_opened", happened("sessions_opened"), seeds / 2),
        ("sessions_taken_over", happened("sessions_taken_over"), seeds / 4),
        ("sessions_lapsed", happened("sessions_lapsed"), seeds / 4),
        ("orders_left_behind", happened("orders_left_behind"), seeds / 8),
        ("session_requests", happened("session_requests"), seeds),
        ("session_requests_fenced", happened("session_requests_fenced"), seeds / 8),
    ];
    let is_low = |(counter, found, floor): (&'static str, u64, u64)| {
        (found < floor).then_some(BelowFloor { counter, found, floor })
    };
    floors.into_iter().filter_map(is_low).collect()
}

/// A planted bug, and what found it.
#[derive(Clone, Debug, Serialize)]
pub struct Killed {
    pub name: &'static str,
    pub killed_by: Option<&'static str>,
    pub seeds: u64,
    pub wall_seconds: f64,
    pub detail: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Mutants {
    pub mutants: Vec<Killed>,
    pub ok: bool,
}

impl Mutants {
    #[must_use]
    pub fn new(mutants: Vec<Killed>) -> Mutants {
        let ok = mutants.iter().all(|mutant| mutant.killed_by.is_some());
        Mutants { mutants, ok }
    }
}
