//! What happens in a play, in the one order in which it happens.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use hoga_engine::follow::Snapshot;
use hoga_engine::ids::InstrumentId;

use super::PlayError;
use super::crowd::Crowd;
use super::feeds::Feeds;
use crate::file::{AccountGroup, Occurrence, Scenario, StepAct};
use crate::grammar::{Act, MarketAct, Sentence, Who};
use crate::listing::Market;
use crate::names::AccountName;
use crate::tape::{self, Entries, Entry, TapeError};
use crate::time::Millis;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cue {
    /// An outside book comes; its number is that of the place where it is posted.
    Post(InstrumentId, Box<Snapshot>),
    Say(Who, Act),
    Operate(MarketAct),
    /// A bot wakes, and has to act.
    Wake(usize),
}

/// What is left to come of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Books,
    Steps,
    Tape,
    /// What began now has its first book now.
    BooksBegun,
    Bots,
}

/// A tape that is being played, with its name for errors.
struct Tape {
    file: PathBuf,
    entries: Peekable<Entries>,
}

/// Everything that is still to come: outside books, steps, tape and bots.
pub struct Score<'p> {
    scenario: &'p Scenario,
    market: Market,
    steps: Peekable<IntoIter<Occurrence>>,
    tape: Option<Tape>,
    pub crowd: Crowd,
    feeds: Feeds,
    folder: &'p Path,
    part: (Millis, Part),
    /// Faults that the tape named so far.
    tape_faults: u64,
}

impl<'p> Score<'p> {
    /// Looks at every file that is named, and gathers the bots.
    ///
    /// # Errors
    /// A file cannot be read, or what it says cannot be played.
    pub fn open(
        scenario: &'p Scenario,
        seed: u64,
        folder: &'p Path,
        market: &Market,
    ) -> Result<Score<'p>, PlayError> {
        for step in &scenario.steps {
            if let StepAct::Market(act) = &step.what {
                Feeds::check(act, folder, market)?;
            }
        }
        Ok(Score {
            scenario,
            steps: scenario.step_times().into_iter().peekable(),
            tape: open_tape(scenario, folder)?,
            crowd: Crowd::gather(scenario, seed, market),
            feeds: Feeds::default(),
            folder,
            part: (Millis(0), Part::Books),
            tape_faults: 0,
            market: market.clone(),
        })
    }

    /// When something happens next; none when nothing will any more.
    ///
    /// # Errors
    /// The tape cannot be read on.
    pub fn next_time(&mut self) -> Result<Option<Millis>, PlayError> {
        let said = self.next_said()?;
        Ok(said.into_iter().chain(self.crowd.next_wake()).min())
    }

    /// When anything but a bot is next.
    fn next_said(&mut self) -> Result<Option<Millis>, PlayError> {
        let tape = match &mut self.tape {
            None => None,
            Some(Tape { file, entries }) => match entries.next_if(Result::is_err) {
                Some(Err(source)) => return Err(PlayError::Tape { file: file.clone(), source }),
                _ => entries.peek().and_then(|entry| entry.as_ref().ok()).map(|entry| entry.at),
            },
        };
        let step = self.steps.peek().map(|step| step.at);
        Ok([step, tape, self.feeds.next_time()].into_iter().flatten().min())
    }

    /// Whether nothing but bots is left of this instant.
    ///
    /// # Errors
    /// The tape cannot be read on.
    pub fn is_of_bots(&mut self, at: Millis) -> Result<bool, PlayError> {
        Ok(self.next_said()?.is_none_or(|next| next != at))
    }

    /// What happens next at this instant: outside books, steps, tape, bots. What the session does
    /// came before.
    ///
    /// # Errors
    /// A feed that a step begins cannot be read any more.
    pub fn next_cue(&mut self, at: Millis) -> Result<Option<Cue>, PlayError> {
        if self.part.0 != at {
            self.part = (at, Part::Books);
        }
        loop {
            let (cue, next) = match self.part.1 {
                Part::Books => (self.next_book(at), Part::Steps),
                Part::Steps => (self.next_step(at), Part::Tape),
                Part::Tape => (self.next_of_tape(at), Part::BooksBegun),
                Part::BooksBegun => (self.next_book(at), Part::Bots),
                Part::Bots => return Ok(self.crowd.wake(at).map(Cue::Wake)),
            };
            match cue {
                Some(cue) => {
                    if let Cue::Operate(act) = &cue {
                        self.feeds.begin(act, self.folder, &self.market, at)?;
                    }
                    return Ok(Some(cue));
                }
                None => self.part.1 = next,
            }
        }
    }

    fn next_book(&mut self, at: Millis) -> Option<Cue> {
        let (instrument, snapshot) = self.feeds.next(at)?;
        Some(Cue::Post(instrument, Box::new(snapshot)))
    }

    fn next_step(&mut self, at: Millis) -> Option<Cue> {
        let step = self.steps.next_if(|step| step.at == at)?;
        Some(match self.scenario.steps[step.index].what.clone() {
            StepAct::Account { who, act } => Cue::Say(who, act),
            StepAct::Market(act) => Cue::Operate(act),
        })
    }

    fn next_of_tape(&mut self, at: Millis) -> Option<Cue> {
        let is_now =
            |entry: &Result<Entry, TapeError>| entry.as_ref().is_ok_and(|entry| entry.at == at);
        loop {
            let entry = self.tape.as_mut()?.entries.next_if(is_now)?.ok()?;
            match entry.what {
                Sentence::Account { who, act } => return Some(Cue::Say(who, act)),
                Sentence::Market(act) => return Some(Cue::Operate(act)),
                Sentence::Fault(_) => self.tape_faults += 1,
            }
        }
    }

    /// What the tape or a feed said and the play left out.
    pub fn left_out(&mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.feeds.unfit > 0 {
            let unfit = self.feeds.unfit;
            warnings.push(format!("left out {unfit} outside books that fit no instrument"));
        }
        if self.tape_faults > 0 {
            let faults = self.tape_faults;
            warnings.push(format!("ignored {faults} faults of the tape: only [[fault]] strikes"));
        }
        if self.tape.as_mut().is_some_and(|tape| tape.entries.peek().is_some()) {
            let length = self.scenario.length;
            warnings.push(format!("the tape goes on after the end of the scenario, {length}"));
        }
        warnings
    }
}

