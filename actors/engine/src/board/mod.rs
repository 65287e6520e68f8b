//! The ranking board: every account of the exchange in exact order, by return, equity and
//! realised profit.
//!
//! Owns: the latest standing of every account, the marks of all instruments and the set of them
//! that is in force, seasons, frozen days.
//! Takes: standings from accounts, marks from books, the ends of days, which seasons open and close
//! ([`SeasonNames`] says so), and time.
//! Emits: which level of the circuit breaker the market has come to; all else is asked ([`View`]).
//! On failure: refuses a question with [`Missing`]; orders that contradict the figures panic.
//!
//! Accounts are valued by one set of marks at a time. A new set revalues all of them and sorts
//! anew ([`rank`]); between two sets an account moves only when its own standing changes, and
//! only that account ([`order`]). A ranking thus depends on the latest standings and the set
//! alone, never on the way there.

mod column;
mod extremes;
mod figures;
mod freeze;
mod holdings;
mod join;
mod order;
mod prices;
mod rank;
mod register;
mod score;
mod season;
mod state;
mod unranked;
mod view;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod board_tests;
#[cfg(test)]
mod rank_tests;
#[cfg(test)]
mod score_tests;
#[cfg(test)]
mod season_tests;

pub use extremes::Extremes;
pub use figures::BoardKind;
pub use freeze::{FROZEN_ACCOUNTS_MAX, FROZEN_DAYS_MAX, TradingDay};
pub use join::{InTurn, Join};
pub use prices::{MarkSet, Prices};
pub use register::ACCOUNTS_MAX;
pub use score::Score;
pub use season::{ALL, SEASONS_CLOSED_MAX, SEASONS_OPEN_MAX, SeasonNames, Span};
pub use state::BadBoard;
pub use unranked::Unranked;
pub use view::{Missing, PAGE_ROWS_MAX, Page, Row, View};

use crate::amount::Ticks;
use crate::ids::{AccountId, InstrumentId};
use crate::instrument::Catalogue;
use crate::message::{BoardMessage, DayClosed, Standing};
use crate::session::Breaker;
use crate::time::Time;
use extremes::ExtremesColumns;
use figures::{Figures, Starts};
use freeze::{Archive, Closing, Frozen};
use holdings::Holdings;
use order::Order;
use register::Register;
use season::{Ranking, Season};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Up to this many accounts a set of marks lives for a second, above for half a minute.
pub const QUICK_ACCOUNTS_MAX: usize = 100_000;
const QUICK_SET_LIFE: u64 = Time::SECOND;
const SLOW_SET_LIFE: u64 = 30 * Time::SECOND;

/// All boards of the exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "state::Kept")]
pub struct Board {
    /// The latest mark of every instrument, in force or not yet.
    marks: BTreeMap<InstrumentId, Ticks>,
    set: MarkSet,
    prices: Prices,
    register: Register,
    holdings: Holdings,
    extremes: ExtremesColumns,
    ranking: Ranking,
    archive: Archive,
    /// Days that have closed somewhere and not everywhere.
    closing: BTreeMap<TradingDay, Closing>,
    breaker: Breaker,
}

impl Default for Board {
    fn default() -> Self {
        Board::new()
    }
}

impl Board {
    /// An empty board with the season [`ALL`].
    #[must_use]
    pub fn new() -> Board {
        let seasons = vec![Season::new(ALL, Time(0), None)];
        let ranking = Ranking { figures: Figures::default(), equity: Order::default(), seasons };
        Board {
            marks: BTreeMap::new(),
            set: MarkSet::default(),
            prices: Prices::default(),
            register: Register::default(),
            holdings: Holdings::default(),
            extremes: ExtremesColumns::default(),
            ranking,
            archive: Archive::default(),
            closing: BTreeMap::new(),
            breaker: Breaker::default(),
        }
    }

    /// Takes a message, after a new set of marks when one is due.
    /// Says which level of the circuit breaker the market has come to by it.
    pub fn handle(
        &mut self,
        message: &BoardMessage,
        at: Time,
        catalogue: &Catalogue,
    ) -> Option<u8> {
        self.handle_with(message, at, catalogue, &InTurn)
    }

