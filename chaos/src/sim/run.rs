//! One seed, from beginning to end.

use super::faults::{self, Fault};
use super::model::Model;
use super::mutants::{Level, Mutant};
use super::quiet;
use super::raft;
use super::swarm::Swarm;
use super::tally::Tally;
use super::words::{Broken, Nanos};
use super::world::World;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub seed: u64,
    pub level: Level,
    pub broken: Option<Broken>,
    /// Of everything that happened, in order.
    pub hash: u64,
    pub simulated: Nanos,
    pub tally: Tally,
}

/// Runs a seed with the faults that it draws.
#[must_use]
pub fn run(seed: u64, level: Level, mutant: Option<Mutant>) -> Outcome {
    let swarm = Swarm::of(seed, level == Level::Breadth);
    let faults = faults::draw(&swarm);
    run_with(swarm, faults, level, mutant)
}

/// Runs a seed with these faults instead.
#[must_use]
pub fn run_with(swarm: Swarm, faults: Vec<Fault>, level: Level, mutant: Option<Mutant>) -> Outcome {
    let seed = swarm.seed;
    let act = move || match level {
        Level::Breadth => {
            let mut world = World::new(swarm, faults, mutant);
            Model::new(&world).run(&mut world);
            world
        }
        Level::Depth => raft::drive(swarm, faults, mutant),
    };
    match quiet::quietly(|| catch_unwind(AssertUnwindSafe(act))) {
        Ok(world) => Outcome {
            seed,
            level,
            broken: world.broken,
            hash: world.hash,
            simulated: world.now,
            tally: world.tally,
        },
        Err(panic) => {
            let what = quiet::last_panic().unwrap_or_else(|| quiet::text_of(panic.as_ref()));
            let broken = Some(Broken { invariant: "PANIC", what });
            let (simulated, tally) = Default::default();
            Outcome { seed, level, broken, hash: 0, simulated, tally }
        }
    }
}

/// The fewest faults of a failing seed that still break the same invariant, and what they say.
#[must_use]
pub fn shrink(seed: u64, level: Level, mutant: Option<Mutant>, invariant: &str) -> Vec<String> {
    let swarm = Swarm::of(seed, level == Level::Breadth);
    let mut faults = faults::draw(&swarm);
    let breaks = |faults: &[Fault]| {
        let outcome = run_with(swarm.clone(), faults.to_vec(), level, mutant);
        outcome.broken.is_some_and(|broken| broken.invariant == invariant)
    };
    let mut piece = faults.len().div_ceil(2);
    let mut tries = 0;
    while piece > 0 && tries < 60 {
        let mut from = 0;
        while from < faults.len() && tries < 60 {
            let mut fewer = faults.clone();
            fewer.drain(from..(from + piece).min(faults.len()));
            tries += 1;
            if breaks(&fewer) {
                faults = fewer;
            } else {
                from += piece;
            }
        }
        piece /= 2;
    }
    faults.iter().map(ToString::to_string).collect()
}
