//! Plays a scenario on the pure exchange, in lockstep and virtual time.
//!
//! Owns: the clock of the play, the one order in which commands enter, and what is recomputed
//! when it ends. Takes: a [`Scenario`](crate::file::Scenario), a seed, where the tape goes.
//! Emits: a [`Report`], progress, the tape. On failure: [`PlayError`]; a command that the
//! exchange refuses is no failure but is counted by its reason.
//!
//! Everything that happens is one sequence: by virtual time, and at one instant what the
//! session does, then steps in the order of the file, then the tape, then bots by their index.
//! A command's consequences are all done before the next command enters, so that the same file
//! and seed give the same digest on every machine. The player has no clock of its own: whoever
//! wants wall time gives a [`Wall`].
//!
//! What happens when ([`Score`]), the bots ([`Crowd`]) and what is made of the end ([`Outcome`],
//! [`report()`]) do not depend on the exchange that is played on; a player against a running
//! exchange takes them from here.

mod audit;
mod bidding;
mod charts;
mod checks;
mod counts;
mod course;
mod crowd;
mod digest;
mod displayed;
mod feeds;
mod floor;
mod leaders;
mod outcome;
mod report;
mod score;
mod session;
mod sight;
mod strip;
mod tally;
mod text;
mod tracks;
mod translate;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::feed::FeedError;
use crate::file::Scenario;
use crate::listing::ListingError;
use crate::tape::TapeError;
use crate::time::Millis;

pub use audit::Audit;
pub use bidding::said;
pub use checks::{CheckReport, Value};
pub use crowd::{Crowd, Trader};
pub use digest::Digest;
pub use displayed::Displayed;
pub use leaders::Leader;
pub use outcome::{Deals, Outcome, Purse, Recovery, owners};
pub use report::{FaultReport, LiveReport, MarketReport, Report, report};
pub use score::{Cue, Score, with_speakers};
pub use sight::Sight;
pub use strip::{LEVELS_MAX, Strip};
pub use tally::Trading;

/// Wall time, as the caller has it.
pub trait Wall {
    /// Since the play began; what the report states.
    fn elapsed(&self) -> Duration;

    /// Called before virtual time moves on to `at`: play in wall time waits here.
    fn wait_until(&mut self, at: Millis);
}

/// No wall time: nothing waits, and a report states zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWall;

impl Wall for NoWall {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn wait_until(&mut self, _at: Millis) {}
}

/// What is played, and how.
pub struct PlayOptions<'p> {
    pub scenario: &'p Scenario,
    /// Instead of the scenario's own seed.
    pub seed: Option<u64>,
    /// What files that the scenario names are relative to.
    pub folder: &'p Path,
    /// Takes every command that entered, in order, as a tape.
    pub record: Option<Box<dyn Write + 'p>>,
    pub wall: &'p mut dyn Wall,
}

/// How far a play is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub at: Millis,
    pub length: Millis,
    pub commands: u64,
    pub trades: u64,
}

/// Why a play did not run to its end. Nothing outside was changed, except that a tape may be
/// there in part; the same file gives the same error again unless said otherwise.
#[derive(Debug, Error)]
pub enum PlayError {
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// The scenario asks for something that is not there yet. Nothing was played.
    #[error("`{what}` is not served yet: {why}")]
    NotServed { what: String, why: String },
    #[error("the tape {file}")]
    Tape { file: PathBuf, source: TapeError },
    /// A file that is to be fed into an instrument cannot be.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The recording cannot be written; another try may do when there is room.
    #[error("the tape cannot be recorded")]
    Record(#[from] TapeError),
}

/// Plays a scenario from its start to its end. `progress` hears of every second of virtual time.
///
/// # Errors
/// See [`PlayError`]; a check that fails is none, see [`Report::ok`].
pub fn run(
    options: PlayOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, PlayError> {
    course::play(options, progress)
}

#[cfg(test)]
mod tests;