/// The scenario with an account, which starts with nothing, for everybody who speaks on its tape
/// and is not in it: for a ground where accounts have to be there before they speak.
///
/// # Errors
/// The tape cannot be read to its end.
pub fn with_speakers(scenario: &Scenario, folder: &Path) -> Result<Scenario, PlayError> {
    let mut scenario = scenario.clone();
    let Some(Tape { file, entries }) = open_tape(&scenario, folder)? else { return Ok(scenario) };
    let mut known: BTreeSet<AccountName> = scenario.every_account().map(|(name, _)| name).collect();
    for entry in entries {
        let entry = entry.map_err(|source| PlayError::Tape { file: file.clone(), source })?;
        let Sentence::Account { who: Who::One(name), .. } = entry.what else { continue };
        if known.insert(name.clone()) {
            scenario.accounts.push(AccountGroup { name, count: None, deposit: Vec::new() });
        }
    }
    Ok(scenario)
}

fn open_tape(scenario: &Scenario, folder: &Path) -> Result<Option<Tape>, PlayError> {
    let Some(tape) = &scenario.tape else { return Ok(None) };
    let file = folder.join(tape.file.as_str());
    let begin = tape.at;
    let later = move |entry: Result<Entry, TapeError>| {
        entry.map(|entry| Entry { at: Millis(begin.0.saturating_add(entry.at.0)), ..entry })
    };
    match tape::open(&file, &tape.format) {
        Ok(entries) => {
            let entries: Entries = Box::new(entries.map(later));
            Ok(Some(Tape { file, entries: entries.peekable() }))
        }
        Err(source) => Err(PlayError::Tape { file, source }),
    }
}
