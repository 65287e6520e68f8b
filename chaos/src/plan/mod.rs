//! Plans of attack: which exchange, which load, which faults when, and what must hold.
//!
//! Owns: the sections `[cluster]`, `[schedule]`, `[workload]` and `[check]`; the others are those
//! of a scenario. Takes: TOML text. Emits: a [`Plan`]. On failure: every mistake of the file at
//! once, with line and column; nothing is run.

mod kinds;
mod read;

pub use kinds::{KINDS, Kind};
pub(crate) use read::CLIENTS;

use crate::workload::Terms;
use hoga_scenarios::document::{self, Mistakes};
use hoga_scenarios::file::Attack;
use std::collections::BTreeMap;
use std::time::Duration;

/// A plan that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub attack: Attack,
    pub nodes: Nodes,
    /// A fault strikes up to so much later than it says, by the seed.
    pub jitter: Duration,
    pub load: Load,
    pub checks: Checks,
}

/// `[cluster]`: the exchange that is attacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes {
    pub count: u64,
    /// None for the product's own.
    pub snapshot_bytes: Option<u64>,
    pub segment_bytes: Option<u64>,
    /// The size of a node's own disk, in MiB, where a fault needs it to have one.
    pub disk_mib: u64,
}

/// `[workload]`: who trades meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    pub accounts: usize,
    /// Clients of each account.
    pub clients: usize,
    /// Between an answer and the client's next request.
    pub pause: Duration,
    /// How long a client waits for an answer before it asks another gateway.
    pub attempt: Duration,
    /// Of a hundred orders, so many go to an instrument that follows an outside book; none for no
    /// such instrument.
    pub outside: u64,
    /// Of a hundred orders, so many have rarer terms, and so many go to an instrument that has days
    /// and is halted now and then; none for no such instrument.
    pub terms: Terms,
}

/// `[check]`: what must hold, besides that nothing is lost and nothing doubled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks {
    pub gap_p50: Option<Duration>,
    pub gap_max: Option<Duration>,
    /// After the faults everybody gets on within this.
    pub live_within: Duration,
    /// Tries that ended without an answer.
    pub unknown_at_most: Option<u64>,
    /// What the run must have covered at least, by counter.
    pub coverage: BTreeMap<&'static str, u64>,
}

/// Reads the text of a plan; `name` names it in mistakes.
///
/// # Errors
/// Every mistake, in the order of the lines.
pub fn parse(name: &str, text: &str) -> Result<Plan, Mistakes> {
    document::read(name, text, read::plan)
}

#[cfg(test)]
mod tests;
