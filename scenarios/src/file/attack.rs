//! What a plan of attack has in common with a scenario: its name, its market, its faults.

use super::events::{self, Known};
use super::read;
use super::scenario::{Occurrence, Timed, occurrences};
use crate::document::Fields;
use crate::grammar::Fault;
use crate::rules::RuleBook;
use crate::time::Millis;

/// The sections `[scenario]`, `[market]` and `[[fault]]` of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attack {
    pub name: String,
    pub about: String,
    pub seed: u64,
    /// How long faults may strike.
    pub length: Millis,
    pub market: RuleBook,
    /// In the order of the file.
    pub faults: Vec<Timed<Fault>>,
}

impl Attack {
    /// Takes its sections out of a file; the others are whoever's who calls. None when something
    /// was reported.
    #[must_use]
    pub fn read(file: &mut Fields<'_>) -> Option<Attack> {
        file.require(&["scenario", "market"]);
        let header = read::header(file);
        let market = read::market(file);
        let length = header.as_ref().and_then(|header| header.length);
        let known =
            Known { market: market.as_ref(), accounts: &[], bots: &[], length, folder: None };
        let faults = events::faults(file, &known);
        let read::Header { name, about, seed, length } = header?;
        Some(Attack { name: name?, about, seed: seed?, length: length?, market: market?, faults })
    }

    /// Every striking of every fault by time, then by place in the file.
    #[must_use]
    pub fn fault_times(&self) -> Vec<Occurrence> {
        occurrences(&self.faults, self.length)
    }
}
