//! What can be asked of a board, as it is now or as it was frozen.

use super::figures::{BoardKind, Lens};
use super::order::Order;
use super::prices::MarkSet;
use super::register::Register;
use super::score::Score;
use super::season::{Ranking, Season};
use crate::amount::Amount;
use crate::ids::AccountId;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Most rows of one answer.
pub const PAGE_ROWS_MAX: usize = 1000;

/// One account's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// From 1.
    pub rank: u64,
    pub account: AccountId,
    pub name: Box<str>,
    /// What the account is ranked by.
    pub score: Score,
    /// Quote minor units.
    pub equity: Amount,
    pub last_event: Time,
}

/// Consecutive rows, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The marks that the rows are valued with.
    pub set: MarkSet,
    /// Accounts on the board.
    pub count: u64,
    pub rows: Vec<Row>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    Season,
    Account,
}

/// A board to be read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(super) set: MarkSet,
    pub(super) register: &'a Register,
    pub(super) ranking: &'a Ranking,
}

impl<'a> View<'a> {
    /// The marks that this view is valued with.
    #[must_use]
    pub const fn set(&self) -> MarkSet {
        self.set
    }

    /// Accounts on the board.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ranking.figures.len() as u64
    }

    /// Up to `limit` rows (at most [`PAGE_ROWS_MAX`]) after the first `offset`; none past the end.
    ///
    /// # Errors
    /// No such season.
    pub fn page(
        &self,
        season: &str,
        kind: BoardKind,
        offset: u64,
        limit: usize,
    ) -> Result<Page, Missing> {
        let season = self.season(season)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(self.rows(season, kind, offset, limit.min(PAGE_ROWS_MAX)))
    }

    /// The exact place of any account. Takes about log2(accounts) steps.
    ///
    /// # Errors
    /// No such season, or no standing of that account yet.
    pub fn rank(&self, season: &str, kind: BoardKind, account: AccountId) -> Result<Row, Missing> {
        let season = self.season(season)?;
        let (slot, position, lens) = self.place(season, kind, account)?;
        Ok(self.row(slot, position, &lens))
    }

    /// The account with up to `reach` neighbours above it and as many below.
    ///
    /// # Errors
    /// No such season, or no standing of that account yet.
    pub fn around(
        &self,
        season: &str,
        kind: BoardKind,
        account: AccountId,
        reach: usize,
    ) -> Result<Page, Missing> {
        let season = self.season(season)?;
        let (_, position, _) = self.place(season, kind, account)?;
        let reach = reach.min((PAGE_ROWS_MAX - 1) / 2);
        let first = position.saturating_sub(reach);
        Ok(self.rows(season, kind, first, position - first + 1 + reach))
    }

    fn season(&self, name: &str) -> Result<&'a Season, Missing> {
        self.ranking.season(name).ok_or(Missing::Season)
    }

    fn order(&self, season: &'a Season, kind: BoardKind) -> (&'a Order, Lens<'a>) {
        (self.ranking.order(season, kind), self.ranking.lens(self.register, season, kind))
    }

    /// An account that came after a freeze has a slot, but none in the frozen figures.
    fn place(
        &self,
        season: &'a Season,
        kind: BoardKind,
        account: AccountId,
    ) -> Result<(usize, usize, Lens<'a>), Missing> {
        let slot = self.register.slot(account).ok_or(Missing::Account)?;
        if slot >= self.ranking.figures.len() {
            return Err(Missing::Account);
        }
        let (order, lens) = self.order(season, kind);
        Ok((slot, order.position(slot as u32, &lens), lens))
    }

    fn rows(&self, season: &'a Season, kind: BoardKind, first: usize, limit: usize) -> Page {
        let (order, lens) = self.order(season, kind);
        let slots = order.from(first).take(limit).enumerate();
        let rows = slots.map(|(index, slot)| self.row(slot as usize, first + index, &lens));
        Page { set: self.set, count: self.count(), rows: rows.collect() }
    }

    fn row(&self, slot: usize, position: usize, lens: &Lens) -> Row {
        Row {
            rank: position as u64 + 1,
            account: self.register.id(slot),
            name: self.register.name(slot).into(),
            score: lens.score(slot),
            equity: self.ranking.figures.equity.get(slot),
            last_event: self.ranking.figures.last_event(slot),
        }
    }
}
