//! Restart: how fast a node serves again, with the whole log to replay and after a snapshot.
//!
//! A command is whatever an entity handles: a client's request, or a message from another
//! partition, which stands in the receiver's log too. Replay does everything again that apply
//! did, through the same actors; rows that the history has are not written again. The floor reads
//! the same log back, once, with every checksum.

mod load;
mod log;
mod restart;

use super::{BenchError, BenchReport, Figures, Machine, machine, median};
use hoga_cluster::runtime::ExchangeOptions;
use load::Load;
use log::Contents;
use restart::{Restarted, restart, start};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Commands of history, at least.
    pub commands: u64,
    pub accounts: usize,
    /// Starts of each kind.
    pub rounds: usize,
    /// Kept afterwards, and used again when it holds a history; none for a temporary one.
    pub data: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options { commands: 1_000_000, accounts: 1_000, rounds: 3, data: None }
    }
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayReport {
    /// Rates are commands a second; the quantiles are those of whole starts.
    #[serde(flatten)]
    pub report: BenchReport,
    /// Client requests in the history.
    pub requests: u64,
    pub commands: u64,
    pub log_bytes: u64,
    /// From the start of the process's work until it serves, without a snapshot: the median.
    pub start_seconds: f64,
    /// Time of all cores that such a start takes, however busy they are with other things.
    pub start_cpu_seconds: f64,
    /// Of that, what the threads of the history take; none where the system does not tell.
    pub history_cpu_seconds: Option<f64>,
    /// The same log applied in one thread, without actors, consensus and history.
    pub alone_seconds: f64,
    /// The same with a snapshot as of the end of the history, the whole log still there.
    pub start_after_snapshot_seconds: f64,
    /// How long the snapshot took.
    pub snapshot_seconds: f64,
    pub targets: Targets,
}

/// What should be reached.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Targets {
    pub commands_per_second: f64,
    pub start_after_snapshot_seconds: f64,
}

/// Says that a directory is a whole history made by a benchmark.
const MADE: &str = "made-by-hoga-bench";

const TARGETS: Targets =
    Targets { commands_per_second: 1_000_000.0, start_after_snapshot_seconds: 5.0 };

/// Builds a history and restarts on it.
///
/// # Errors
/// The options give nothing to measure, or the exchange does not start, take or stop.
pub fn run(options: &Options) -> Result<ReplayReport, BenchError> {
    if options.commands == 0 || options.accounts == 0 || options.rounds == 0 {
        let what = "at least one command, one account and one round are needed";
        return Err(BenchError::Options(what.into()));
    }
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(failed)?.block_on(async {
        let temporary = tempfile::tempdir().map_err(failed)?;
        let dir = options.data.clone().unwrap_or_else(|| temporary.path().to_owned());
        measure(options, &dir, machine).await
    })
}

async fn measure(
    options: &Options,
    dir: &Path,
    machine: Machine,
) -> Result<ReplayReport, BenchError> {
    build(options, dir).await?;
    let (mut floors, mut starts, mut contents) = (Vec::new(), Vec::new(), Contents::default());
    let (mut cpu, mut history, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let (found, floor) = log::read(dir).await?;
        contents = found;
        floors.push(floor);
        alone.push(log::apply(dir, exchange_on(dir).topology).await?.as_secs_f64());
        let Restarted { served, cpu: total, of_history } = restart(dir).await?;
        starts.push(served);
        cpu.push(total.as_secs_f64());
        history.extend(of_history.map(|time| time.as_secs_f64()));
    }
    let snapshot_seconds = snapshot(dir).await?.as_secs_f64();
    let mut again = Vec::new();
    for _ in 0..options.rounds {
        again.push(restart(dir).await?.served.as_secs_f64());
    }
    let commands = contents.commands as f64;
    let rates = |times: &[Duration]| -> Vec<f64> {
        times.iter().map(|time| commands / time.as_secs_f64()).collect()
    };
    let (floor_rates, start_rates) = (rates(&floors), rates(&starts));
    let ratios: Vec<f64> =
        start_rates.iter().zip(&floor_rates).map(|(ours, floor)| ours / floor).collect();
    let starts: Vec<f64> = starts.iter().map(Duration::as_secs_f64).collect();
    let floors: Vec<f64> = floors.iter().map(Duration::as_secs_f64).collect();
    Ok(ReplayReport {
        report: BenchReport {
            bench: "replay",
            workload: format!(
                "restart on {} commands of history ({} limit orders of {} accounts in all \
                 partitions), {} starts of each kind",
                contents.commands, contents.requests, options.accounts, options.rounds
            ),
            machine,
            floor: figures("the log read back", &floor_rates, &floors),
            result: figures("start to serving, no snapshot", &start_rates, &starts),
            ratio: median(&ratios),
            target: None,
            ratios,
            method: "a command is a request or a message between partitions; rows that \
                     the history has are not written again; log and history are in the page cache"
                .into(),
            commit: machine::commit(),
        },
        requests: contents.requests,
        commands: contents.commands,
        log_bytes: contents.bytes,
        start_seconds: median(&starts),
        start_cpu_seconds: median(&cpu),
        history_cpu_seconds: (!history.is_empty()).then(|| median(&history)),
        alone_seconds: median(&alone),
        start_after_snapshot_seconds: median(&again),
        snapshot_seconds,
        targets: TARGETS,
    })
}