    /// The same, with the cores that the caller has. The result is the same, too.
    pub fn handle_with<J: Join>(
        &mut self,
        message: &BoardMessage,
        at: Time,
        catalogue: &Catalogue,
        join: &J,
    ) -> Option<u8> {
        self.tick_with(at, catalogue, join);
        match message {
            BoardMessage::Standing(standing) => self.stand(standing),
            BoardMessage::Mark { instrument, price, time, stops } => {
                self.marks.insert(*instrument, *price);
                return self.breaker.hear(*instrument, *time, *stops, catalogue, &self.marks);
            }
            BoardMessage::DayClosed(closed) => self.close(closed, at, catalogue, join),
            BoardMessage::OpenSeason(name) => self.open_season(name, at, catalogue, join),
            BoardMessage::CloseSeason(name) => self.close_season(name, at, catalogue, join),
        }
        None
    }

    /// A partition's accounts stand as they did at the close. The day is frozen, at its last prices,
    /// once that holds for all.
    fn close<J: Join>(&mut self, closed: &DayClosed, at: Time, catalogue: &Catalogue, join: &J) {
        let day = closed.day;
        if self.archive.days.contains_key(&day) {
            return;
        }
        let closing = self.closing.entry(day).or_default();
        closing.partitions.insert(closed.partition);
        closing.marks.extend(closed.marks.iter().copied());
        if closing.partitions.len() < usize::from(closed.partitions) {
            // A day that never ends must not be waited for for ever.
            if self.closing.len() > FROZEN_DAYS_MAX {
                self.closing.pop_first();
            }
            return;
        }
        let Some(Closing { marks, .. }) = self.closing.remove(&day) else { return };
        // Somebody may trade on already.
        let live = self.marks.clone();
        self.marks.extend(marks);
        self.freeze(day, at, catalogue, join);
        self.marks = live;
    }

    /// Whether a day has closed for some and not for all.
    #[must_use]
    pub fn is_closing(&self, day: TradingDay) -> bool {
        self.closing.contains_key(&day)
    }

    /// Adopts a new set of marks when one is due.
    pub fn tick(&mut self, at: Time, catalogue: &Catalogue) {
        self.tick_with(at, catalogue, &InTurn);
    }

    /// The same, with the cores that the caller has. The result is the same, too.
    pub fn tick_with<J: Join>(&mut self, at: Time, catalogue: &Catalogue, join: &J) {
        if self.is_due(at, catalogue) {
            self.adopt(at, catalogue, join);
        }
    }

    /// Whether the next tick or message at this time brings a new set: the old one has lived its
    /// time, or an instrument was listed since.
    #[must_use]
    pub fn is_due(&self, at: Time, catalogue: &Catalogue) -> bool {
        let is_quick = self.register.len() <= QUICK_ACCOUNTS_MAX;
        let life = if is_quick { QUICK_SET_LIFE } else { SLOW_SET_LIFE };
        self.set.number == 0 || self.prices.is_behind(catalogue) || self.set.time <= at.minus(life)
    }

