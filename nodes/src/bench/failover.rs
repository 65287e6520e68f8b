//! Failover: nodes killed under load, as the plan kill-leader does it, beside what an election of
//! consensus takes by its own times.

use super::figure::{Figure, FigureReport, Headline, Target};
use super::{BenchError, Figures, Machine, machine};
use hoga_chaos::plan;
use hoga_chaos::run::{self, Report, Setting, Strike};
use hoga_cluster::raft::ReplicaSettings;
use std::path::Path;

const PLAN: &str = include_str!("../../../chaos/plans/kill-leader.toml");
/// Between two kills of the plan.
const KILL_EVERY_MS: u64 = 8_000;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub kills: u64,
}

/// Attacks an exchange of its own, of processes of the binary that runs now.
///
/// # Errors
/// See [`BenchError`]; something was lost, doubled or does not hold.
pub fn run(options: &Options) -> Result<FigureReport, BenchError> {
    if options.kills == 0 {
        return Err(BenchError::Options("at least one kill is needed".into()));
    }
    let machine = Machine::look();
    let directory = tempfile::Builder::new().prefix("hoga-failover-").tempdir().map_err(failed)?;
    let report = attack(options.kills, directory.path())?;
    if report.invariants.iter().any(|invariant| !invariant.ok) || !report.ended.is_empty() {
        let kept = directory.keep();
        let what = format!("something does not hold; history and logs are in {}", kept.display());
        return Err(BenchError::Disagreement(what));
    }
    Ok(found(&report, machine))
}

fn attack(kills: u64, directory: &Path) -> Result<Report, BenchError> {
    let mut plan = plan::parse("kill-leader.toml", PLAN).map_err(failed)?;
    plan.attack.length.0 = kills * KILL_EVERY_MS;
    // They are of the whole plan.
    plan.checks.coverage.clear();
    let hoga = std::env::current_exe().map_err(failed)?;
    let setting = Setting::of(hoga, directory.into(), None);
    run::run(&plan, &setting, &mut |_| {})
        .map_err(|error| BenchError::Options(format!("{error:#}")))
}

fn found(report: &Report, machine: Machine) -> FigureReport {
    let kills: Vec<u64> =
        report.faults.iter().filter_map(|strike: &Strike| strike.gap_ms).collect();
    let election = Election::of(&ReplicaSettings::founded_by([]));
    let us = |ms: u64| ms as f64 * 1e3;
    let (p50, max) = (report.gap_ms.p50, report.gap_ms.max);
    let figures = vec![
        Figure::new("gap p50", "ms", p50 as f64).over(election.middle).below(Target::Result(700.0)),
        Figure::new(format!("gap, the longest of {}", kills.len()), "ms", max as f64)
            .over(election.longest)
            .below(Target::Result(1_000.0)),
        Figure::new("lost", "", report.lost as f64).below(Target::Result(0.0)),
        Figure::new("doubled", "", report.doubled as f64).below(Target::Result(0.0)),
        Figure::new("acknowledged", "", report.acknowledged as f64),
        Figure::new("unknown", "", report.unknown as f64),
    ];
    let side = |name, p50_us, p99_us| Figures { name, rate: None, p50_us, p99_us, p999_us: p99_us };
    FigureReport {
        bench: "failover",
        workload: format!(
            "kill -9 of the node that leads the book, {} times on {} nodes, under the load of the \
             plan kill-leader",
            kills.len(),
            report.nodes
        ),
        machine,
        headline: Some(Headline {
            floor: side("an election", election.middle * 1e3, election.longest * 1e3),
            result: side("longest silence", us(p50), us(max)),
            ratio: p50 as f64 / election.middle,
            target: None,
        }),
        figures,
        method: "a gap is the longest time without an answer in any partition after a kill, by \
                 clients of the gateways that live, with attempts of 500 ms; the floor is the \
                 longest election time-out and one drawn between the shortest and the longest; \
                 p99 is the longest"
            .into(),
        commit: machine::commit(),
    }
}

/// How long an election takes at least, in milliseconds.
struct Election {
    middle: f64,
    longest: f64,
}

impl Election {
    /// Followers wait for the longest time-out, and who stands waits for one that it draws.
    fn of(settings: &ReplicaSettings) -> Election {
        let (least, most) = (settings.election_ms_min as f64, settings.election_ms_max as f64);
        Election { middle: most + (least + most) / 2.0, longest: 2.0 * most }
    }
}

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}