fn figures(name: &'static str, rates: &[f64], seconds: &[f64]) -> Figures {
    let slowest = seconds.iter().copied().fold(f64::NAN, f64::max) * 1e6;
    let p50_us = median(seconds) * 1e6;
    Figures { name, rate: Some(median(rates)), p50_us, p99_us: slowest, p999_us: slowest }
}

/// Options under which nothing takes a snapshot by itself.
fn exchange_on(dir: &Path) -> ExchangeOptions {
    ExchangeOptions { snapshot_bytes: u64::MAX, ..ExchangeOptions::new(dir) }
}

/// Makes the history, or takes the one that an earlier run left.
async fn build(options: &Options, dir: &Path) -> Result<(), BenchError> {
    let made = dir.join(MADE);
    if made.is_file() {
        return forget_snapshots(dir).map_err(failed);
    }
    if dir.join("node.json").exists() {
        let what = "has data that no benchmark made; name a directory of its own";
        return Err(BenchError::Options(format!("{} {what}", dir.display())));
    }
    let (exchange, _) = start(dir).await?;
    let built = Load::new(&exchange, options.accounts).await;
    let built = match built {
        Ok(mut load) => load.run(options.commands).await,
        Err(error) => Err(error),
    };
    exchange.stop().await;
    built?;
    std::fs::write(made, "").map_err(failed)
}

/// The whole log is still there: no node purges it before it has two snapshots.
fn forget_snapshots(dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(dir.join("snapshots")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

async fn snapshot(dir: &Path) -> Result<Duration, BenchError> {
    let (exchange, _) = start(dir).await?;
    let since = Instant::now();
    let taken = exchange.snapshot().await.map_err(failed);
    let took = since.elapsed();
    exchange.stop().await;
    taken.map(|_| took)
}

fn failed(error: impl fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BenchReport { bench, workload, machine, floor, result, ratio, .. } = &self.report;
        writeln!(f, "{bench}: {workload}")?;
        writeln!(f, "on {machine}, commit {}", self.report.commit)?;
        for side in [floor, result] {
            let rate = side.rate.unwrap_or(f64::NAN) / 1e6;
            let (name, seconds) = (side.name, side.p50_us / 1e6);
            writeln!(f, "  {name:<34} {rate:>8.3} M commands/s   {seconds:>7.3} s")?;
        }
        let alone = ("the same in one thread, bare", self.alone_seconds);
        let rate = self.commands as f64 / alone.1 / 1e6;
        writeln!(f, "  {:<34} {rate:>8.3} M commands/s   {:>7.3} s", alone.0, alone.1)?;
        let name = "start to serving after a snapshot";
        writeln!(f, "  {name:<34} {:>32.3} s", self.start_after_snapshot_seconds)?;
        let verdict = |is_met: bool| if is_met { "met" } else { "missed" };
        let Targets { commands_per_second, start_after_snapshot_seconds } = self.targets;
        writeln!(
            f,
            "  ratio {ratio:.3}; target {:.0} M commands/s: {}; target \
             {start_after_snapshot_seconds} s after a snapshot: {}",
            commands_per_second / 1e6,
            verdict(result.rate >= Some(commands_per_second)),
            verdict(self.start_after_snapshot_seconds <= start_after_snapshot_seconds),
        )?;
        write!(
            f,
            "  {:.0} log bytes a command; a start takes {:.2} s of all cores, {:.2} s of it for \
             the history; the snapshot took {:.2} s; {}",
            self.log_bytes as f64 / self.commands as f64,
            self.start_cpu_seconds,
            self.history_cpu_seconds.unwrap_or(f64::NAN),
            self.snapshot_seconds,
            self.report.method
        )
    }
}

#[cfg(test)]
mod tests;
