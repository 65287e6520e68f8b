//! `hoga play`: a scenario from its start to its end, in virtual time or on a running exchange.

mod live;
mod page;

use super::failure::{Exit, Failure};
use super::output::{self, Bar};
use super::{Global, json};
use clap::{Args, ValueEnum};
use hoga_scenarios::file::{self, Scenario, StepAct};
use hoga_scenarios::grammar::MarketAct;
use hoga_scenarios::player::{self, PlayError, PlayOptions, Progress, Report, Wall};
use hoga_scenarios::time::Millis;
use live::{Live, Place};
use std::cell::Cell;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Play a scenario, and hold its checks against what came of it
#[derive(Args, Debug)]
#[command(after_help = WHERE)]
pub struct Play {
    /// The scenario
    file: PathBuf,
    /// Instead of the scenario's own seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// As fast as possible or in real time; on a running exchange, as fast as answers come
    #[arg(long, value_enum, default_value_t = Speed::Max)]
    speed: Speed,
    /// Write every command that entered, in order
    #[arg(long, value_name = "TAPE")]
    record: Option<PathBuf>,
    /// Write a page with the checks and with price, volume and depth of each instrument into it
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Play against an exchange that runs already, such as http://127.0.0.1:7070
    #[arg(long, value_name = "ADDR", conflicts_with = "nodes")]
    target: Option<String>,
    /// How many nodes its own exchange has: with more than one, a process each
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
    nodes: u8,
}

const WHERE: &str = "Without --nodes and --target it plays in this process and in virtual time: a \
    session day takes seconds, and the same file and seed give the same digest.\n\
    With --nodes N it starts N nodes on this machine, plays over the wire and strikes the \
    [[fault]]s of the file. With --target it plays on somebody's exchange: what is missing is \
    listed and opened there, nothing is reset, and nothing is broken. There the digest is another \
    each time, and `--speed max` goes on as answers come: what steps say is answered before \
    anything else is asked, and bots act side by side. Only how fast the file is played depends \
    on it; sessions and orders that end by themselves keep the exchange's own time.";

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Speed {
    Max,
    #[value(name = "1x")]
    Wall,
}

impl Play {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let scenario = file::check(&self.file).map_err(Failure::report)?;
        let (recording, record) = self.recording(&scenario)?;
        let report = match (&self.target, self.nodes) {
            (None, 1) => self.play(&scenario, record)?,
            (Some(target), _) => self.live(&scenario, Place::Target(target), record, global)?,
            (None, nodes) => self.live(&scenario, Place::Nodes(nodes), record, global)?,
        };
        recording.map_or(Ok(()), Recording::end)?;
        if let Some(folder) = &self.report {
            page::write(folder, &report)?;
            output::tell(format!("the report is {}", folder.join(page::NAME).display()));
        }
        if global.json {
            let document = serde_json::to_value(&report)
                .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
            json::document(&document)?;
        } else {
            output::say(&report)?;
        }
        report.warnings.iter().for_each(|warning| output::tell(format!("warning: {warning}")));
        judge(&report)
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// In this process.
    fn play(&self, scenario: &Scenario, record: Record) -> Result<Report, Failure> {
        let bar = Bar::new(scenario.length.0);
        let trades = Cell::new(0);
        let (start, speed) = (Instant::now(), self.speed);
        let mut clock = Clock { start, speed, bar: &bar, trades: &trades };
        let mut show = |progress: Progress| {
            trades.set(progress.trades);
            show(&bar, progress.at, progress.trades);
        };
        let (seed, folder, wall) = (self.seed, self.folder(), &mut clock);
        let options = PlayOptions { scenario, seed, folder, record, wall };
        player::run(options, &mut show).map_err(|error| failure(&error))
    }

