//! The figures of every account that boards compare, and how they compare them.

use super::column::AmountColumn;
use super::register::Register;
use super::score::{Prefix, Score};
use crate::amount::Amount;
use crate::message::Standing;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What accounts are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BoardKind {
    /// Profit of the season over what was put in, as a fraction.
    Return,
    /// What the account is worth, in quote minor units. The same in every season.
    Equity,
    /// Profit that sales of the season realised, in quote minor units.
    Realised,
}

impl BoardKind {
    pub const ALL: [BoardKind; 3] = [BoardKind::Return, BoardKind::Equity, BoardKind::Realised];
}

/// One row per slot, as columns: a pass reads only what it compares.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub equity: AmountColumn,
    pub net_deposits: AmountColumn,
    pub deposits: AmountColumn,
    pub realised: AmountColumn,
    /// Nanoseconds, as in [`Time`].
    pub last_events: Vec<u64>,
}

impl Figures {
    pub fn len(&self) -> usize {
        self.last_events.len()
    }

    pub fn push(&mut self, standing: &Standing, equity: Amount) {
        self.equity.push(equity);
        self.net_deposits.push(standing.net_deposits);
        self.deposits.push(standing.deposits);
        self.realised.push(standing.realised);
        self.last_events.push(standing.last_event.0);
    }

    pub fn set(&mut self, slot: usize, standing: &Standing, equity: Amount) {
        self.equity.set(slot, equity);
        self.net_deposits.set(slot, standing.net_deposits);
        self.deposits.set(slot, standing.deposits);
        self.realised.set(slot, standing.realised);
        self.last_events[slot] = standing.last_event.0;
    }

    /// Whether the account stands there already, as far as boards can see.
    pub fn is_at(&self, slot: usize, standing: &Standing, equity: Amount) -> bool {
        self.equity.get(slot) == equity
            && self.net_deposits.get(slot) == standing.net_deposits
            && self.deposits.get(slot) == standing.deposits
            && self.realised.get(slot) == standing.realised
            && self.last_events[slot] == standing.last_event.0
    }

    pub fn last_event(&self, slot: usize) -> Time {
        Time(self.last_events[slot])
    }

    /// Bytes in memory, spare room of the vectors aside.
    pub fn bytes(&self) -> usize {
        let amounts = [&self.equity, &self.net_deposits, &self.deposits, &self.realised];
        let amounts: usize = amounts.map(AmountColumn::bytes).iter().sum();
        amounts + self.last_events.len() * size_of::<u64>()
    }
}

/// Where every account stood when a season opened. Accounts that came later started with nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Starts {
    pub equity: AmountColumn,
    pub net_deposits: AmountColumn,
    pub deposits: AmountColumn,
    pub realised: AmountColumn,
}

impl Starts {
    pub fn of(figures: &Figures) -> Starts {
        let Figures { equity, net_deposits, deposits, realised, .. } = figures.clone();
        Starts { equity, net_deposits, deposits, realised }
    }

    /// The account started afresh: nothing that it had counts any more.
    pub fn forget(&mut self, slot: usize) {
        if slot < self.equity.len() {
            let Starts { equity, net_deposits, deposits, realised } = self;
            for column in [equity, net_deposits, deposits, realised] {
                column.set(slot, 0);
            }
        }
    }

    pub fn bytes(&self) -> usize {
        let columns = [&self.equity, &self.net_deposits, &self.deposits, &self.realised];
        columns.map(AmountColumn::bytes).iter().sum()
    }
}

/// One board's way of looking at the figures.
#[derive(Clone, Copy)]
pub(super) struct Lens<'a> {
    pub kind: BoardKind,
    pub register: &'a Register,
    pub figures: &'a Figures,
    /// None for the season that has no beginning.
    pub starts: Option<&'a Starts>,
}

impl Lens<'_> {
    #[inline]
    pub fn score(&self, slot: usize) -> Score {
        let figures = self.figures;
        match self.kind {
            BoardKind::Equity => Score::amount(figures.equity.get(slot)),
            BoardKind::Realised => {
                let start = self.starts.map_or(0, |starts| starts.realised.get_or_zero(slot));
                Score::amount(figures.realised.get(slot).saturating_sub(start))
            }
            BoardKind::Return => self.season_return(slot),
        }
    }

    /// (equity - start - net deposits since) / (start + deposits since).
    fn season_return(&self, slot: usize) -> Score {
        let figures = self.figures;
        let (mut put_in, mut net) = (figures.deposits.get(slot), figures.net_deposits.get(slot));
        let mut start = 0;
        if let Some(starts) = self.starts {
            start = starts.equity.get_or_zero(slot);
            put_in = put_in.saturating_sub(starts.deposits.get_or_zero(slot));
            net = net.saturating_sub(starts.net_deposits.get_or_zero(slot));
        }
        let gain = figures.equity.get(slot).saturating_sub(start).saturating_sub(net);
        Score::ratio(gain, start.saturating_add(put_in))
    }

    #[inline]
    pub fn prefix(&self, slot: usize) -> Prefix {
        let score = self.score(slot);
        match self.kind {
            BoardKind::Return => Prefix::of_ratio(&score),
            BoardKind::Equity | BoardKind::Realised => Prefix::of_amount(score.numerator),
        }
    }

    /// Equal scores: the earlier last event first, then the lower id. Never equal for two slots.
    #[inline]
    pub fn tie(&self, slot: usize) -> (u64, u64) {
        (self.figures.last_events[slot], self.register.id_bits(slot))
    }

    /// The better place is less.
    pub fn compare(&self, slot: usize, other: usize) -> Ordering {
        let scores = self.score(other).cmp(&self.score(slot));
        scores.then_with(|| self.tie(slot).cmp(&self.tie(other)))
    }
}
