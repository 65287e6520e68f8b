//! A board as it is written: equal boards give equal bytes.
//!
//! Accounts are written in the order of their slots, which is that of the log. Whatever follows
//! from the rest (equities, orders, the layout of the pool) is left out and made anew.

use super::extremes::Extremes;
use super::figures::{Figures, Starts};
use super::freeze::{Closing, Frozen, TradingDay};
use super::join::InTurn;
use super::order::Order;
use super::prices::{MarkSet, Prices};
use super::season::{ALL, Ranking, Season};
use super::{Archive, Board};
use crate::amount::{Amount, Ticks};
use crate::ids::{AccountId, InstrumentId};
use crate::message::Standing;
use crate::session::Breaker;
use crate::time::Time;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// Why bytes are no board. Nothing was restored; the bytes stay as bad as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBoard {
    #[error("account {0:?} is there twice")]
    Twice(AccountId),
    #[error("a season or a frozen day has more accounts than the board")]
    TooLong,
    #[error("the season without a beginning is missing, or what a season's end had is not one")]
    NoSeason,
}

#[derive(Deserialize)]
pub(super) struct Kept {
    marks: BTreeMap<InstrumentId, Ticks>,
    set: MarkSet,
    prices: Prices,
    accounts: Vec<(Standing, Extremes)>,
    seasons: Vec<KeptSeason>,
    days: Vec<(TradingDay, KeptFrozen)>,
    closed: Vec<KeptFrozen>,
    closing: BTreeMap<TradingDay, Closing>,
    breaker: Breaker,
}

#[derive(Deserialize)]
struct KeptFrozen {
    set: MarkSet,
    figures: Vec<KeptFigures>,
    seasons: Vec<KeptSeason>,
}

#[derive(Deserialize)]
struct KeptSeason {
    name: Box<str>,
    from: Time,
    starts: Option<Vec<[Amount; 4]>>,
}

/// Equity, net deposits, deposits, realised profit; time of the last event.
type KeptFigures = ([Amount; 4], Time);

/// The same fields in the same order, borrowed.
#[derive(Serialize)]
struct KeptRef<'a> {
    marks: &'a BTreeMap<InstrumentId, Ticks>,
    set: MarkSet,
    prices: &'a Prices,
    #[serde(serialize_with = "write_accounts")]
    accounts: &'a Board,
    #[serde(serialize_with = "write_seasons")]
    seasons: &'a [Season],
    #[serde(serialize_with = "write_days")]
    days: &'a Archive,
    #[serde(serialize_with = "write_closed")]
    closed: &'a Archive,
    closing: &'a BTreeMap<TradingDay, Closing>,
    breaker: Breaker,
}

#[derive(Serialize)]
struct KeptFrozenRef<'a> {
    set: MarkSet,
    #[serde(serialize_with = "write_figures")]
    figures: &'a Figures,
    #[serde(serialize_with = "write_seasons")]
    seasons: &'a [Season],
}

#[derive(Serialize)]
struct KeptSeasonRef<'a> {
    name: &'a str,
    from: Time,
    #[serde(serialize_with = "write_starts")]
    starts: Option<&'a Starts>,
}

impl Serialize for Board {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Board { marks, set, prices, ranking, archive, closing, breaker, .. } = self;
        let (set, breaker, seasons) = (*set, *breaker, &ranking.seasons[..]);
        let (accounts, days, closed) = (self, archive, archive);
        let kept =
            KeptRef { marks, set, prices, accounts, seasons, days, closed, closing, breaker };
        kept.serialize(to)
    }
}

fn write_accounts<S: Serializer>(board: &Board, to: S) -> Result<S::Ok, S::Error> {
    let figures = &board.ranking.figures;
    to.collect_seq((0..board.register.len()).map(|slot| {
        let standing = Standing {
            account: board.register.id(slot),
            name: board.register.name(slot).into(),
            balances: board.holdings.of(slot).collect(),
            net_deposits: figures.net_deposits.get(slot),
            deposits: figures.deposits.get(slot),
            realised: figures.realised.get(slot),
            last_event: figures.last_event(slot),
            // Of no use any more: it was taken in.
            reset_at: Time(0),
        };
        (standing, board.extremes.get(slot))
    }))
}

fn write_seasons<S: Serializer>(seasons: &[Season], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(seasons.iter().map(|season| KeptSeasonRef {
        name: &season.name,
        from: season.from,
        starts: season.starts.as_ref(),
    }))
}

