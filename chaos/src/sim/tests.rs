//! A short run of the simulator.

use super::{Level, run};

#[allow(clippy::disallowed_methods)]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn some(level: Level) {
    let from = number("FROM", 0);
    for seed in from..from + number("COUNT", 8) {
        let began = std::time::Instant::now();
        let outcome = run(seed, level, None);
        eprintln!("{level:?} {seed} {:.1}s in {:.2}s {:016x} ev {} cr {} inst {} el {} ack {} app {}", outcome.simulated as f64 / 1e9, began.elapsed().as_secs_f64(), outcome.hash, outcome.tally.events, outcome.tally.crashes, outcome.tally.installs, outcome.tally.elections, outcome.tally.acknowledged, outcome.tally.applied);
        if let Some(broken) = outcome.broken { eprintln!("   seed {seed}: {broken}"); }
    }
}

#[test]
fn breadth() {
    some(Level::Breadth);
}

#[test]
fn depth() {
    some(Level::Depth);
}
