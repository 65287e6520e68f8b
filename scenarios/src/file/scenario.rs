//! A scenario as read, and the questions a player asks of it.

use super::Check;
use crate::bots::BotKind;
use crate::grammar::{Act, Fault, FilePath, MarketAct, Who};
use crate::names::{AccountName, Asset, Symbol};
use crate::numbers::Amount;
use crate::rules::RuleBook;
use crate::tape::Format;
use crate::time::Millis;

/// The most times that the steps (or the faults) of one scenario may strike; more is a tape.
pub const OCCURRENCES_MAX: u64 = 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    pub name: String,
    pub about: String,
    pub seed: u64,
    /// Virtual time from start to end.
    pub length: Millis,
    pub market: RuleBook,
    pub accounts: Vec<AccountGroup>,
    pub bots: Vec<BotGroup>,
    /// In the order of the file.
    pub steps: Vec<Timed<StepAct>>,
    pub faults: Vec<Timed<Fault>>,
    pub tape: Option<TapeFile>,
    /// In the order of the file.
    pub checks: Vec<Check>,
}

/// `[[accounts]]`: one account, or with a count a group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountGroup {
    pub name: AccountName,
    /// None: the account `name`. Some: the accounts `name-1` to `name-count`.
    pub count: Option<u64>,
    /// What each account starts with.
    pub deposit: Vec<(Asset, Amount)>,
}

/// `[[bots]]`: bots of one kind on one instrument, in the accounts `name-1` to `name-count`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotGroup {
    pub name: AccountName,
    pub count: u64,
    pub kind: BotKind,
    pub symbol: Symbol,
    /// What each bot starts with.
    pub deposit: Vec<(Asset, Amount)>,
}

/// Something that happens at a time, or again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed<T> {
    /// The first time.
    pub at: Millis,
    /// The pause to each next time, until the scenario ends.
    pub every: Option<Millis>,
    pub what: T,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepAct {
    Account { who: Who, act: Act },
    Market(MarketAct),
}

/// One striking of a step or fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    pub at: Millis,
    /// Index into `steps` or `faults`.
    pub index: usize,
}

/// `[tape]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapeFile {
    /// Relative to the scenario's folder.
    pub file: FilePath,
    pub format: Format,
    /// When its own time begins.
    pub at: Millis,
}

impl AccountGroup {
    /// The accounts, in order of number.
    pub fn members(&self) -> impl Iterator<Item = AccountName> + '_ {
        let alone = self.count.is_none().then(|| self.name.clone());
        alone.into_iter().chain(numbered(&self.name, self.count.unwrap_or(0)))
    }
}

impl BotGroup {
    /// The bots' accounts, in order of number.
    pub fn members(&self) -> impl Iterator<Item = AccountName> + '_ {
        numbered(&self.name, self.count)
    }
}

fn numbered(name: &AccountName, count: u64) -> impl Iterator<Item = AccountName> {
    // A name is only accepted for a group when its highest number still makes a name.
    (1..=count).map(move |number| {
        format!("{name}-{number}").parse().expect("a group's members have names that fit")
    })
}

impl<T> Timed<T> {
    /// How often this strikes within `length`.
    #[must_use]
    pub fn times(&self, length: Millis) -> u64 {
        match self.every {
            _ if self.at > length => 0,
            Some(every) => (length.0 - self.at.0) / every.0.max(1) + 1,
            None => 1,
        }
    }
}

impl Scenario {
    /// Every account with what it starts with: accounts first, then bots, as in the file.
    pub fn every_account(&self) -> impl Iterator<Item = (AccountName, &[(Asset, Amount)])> {
        let accounts = self
            .accounts
            .iter()
            .flat_map(|group| group.members().map(|member| (member, group.deposit.as_slice())));
        let bots = self
            .bots
            .iter()
            .flat_map(|group| group.members().map(|member| (member, group.deposit.as_slice())));
        accounts.chain(bots)
    }

    /// The accounts that a sentence means, in order of number.
    #[must_use]
    pub fn accounts_of(&self, who: &Who) -> Vec<AccountName> {
        match who {
            Who::One(name) => vec![name.clone()],
            Who::Each(group) => {
                let accounts = self.accounts.iter().filter(|known| known.name == *group);
                let bots = self.bots.iter().filter(|known| known.name == *group);
                let members = accounts.flat_map(AccountGroup::members);
                members.chain(bots.flat_map(BotGroup::members)).collect()
            }
        }
    }

    /// Every striking of every step by time, then by place in the file.
    #[must_use]
    pub fn step_times(&self) -> Vec<Occurrence> {
        occurrences(&self.steps, self.length)
    }

    /// Every striking of every fault by time, then by place in the file.
    #[must_use]
    pub fn fault_times(&self) -> Vec<Occurrence> {
        occurrences(&self.faults, self.length)
    }
}

pub(super) fn occurrences<T>(timed: &[Timed<T>], length: Millis) -> Vec<Occurrence> {
    let strikes = |(index, timed): (usize, &Timed<T>)| {
        let (at, every) = (timed.at.0, timed.every.unwrap_or_default().0);
        (0..timed.times(length)).map(move |n| Occurrence { at: Millis(at + n * every), index })
    };
    let mut occurrences: Vec<Occurrence> = timed.iter().enumerate().flat_map(strikes).collect();
    occurrences.sort_unstable();
    occurrences
}