fn write_starts<S: Serializer>(starts: &Option<&Starts>, to: S) -> Result<S::Ok, S::Error> {
    struct Rows<'a>(&'a Starts);
    impl Serialize for Rows<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let Starts { equity, net_deposits, deposits, realised } = self.0;
            let columns = [equity, net_deposits, deposits, realised];
            to.collect_seq((0..equity.len()).map(|slot| columns.map(|column| column.get(slot))))
        }
    }
    starts.map(Rows).serialize(to)
}

fn write_days<S: Serializer>(archive: &Archive, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(archive.days.iter().map(|(day, frozen)| (day, KeptFrozenRef::from(frozen))))
}

fn write_closed<S: Serializer>(archive: &Archive, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(archive.seasons.iter().map(KeptFrozenRef::from))
}

impl<'a> From<&'a Frozen> for KeptFrozenRef<'a> {
    fn from(Frozen { set, ranking }: &'a Frozen) -> KeptFrozenRef<'a> {
        KeptFrozenRef { set: *set, figures: &ranking.figures, seasons: &ranking.seasons }
    }
}

fn write_figures<S: Serializer>(figures: &Figures, to: S) -> Result<S::Ok, S::Error> {
    let Figures { equity, net_deposits, deposits, realised, .. } = figures;
    let columns = [equity, net_deposits, deposits, realised];
    let row = |slot| -> KeptFigures {
        (columns.map(|column| column.get(slot)), figures.last_event(slot))
    };
    to.collect_seq((0..figures.len()).map(row))
}

impl TryFrom<Kept> for Board {
    type Error = BadBoard;

    fn try_from(kept: Kept) -> Result<Board, BadBoard> {
        let Kept { marks, set, prices, accounts, seasons, days, closed, closing, breaker } = kept;
        let mut board = Board { marks, set, prices, closing, breaker, ..Board::new() };
        for (standing, extremes) in &accounts {
            board.enter_once(standing, *extremes)?;
        }
        let figures = std::mem::take(&mut board.ranking.figures);
        board.ranking = ranking(&board, figures, seasons)?;
        for (day, kept) in days {
            let frozen = frozen(&board, kept)?;
            board.archive.days.insert(day, frozen);
        }
        for kept in closed {
            let frozen = frozen(&board, kept)?;
            board.archive.seasons.push_back(frozen);
        }
        if has_its_seasons(&board) { Ok(board) } else { Err(BadBoard::NoSeason) }
    }
}

fn has_its_seasons(board: &Board) -> bool {
    let Archive { days, seasons } = &board.archive;
    let mut whole = days.values().map(|day| &day.ranking).chain([&board.ranking]);
    let is_all = |season: &Season| &*season.name == ALL && season.starts.is_none();
    whole.all(|ranking| ranking.seasons.first().is_some_and(is_all))
        && seasons.iter().all(|closed| closed.ranking.seasons.len() == 1)
}

fn frozen(board: &Board, kept: KeptFrozen) -> Result<Frozen, BadBoard> {
    let KeptFrozen { set, figures, seasons } = kept;
    let ranking = ranking(board, figures.into_iter().collect(), seasons)?;
    Ok(Frozen { set, ranking })
}

/// Figures and seasons, sorted anew.
fn ranking(board: &Board, figures: Figures, kept: Vec<KeptSeason>) -> Result<Ranking, BadBoard> {
    let starts = |rows: &Vec<_>| rows.len();
    let longest = kept.iter().filter_map(|season| season.starts.as_ref().map(starts)).max();
    if figures.len() > board.register.len() || longest.unwrap_or(0) > figures.len() {
        return Err(BadBoard::TooLong);
    }
    let season = |KeptSeason { name, from, starts }| {
        Season::new(&name, from, starts.map(|rows| rows.into_iter().collect()))
    };
    let seasons = kept.into_iter().map(season).collect();
    let mut ranking = Ranking { figures, equity: Order::default(), seasons };
    ranking.rebuild(&board.register, &InTurn);
    Ok(ranking)
}

impl FromIterator<KeptFigures> for Figures {
    fn from_iter<I: IntoIterator<Item = KeptFigures>>(rows: I) -> Figures {
        let mut figures = Figures::default();
        for ([equity, net_deposits, deposits, realised], last_event) in rows {
            figures.equity.push(equity);
            figures.net_deposits.push(net_deposits);
            figures.deposits.push(deposits);
            figures.realised.push(realised);
            figures.last_events.push(last_event.0);
        }
        figures
    }
}

impl FromIterator<[Amount; 4]> for Starts {
    fn from_iter<I: IntoIterator<Item = [Amount; 4]>>(rows: I) -> Starts {
        let mut starts = Starts::default();
        for [equity, net_deposits, deposits, realised] in rows {
            starts.equity.push(equity);
            starts.net_deposits.push(net_deposits);
            starts.deposits.push(deposits);
            starts.realised.push(realised);
        }
        starts
    }
}
