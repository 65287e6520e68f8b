//! Seasons: named periods in which returns and realised profit count from a start.

use super::figures::{BoardKind, Figures, Lens, Starts};
use super::join::Join;
use super::order::Order;
use super::rank::rank;
use super::register::Register;
use crate::reject::Reject;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Most seasons open at a time, beside [`ALL`]. Each one costs two orders and a copy of four columns.
pub const SEASONS_OPEN_MAX: usize = 3;
/// Most seasons that can be read after they were closed. The oldest go first.
pub const SEASONS_CLOSED_MAX: usize = 8;

/// The season that has no beginning and no end: every account started it with nothing.
pub const ALL: &str = "all";

/// The names of all seasons: who keeps them says which open and close.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeasonNames {
    open: Vec<Box<str>>,
    /// The last [`SEASONS_CLOSED_MAX`], in the order in which they closed.
    closed: VecDeque<Box<str>>,
}

impl SeasonNames {
    /// Takes a name for a season that opens.
    ///
    /// # Errors
    /// The name is taken, or too many are open; nothing has changed.
    pub fn open(&mut self, name: &str) -> Result<(), Reject> {
        let mut taken = self.open.iter().chain(&self.closed);
        if name == ALL || taken.any(|known| **known == *name) {
            return Err(Reject::SeasonExists { name: name.into() });
        }
        if self.open.len() >= SEASONS_OPEN_MAX {
            return Err(Reject::TooManySeasons { max: SEASONS_OPEN_MAX as u64 });
        }
        self.open.push(name.into());
        Ok(())
    }

    /// Closes the season of that name.
    ///
    /// # Errors
    /// None of that name is open; nothing has changed.
    pub fn close(&mut self, name: &str) -> Result<(), Reject> {
        let at = self.open.iter().position(|open| **open == *name);
        let at = at.ok_or_else(|| Reject::UnknownSeason { name: name.into() })?;
        if self.closed.len() >= SEASONS_CLOSED_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(self.open.remove(at));
        Ok(())
    }
}

/// An open season, or one as it stood when it was frozen.
#[derive(Clone, Debug)]
pub(super) struct Season {
    pub name: Box<str>,
    pub from: Time,
    /// None for [`ALL`].
    pub starts: Option<Starts>,
    pub returns: Order,
    pub realised: Order,
}

impl Season {
    pub fn new(name: &str, from: Time, starts: Option<Starts>) -> Season {
        let (returns, realised) = (Order::default(), Order::default());
        Season { name: name.into(), from, starts, returns, realised }
    }

    pub const fn span(&self, closed: Option<Time>) -> Span {
        Span { opened: self.from, closed }
    }
}

/// When a season was open, exchange time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// 0 for [`ALL`].
    pub opened: Time,
    /// None while it is open.
    pub closed: Option<Time>,
}

/// Figures with everything that is ranked by them.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    pub figures: Figures,
    /// Equity counts from no start, so that all seasons share its order.
    pub equity: Order,
    /// In the order in which they opened; [`ALL`] first.
    pub seasons: Vec<Season>,
}

impl Ranking {
    pub fn season(&self, name: &str) -> Option<&Season> {
        self.seasons.iter().find(|season| &*season.name == name)
    }

    pub fn lens<'a>(
        &'a self,
        register: &'a Register,
        season: &'a Season,
        kind: BoardKind,
    ) -> Lens<'a> {
        Lens { kind, register, figures: &self.figures, starts: season.starts.as_ref() }
    }

    pub fn order<'a>(&'a self, season: &'a Season, kind: BoardKind) -> &'a Order {
        match kind {
            BoardKind::Return => &season.returns,
            BoardKind::Equity => &self.equity,
            BoardKind::Realised => &season.realised,
        }
    }

    /// Every order with the lens that it is sorted by.
    pub fn orders<'a>(
        &'a mut self,
        register: &'a Register,
    ) -> impl Iterator<Item = (&'a mut Order, Lens<'a>)> {
        let Ranking { figures, equity, seasons } = self;
        let figures = &*figures;
        let whole = Lens { kind: BoardKind::Equity, register, figures, starts: None };
        let by_season = seasons.iter_mut().flat_map(move |season| {
            let starts = season.starts.as_ref();
            let lens = move |kind| Lens { kind, register, figures, starts };
            let returns = (&mut season.returns, lens(BoardKind::Return));
            [returns, (&mut season.realised, lens(BoardKind::Realised))]
        });
        std::iter::once((equity, whole)).chain(by_season)
    }

    pub fn remove(&mut self, slot: u32, register: &Register) {
        self.orders(register).for_each(|(order, lens)| order.remove(slot, &lens));
    }

    pub fn insert(&mut self, slot: u32, register: &Register) {
        self.orders(register).for_each(|(order, lens)| order.insert(slot, &lens));
    }

    /// Sorts every order anew, from the columns.
    pub fn rebuild<J: Join>(&mut self, register: &Register, join: &J) {
        self.orders(register).for_each(|(order, lens)| *order = Order::of(&rank(&lens, join)));
    }

    /// Sorts the orders of the season that opened last.
    pub fn rebuild_last_season<J: Join>(&mut self, register: &Register, join: &J) {
        let orders = self.orders(register).collect::<Vec<_>>();
        for (order, lens) in orders.into_iter().rev().take(2) {
            *order = Order::of(&rank(&lens, join));
        }
    }

    /// The account started afresh: its seasons count from nothing. It must be in no order.
    pub fn forget_starts(&mut self, slot: usize) {
        let starts = self.seasons.iter_mut().filter_map(|season| season.starts.as_mut());
        starts.for_each(|starts| starts.forget(slot));
    }

    /// Sorts only those whose scores depend on equity.
    pub fn rebuild_valued<J: Join>(&mut self, register: &Register, join: &J) {
        let valued = self.orders(register).filter(|(_, lens)| lens.kind != BoardKind::Realised);
        valued.for_each(|(order, lens)| *order = Order::of(&rank(&lens, join)));
    }

    /// Bytes in memory, spare room of the columns aside.
    pub fn bytes(&self) -> usize {
        let season = |season: &Season| {
            let starts = season.starts.as_ref().map_or(0, Starts::bytes);
            starts + season.returns.bytes() + season.realised.bytes()
        };
        let seasons: usize = self.seasons.iter().map(season).sum();
        self.figures.bytes() + self.equity.bytes() + seasons
    }
}