    /// Over the wire.
    fn live(
        &self,
        scenario: &Scenario,
        place: Place<'_>,
        record: Record,
        global: &Global,
    ) -> Result<Report, Failure> {
        let folder = self.folder();
        let scenario = &player::with_speakers(scenario, folder).map_err(|error| failure(&error))?;
        let (seed, speed) = (self.seed.unwrap_or(scenario.seed), self.speed);
        Live { scenario, seed, speed, place, folder, global }.play(record)
    }

    /// Where it is recorded, if anywhere: into no file that is played.
    fn recording(&self, scenario: &Scenario) -> Result<(Option<Recording>, Record), Failure> {
        let Some(path) = &self.record else { return Ok((None, None)) };
        let recorded = path.canonicalize();
        let named = scenario.tape.iter().map(|tape| &tape.file);
        let fed = scenario.steps.iter().filter_map(|step| match &step.what {
            StepAct::Market(MarketAct::Feed { file, .. }) => Some(file),
            _ => None,
        });
        let others = named.chain(fed).map(|file| self.folder().join(file.as_str()));
        // A day may be a directory: then the files in it are played.
        let is_played = |played: PathBuf| match (played.canonicalize(), &recorded) {
            (Ok(played), Ok(recorded)) => recorded.starts_with(played),
            _ => false,
        };
        if std::iter::once(self.file.clone()).chain(others).any(is_played) {
            let why =
                format!("error: {} is what is played; record into another file", path.display());
            return Err(Failure::usage(why));
        }
        let (recording, tape) = Recording::begin(path)?;
        Ok((Some(recording), Some(Box::new(BufWriter::new(tape)))))
    }
}

/// What takes the tape, if anything does.
type Record = Option<Box<dyn Write>>;

/// A tape that is written beside its place, and put there when the play has come to its end: a play
/// that fails leaves what was there.
struct Recording {
    part: PathBuf,
    place: PathBuf,
}

impl Recording {
    fn begin(place: &Path) -> Result<(Recording, File), Failure> {
        let mut part = place.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|error| unwritten(place, &error))?;
        Ok((Recording { part, place: place.to_owned() }, file))
    }

    fn end(self) -> Result<(), Failure> {
        std::fs::rename(&self.part, &self.place).map_err(|error| unwritten(&self.place, &error))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Of a play that came to its end there is none; what cannot go is of no use and stays.
        drop(std::fs::remove_file(&self.part));
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("error: {} cannot be written: {error}", path.display()))
}

/// A check that failed is neither an error nor a success.
fn judge(report: &Report) -> Result<(), Failure> {
    let failed: Vec<&str> =
        report.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
    match failed[..] {
        [] => Ok(()),
        [one] => Err(Failure::new(Exit::CheckFailed, format!("a check failed: {one}"))),
        _ => {
            let (count, names) = (failed.len(), failed.join(", "));
            Err(Failure::new(Exit::CheckFailed, format!("{count} checks failed: {names}")))
        }
    }
}

/// The error with everything behind it, in one line.
fn failure(error: &PlayError) -> Failure {
    let mut message = format!("error: {error}");
    let mut behind = error.source();
    while let Some(source) = behind {
        message.push_str(&format!(": {source}"));
        behind = source.source();
    }
    Failure::new(Exit::Failure, message)
}

/// How often the bar moves while nothing happens.
const PULSE: Duration = Duration::from_millis(200);

fn show(bar: &Bar, at: Millis, trades: u64) {
    bar.at(at.0, || format!("{} s played, {trades} trades", at.0 / 1_000));
}

/// The wall clock that the player itself has not.
struct Clock<'b> {
    start: Instant,
    speed: Speed,
    bar: &'b Bar,
    trades: &'b Cell<u64>,
}

impl Wall for Clock<'_> {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait_until(&mut self, at: Millis) {
        if self.speed == Speed::Max {
            return;
        }
        let due = Duration::from_millis(at.0);
        while self.start.elapsed() < due {
            let now = self.start.elapsed();
            show(self.bar, Millis(now.as_millis() as u64), self.trades.get());
            std::thread::sleep(due.saturating_sub(now).min(PULSE));
        }
    }
}
