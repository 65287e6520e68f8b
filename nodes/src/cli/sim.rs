//! `hoga sim`: the whole cluster in virtual time, seed by seed; or planted bugs until each is dead.

use super::failure::{Exit, Failure};
use super::{Global, json, output};
use clap::{Args, ValueEnum};
use hoga_chaos::sim::report::{Killed, Mutants, Seeds};
use hoga_chaos::sim::{Level, Mutant, Outcome, Progress, kill_mutants, run_seeds};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a long run says how far it is.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Run the whole cluster in virtual time, with faults drawn from seeds, and check every invariant
#[derive(Args, Debug)]
#[command(
    after_help = "Seeds divisible by four run on real consensus and the real log, the others \
on a model of both, which is a hundred times faster. A failing seed prints the one line that \
brings it back. Exit code 0 when everything holds, 6 when a check failed."
)]
pub struct Sim {
    /// Seeds from A up to, not including, B
    #[arg(long, value_name = "A..B", value_parser = range, required_unless_present = "mutants")]
    seeds: Option<Range<u64>>,
    /// Plant bugs, one at a time, and see which check finds each
    #[arg(long, conflicts_with = "seeds")]
    mutants: bool,
    /// Only this planted bug
    #[arg(long, value_name = "NAME", requires = "mutants")]
    only: Option<String>,
    /// Run every seed on this level
    #[arg(long, value_enum)]
    level: Option<On>,
    /// Seeds under way at once; every core has one without this
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// The partition core and its shells on a model log
    Breadth,
    /// On openraft and the segment log
    Depth,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let wanted = || format!("`{text}` is not a range of seeds; write A..B, as in 0..100");
    let (from, to) = text.split_once("..").ok_or_else(wanted)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wanted());
    let range = number(from)?..number(to)?;
    if range.is_empty() { Err(format!("there is no seed in {text}")) } else { Ok(range) }
}

impl Sim {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let jobs = self.jobs.map_or(cores, usize::from);
        let said = Said::default();
        match self.seeds.clone() {
            Some(seeds) => {
                let level = self.level.map(|level| match level {
                    On::Breadth => Level::Breadth,
                    On::Depth => Level::Depth,
                });
                show_seeds(&run_seeds(seeds, level, jobs, &said), global)
            }
            None => show_mutants(&kill_mutants(&self.planted()?, jobs, &said), global),
        }
    }

    fn planted(&self) -> Result<Vec<Mutant>, Failure> {
        let Some(name) = &self.only else { return Ok(Mutant::ALL.to_vec()) };
        let found = Mutant::ALL.iter().copied().find(|mutant| mutant.name() == name);
        let names = || Mutant::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
        let unknown = || {
            let message = format!("error: no planted bug is called `{name}`");
            Failure::new(Exit::NotFound, message).hint(format!("there are {}", names()))
        };
        Ok(vec![found.ok_or_else(unknown)?])
    }
}

/// What was said so far, on stderr.
struct Said {
    seeds: AtomicU64,
    last: Mutex<Instant>,
}

impl Default for Said {
    fn default() -> Self {
        Said { seeds: AtomicU64::new(0), last: Mutex::new(Instant::now()) }
    }
}

impl Progress for Said {
    fn ran(&self, outcome: &Outcome) {
        let seeds = self.seeds.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(broken) = &outcome.broken {
            output::tell(format!("seed {}: {broken}", outcome.seed));
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.elapsed() >= SAID_EVERY {
            *last = Instant::now();
            output::tell(format!("{seeds} seeds"));
        }
    }

    fn killed(&self, killed: &Killed) {
        output::tell(line_of(killed));
    }
}

fn line_of(killed: &Killed) -> String {
    let Killed { name, killed_by, seeds, wall_seconds, detail } = killed;
    match killed_by {
        Some(invariant) => {
            let detail: String = detail.chars().take(60).collect();
            format!("{name:<38} {invariant:<8} {seeds:>4} seeds {wall_seconds:>7.1} s  {detail}")
        }
        None => format!("{name:<38} SURVIVED {seeds:>4} seeds {wall_seconds:>7.1} s"),
    }
}

fn show_seeds(seeds: &Seeds, global: &Global) -> Result<(), Failure> {
    if global.json {
        let document = serde_json::to_value(seeds).map_err(broken)?;
        json::document(&document)?;
    } else {
        say_seeds(seeds)?;
    }
    if seeds.ok {
        return Ok(());
    }
    let message = match seeds.failures.first() {
        Some(first) => {
            format!("{} of {} seeds failed", seeds.failures.len(), seeds.seeds)
                + &format!("; again: {}", first.reproduce)
        }
        None => "too little happened for these seeds to prove anything".into(),
    };
    Err(Failure::new(Exit::CheckFailed, message))
}

fn say_seeds(seeds: &Seeds) -> Result<(), Failure> {
    for failed in &seeds.failures {
        output::say(format!(
            "seed {} breaks {}: {}",
            failed.seed, failed.invariant, failed.detail
        ))?;
        output::say(format!("  again: {}", failed.reproduce))?;
        for fault in &failed.faults {
            output::say(format!("  needs: {fault}"))?;
        }
    }
    for low in &seeds.below_floor {
        output::say(format!("{} is {}, below {}", low.counter, low.found, low.floor))?;
    }
    let per_second = seeds.simulated_seconds / seeds.wall_seconds.max(1e-9);
    output::say(format!(
        "{} seeds, {} events, {} crashes, {} partitions, {} acknowledged",
        seeds.seeds, seeds.events, seeds.crashes, seeds.partitions, seeds.acknowledged
    ))?;
    output::say(format!(
        "{:.0} simulated seconds in {:.1} s, {per_second:.0} a second; event hash {}",
        seeds.simulated_seconds, seeds.wall_seconds, seeds.event_hash
    ))
}

fn show_mutants(mutants: &Mutants, global: &Global) -> Result<(), Failure> {
    if global.json {
        json::document(&serde_json::to_value(mutants).map_err(broken)?)?;
    } else {
        mutants.mutants.iter().try_for_each(|killed| output::say(line_of(killed)))?;
    }
    let survived = mutants.mutants.iter().filter(|mutant| mutant.killed_by.is_none()).count();
    if mutants.ok {
        return Ok(());
    }
    let message = format!("{survived} of {} planted bugs survived", mutants.mutants.len());
    Err(Failure::new(Exit::CheckFailed, message))
}

fn broken(error: serde_json::Error) -> Failure {
    Failure::new(Exit::Failure, format!("error: the report cannot be written: {error}"))
}