    /// The boards as they are now.
    #[must_use]
    pub const fn view(&self) -> View<'_> {
        View { set: self.set, register: &self.register, ranking: &self.ranking }
    }

    /// The boards as they were when that day closed; none if it is not kept.
    #[must_use]
    pub fn frozen(&self, day: TradingDay) -> Option<View<'_>> {
        Some(self.look_back(self.archive.days.get(&day)?))
    }

    /// The boards of a season: as they are while it is open, as they were when it closed; none if
    /// there is no season of that name any more.
    #[must_use]
    pub fn season(&self, name: &str) -> Option<(View<'_>, Span)> {
        if let Some(open) = self.ranking.season(name) {
            return Some((self.view(), open.span(None)));
        }
        let mut closed = self.archive.seasons.iter();
        closed.find_map(|frozen| {
            let span = frozen.ranking.season(name)?.span(Some(frozen.set.time));
            Some((self.look_back(frozen), span))
        })
    }

    /// All seasons that can be read: those that are closed, in the order in which they closed, and
    /// those that are open, [`ALL`] first.
    pub fn seasons(&self) -> impl Iterator<Item = (&str, Span)> {
        let closed = self.archive.seasons.iter().flat_map(|frozen| {
            let closed = Some(frozen.set.time);
            frozen.ranking.seasons.iter().map(move |season| (season, closed))
        });
        let open = self.ranking.seasons.iter().map(|season| (season, None));
        closed.chain(open).map(|(season, closed)| (&*season.name, season.span(closed)))
    }

    fn look_back<'a>(&'a self, frozen: &'a Frozen) -> View<'a> {
        View { set: frozen.set, register: &self.register, ranking: &frozen.ranking }
    }

    /// The days that can be read, the oldest first.
    pub fn frozen_days(&self) -> impl DoubleEndedIterator<Item = TradingDay> + '_ {
        self.archive.days.keys().copied()
    }

    /// Peak and fall of an account; none without a standing.
    #[must_use]
    pub fn extremes(&self, account: AccountId) -> Option<Extremes> {
        self.register.slot(account).map(|slot| self.extremes.get(slot))
    }

    /// Keeps the rankings of a day, valued with the marks known by now. A day is frozen once:
    /// says whether this was the time.
    fn freeze<J: Join>(
        &mut self,
        day: TradingDay,
        at: Time,
        catalogue: &Catalogue,
        join: &J,
    ) -> bool {
        if self.archive.days.contains_key(&day) {
            return false;
        }
        self.adopt(at, catalogue, join);
        let frozen = Frozen { set: self.set, ranking: self.ranking.clone() };
        self.archive.keep_day(day, frozen);
        true
    }

    /// Opens a season: everything in it counts from where the accounts stand now.
    fn open_season<J: Join>(&mut self, name: &str, at: Time, catalogue: &Catalogue, join: &J) {
        if self.ranking.season(name).is_some() {
            return;
        }
        self.adopt(at, catalogue, join);
        let starts = Starts::of(&self.ranking.figures);
        self.ranking.seasons.push(Season::new(name, at, Some(starts)));
        self.ranking.rebuild_last_season(&self.register, join);
    }

    /// Closes a season; its ranking stays readable as it is now.
    fn close_season<J: Join>(&mut self, name: &str, at: Time, catalogue: &Catalogue, join: &J) {
        let is_meant = |season: &Season| &*season.name == name && season.starts.is_some();
        let Some(place) = self.ranking.seasons.iter().position(is_meant) else { return };
        self.adopt(at, catalogue, join);
        let Ranking { figures, equity, seasons } = &mut self.ranking;
        let seasons = vec![seasons.remove(place)];
        let ranking = Ranking { figures: figures.clone(), equity: equity.clone(), seasons };
        self.archive.keep_season(Frozen { set: self.set, ranking });
    }

    /// Bytes of all columns and orders, frozen days and spare room of the columns aside.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let accounts = self.register.bytes() + self.holdings.bytes() + self.extremes.bytes();
        accounts + self.ranking.bytes()
    }

    /// Values everything with the marks known by now.
    fn adopt<J: Join>(&mut self, at: Time, catalogue: &Catalogue, join: &J) {
        let prices = Prices::of(catalogue, &self.marks);
        self.set = MarkSet { number: self.set.number + 1, time: at };
        // The same prices make the same equities: whoever moved since has moved already.
        let is_news = !prices.values_like(&self.prices);
        self.prices = prices;
        if is_news {
            self.revalue(join);
            self.ranking.rebuild_valued(&self.register, join);
        }
        self.extremes.observe(&self.ranking.figures, join);
    }

    fn revalue<J: Join>(&mut self, join: &J) {
        let Board { holdings, prices, ranking, .. } = self;
        ranking.figures.equity.replace(join, |slot, _| holdings.equity(slot, prices));
    }

    /// Takes an account's standing in place of its last one.
    fn stand(&mut self, standing: &Standing) {
        let Some(slot) = self.register.slot(standing.account) else {
            return self.arrive(standing);
        };
        self.holdings.set(slot, &standing.balances);
        let equity = self.holdings.equity(slot, &self.prices);
        if self.ranking.figures.is_at(slot, standing, equity) {
            return;
        }
        self.ranking.remove(slot as u32, &self.register);
        if standing.reset_at > self.ranking.figures.last_event(slot) {
            self.ranking.forget_starts(slot);
            self.extremes.forget(slot);
        }
        self.ranking.figures.set(slot, standing, equity);
        self.ranking.insert(slot as u32, &self.register);
    }

    fn arrive(&mut self, standing: &Standing) {
        let slot = self.enter(standing, Extremes::default());
        self.ranking.insert(slot as u32, &self.register);
    }

    /// The same as [`Board::enter`], for whoever has not looked whether the account is there.
    fn enter_once(&mut self, standing: &Standing, extremes: Extremes) -> Result<(), BadBoard> {
        if self.register.slot(standing.account).is_some() {
            return Err(BadBoard::Twice(standing.account));
        }
        self.enter(standing, extremes);
        Ok(())
    }

    /// Fills the columns for a new account, without a place in the orders yet.
    fn enter(&mut self, standing: &Standing, extremes: Extremes) -> usize {
        let slot = self.register.add(standing.account, &standing.name);
        self.holdings.push(&standing.balances);
        self.extremes.push(extremes);
        let equity = self.holdings.equity(slot, &self.prices);
        self.ranking.figures.push(standing, equity);
        slot
    }
}
