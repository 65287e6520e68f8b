//! The course of a play: one sequence of everything that happens.

use std::fs::File;
use std::io::BufReader;
use std::iter::Peekable;
use std::path::PathBuf;
use std::vec::IntoIter;

use super::crowd::Crowd;
use super::feeds::Feeds;
use super::floor::Floor;
use super::report::{self, Report};
use super::session;
use super::{PlayError, PlayOptions, Progress, Wall};
use crate::file::{Occurrence, Scenario, StepAct, TapeFormat};
use crate::grammar::{Act, Sentence, Who};
use crate::listing;
use crate::tape::{Entry, TapeError, TapeReader, TapeWriter};
use crate::time::Millis;

/// A tape that is being played, with its name for errors.
struct Tape {
    file: PathBuf,
    entries: Peekable<TapeReader<BufReader<File>>>,
}

/// Everything that is still to come.
struct Course<'p> {
    scenario: &'p Scenario,
    steps: Peekable<IntoIter<Occurrence>>,
    tape: Option<Tape>,
    crowd: Crowd,
    feeds: Feeds,
    folder: &'p std::path::Path,
    /// Faults that the tape named so far.
    tape_faults: u64,
}

pub(super) fn play(
    options: PlayOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, PlayError> {
    play_and(options, progress, |_| {})
}

/// The same; `look` sees the floor when everything has been said.
pub(super) fn play_and(
    options: PlayOptions<'_>,
    progress: &mut dyn FnMut(Progress),
    look: impl FnOnce(&Floor<'_>),
) -> Result<Report, PlayError> {
    let PlayOptions { scenario, seed, folder, record, wall } = options;
    let seed = seed.unwrap_or(scenario.seed);
    let market = listing::market(&scenario.market, &Default::default())?;
    for step in &scenario.steps {
        let sentence = match step.what.clone() {
            StepAct::Account { who, act } => Sentence::Account { who, act },
            StepAct::Market(act) => Sentence::Market(act),
        };
        if let Sentence::Market(act) = &sentence {
            Feeds::check(act, folder, &market)?;
        }
    }
    let mut warnings = warnings(scenario);
    let start = session::start(&scenario.market)?;
    let tape = open_tape(scenario, folder)?;
    let mut floor = Floor::found(market, start, scenario.length, record.map(TapeWriter::new));
    for (name, deposits) in scenario.every_account() {
        floor.account(&name);
        for (asset, amount) in deposits.iter().filter(|(_, amount)| !amount.is_zero()) {
            let act = Act::Deposit { amount: *amount, asset: asset.clone() };
            floor.say(&name, &act)?;
        }
    }
    let crowd = Crowd::gather(scenario, seed, &mut floor);
    let mut course = Course {
        scenario,
        steps: scenario.step_times().into_iter().peekable(),
        tape,
        crowd,
        feeds: Feeds::default(),
        folder,
        tape_faults: 0,
    };
    course.run(&mut floor, wall, progress)?;
    floor.finish()?;
    course.warn_of_tape(&mut warnings);
    let bots: Vec<_> = course.crowd.accounts().collect();
    look(&floor);
    Ok(report::report(scenario, seed, &floor, &bots, warnings, wall.elapsed()))
}

impl Course<'_> {
    fn run(
        &mut self,
        floor: &mut Floor<'_>,
        wall: &mut dyn Wall,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), PlayError> {
        let length = self.scenario.length;
        let mut reported = None;
        while let Some(at) = self.next_time()?.filter(|at| *at <= length) {
            let second = at.0 / 1_000;
            if reported != Some(second) {
                reported = Some(second);
                progress(so_far(floor, length));
            }
            wall.wait_until(at);
            floor.set_time(at);
            self.play_instant(at, floor)?;
        }
        wall.wait_until(length);
        floor.set_time(length);
        progress(so_far(floor, length));
        Ok(())
    }

    /// When something happens next; none when nothing will any more.
    fn next_time(&mut self) -> Result<Option<Millis>, PlayError> {
        let tape = match &mut self.tape {
            None => None,
            Some(Tape { file, entries }) => match entries.next_if(Result::is_err) {
                Some(Err(source)) => return Err(PlayError::Tape { file: file.clone(), source }),
                _ => entries.peek().and_then(|entry| entry.as_ref().ok()).map(|entry| entry.at),
            },
        };
        let step = self.steps.peek().map(|step| step.at);
        let others = [self.feeds.next_time(), self.crowd.next_wake()];
        Ok([step, tape].into_iter().chain(others).flatten().min())
    }

    /// Everything of one instant: outside books, steps, tape, bots. What the session does came
    /// before.
    fn play_instant(&mut self, at: Millis, floor: &mut Floor<'_>) -> Result<(), PlayError> {
        self.feeds.post(at, floor);
        while let Some(step) = self.steps.next_if(|step| step.at == at) {
            match &self.scenario.steps[step.index].what {
                StepAct::Account { who, act } => everybody(self.scenario, who, act, floor)?,
                StepAct::Market(act) => {
                    floor.operate(act)?;
                    self.feeds.begin(act, self.folder, &floor.market, at)?;
                }
            }
        }
        while let Some(entry) = self.next_of_tape(at) {
            match entry.what {
                Sentence::Account { who, act } => everybody(self.scenario, &who, &act, floor)?,
                Sentence::Market(act) => {
                    floor.operate(&act)?;
                    self.feeds.begin(&act, self.folder, &floor.market, at)?;
                }
                Sentence::Fault(_) => self.tape_faults += 1,
            }
        }
        // What begins now has its first book now.
        self.feeds.post(at, floor);
        while self.crowd.next_wake() == Some(at) {
            self.crowd.wake_next(floor)?;
        }
        Ok(())
    }

    /// What the tape or a feed said and the play left out.
    fn warn_of_tape(&mut self, warnings: &mut Vec<String>) {
        if self.feeds.unfit > 0 {
            let unfit = self.feeds.unfit;
            warnings.push(format!("left out {unfit} outside books that fit no instrument"));
        }
        if self.tape_faults > 0 {
            let faults = self.tape_faults;
            warnings.push(format!("ignored {faults} faults of the tape: there is one node"));
        }
        if self.tape.as_mut().is_some_and(|tape| tape.entries.peek().is_some()) {
            let length = self.scenario.length;
            warnings.push(format!("the tape goes on after the end of the scenario, {length}"));
        }
    }

    fn next_of_tape(&mut self, at: Millis) -> Option<Entry> {
        let is_now =
            |entry: &Result<Entry, TapeError>| entry.as_ref().is_ok_and(|entry| entry.at == at);
        self.tape.as_mut()?.entries.next_if(is_now)?.ok()
    }
}

/// One account, or each of a group in order of number.
fn everybody(
    scenario: &Scenario,
    who: &Who,
    act: &Act,
    floor: &mut Floor<'_>,
) -> Result<(), TapeError> {
    if let Who::One(name) = who {
        return floor.say(name, act);
    }
    let members = scenario.accounts_of(who);
    // Steps were checked for this, a tape was not.
    if members.is_empty() {
        floor.counts.refused_outside(act, "ACCOUNT_NOT_FOUND");
    }
    members.iter().try_for_each(|name| floor.say(name, act))
}

fn so_far(floor: &Floor<'_>, length: Millis) -> Progress {
    let (commands, trades) = (floor.counts.commands, floor.pit.tap().trades);
    Progress { at: floor.now(), length, commands, trades }
}

fn open_tape(scenario: &Scenario, folder: &std::path::Path) -> Result<Option<Tape>, PlayError> {
    let Some(tape) = &scenario.tape else { return Ok(None) };
    let file = folder.join(tape.file.as_str());
    if tape.format == TapeFormat::Lobster {
        let what = format!("tape {}", file.display());
        let why = "a LOBSTER day is replayed by `hoga replay --format lobster`".into();
        return Err(PlayError::NotServed { what, why });
    }
    let opened = File::open(&file);
    let opened = opened.map_err(|source| PlayError::TapeFile { file: file.clone(), source })?;
    Ok(Some(Tape { file, entries: TapeReader::new(BufReader::new(opened)).peekable() }))
}

fn warnings(scenario: &Scenario) -> Vec<String> {
    let faults = scenario.faults.iter().map(|fault| {
        let (what, at) = (&fault.what, fault.at);
        format!("ignored at {at}: {what}; there is one node and nobody to hand over to")
    });
    faults.collect()
}
