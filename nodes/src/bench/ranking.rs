//! The boards: how long it takes to rank every account of a large exchange, beside one pass over
//! as many columns and one sort of as many numbers.

use super::figure::{Figure, FigureReport, Headline, Target};
use super::latency::quantile_us;
use super::{BenchError, Figures, Machine, machine, median};
use crate::replay::found::instrument;
use hoga_actors::Cores;
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::board::{
    ALL, Board, BoardKind, Join, PAGE_ROWS_MAX, QUICK_ACCOUNTS_MAX, Unranked,
};
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::{Catalogue, Instrument};
use hoga_engine::message::{BoardMessage, Standing};
use hoga_engine::time::Time;
use hoga_engine::topology::{Role, Topology};
use std::time::{Duration, Instant};

/// Questions and moves that are timed one by one.
const QUESTIONS: u32 = 200_000;
const PAGES: u32 = 2_000;
/// What a ranking reads of an account: equity, two deposits, realised profit, the last event.
const COLUMNS: u32 = 5;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub accounts: u32,
    /// Floors and new sets of marks, in turn.
    pub rounds: usize,
}

/// Fills a board, ranks it, and asks it.
///
/// # Errors
/// See [`BenchError`].
pub fn run(options: &Options) -> Result<FigureReport, BenchError> {
    let Options { accounts, rounds } = *options;
    if accounts < 2 || rounds == 0 {
        return Err(BenchError::Options("at least two accounts and one round are needed".into()));
    }
    let machine = Machine::look();
    let mut floors = vec![floor(accounts)];
    let world = World::new();
    let filled = world.filled(accounts)?;
    let (cold, mut board) = timed(|| world.rank(filled));
    let mut anew = Vec::new();
    for round in 1..=rounds {
        anew.push(world.mark_anew(&mut board, round as u32)?);
        floors.push(floor(accounts));
    }
    let ranks = ask(&board, &world, accounts)?;
    let pages = turn_pages(&board, accounts)?;
    let bytes = board.bytes() as f64 / f64::from(accounts);
    let moves = world.move_accounts(&mut board, accounts);
    drop(board);

    let quick = accounts.min(QUICK_ACCOUNTS_MAX as u32);
    let mut few = world.rank(world.filled(quick)?);
    let quick_set = world.mark_anew(&mut few, 1)?;

    let floor = median(&seconds(&floors));
    let us = |what: &str, times: &[Duration]| Figure::new(what, "us", quantile_us(times, 0.99));
    let figures = vec![
        Figure::new("cold: values, returns, three exact orders", "s", cold.as_secs_f64())
            .over(floor)
            .below(Target::Result(5.0)),
        Figure::new("a new set of marks", "s", median(&seconds(&anew)))
            .over(floor)
            .below(Target::Result(30.0)),
        Figure::new(format!("the same for {quick} accounts"), "s", quick_set.as_secs_f64())
            .below(Target::Result(1.0)),
        us("exact rank of any account, p99", &ranks).below(Target::Result(1_000.0)),
        us("a page of 100 rows anywhere, p99", &pages),
        us("an account moves in all orders, p99", &moves),
        Figure::new("memory an account, names and holdings too", "bytes", bytes),
    ];
    let side = |name, seconds, times: &[Duration]| Figures {
        name,
        rate: Some(f64::from(accounts) / seconds),
        p50_us: quantile_us(times, 0.5),
        p99_us: quantile_us(times, 0.99),
        p999_us: quantile_us(times, 0.999),
    };
    Ok(FigureReport {
        bench: "ranking",
        workload: format!("{accounts} accounts, a third of them tied, {rounds} new sets of marks"),
        machine,
        headline: Some(Headline {
            floor: side("one pass, one sort", floor, &floors),
            result: side("ranked cold", cold.as_secs_f64(), &[cold]),
            ratio: floor / cold.as_secs_f64(),
            target: None,
        }),
        figures,
        method: format!(
            "rates are accounts a second, quantiles those of whole rankings; the floor sums \
             {COLUMNS} columns of 64-bit numbers and sorts one of them, on all cores as the \
             boards do; the standings are made beforehand"
        ),
        commit: machine::commit(),
    })
}

/// One market and what its accounts came to.
struct World {
    catalogue: Catalogue,
    traded: InstrumentId,
    /// Partitions of accounts.
    homes: Vec<PartitionId>,
}

impl World {
    fn new() -> World {
        let traded = Instrument { base: AssetId(1), quote: AssetId(2), ..instrument() };
        let id = traded.id;
        let mut catalogue = Catalogue::default();
        catalogue.instruments.insert(id, traded);
        let all = Topology::default();
        let homes = all.partitions().filter(|(_, role)| *role == Role::Accounts);
        World { catalogue, traded: id, homes: homes.map(|(partition, _)| partition).collect() }
    }

    fn filled(&self, accounts: u32) -> Result<Unranked, BenchError> {
        let filled = Unranked::of((0..accounts).map(|index| self.standing(index, 0)));
        filled.map_err(|error| BenchError::Options(error.to_string()))
    }

    fn rank(&self, filled: Unranked) -> Board {
        let marks = [(self.traded, Ticks(1_000))];
        filled.rank(marks, Time(1), &self.catalogue, &Cores::all())
    }

    fn account(&self, index: u32) -> AccountId {
        let count = self.homes.len() as u32;
        AccountId::new(self.homes[(index % count) as usize], index / count)
    }

    /// Everybody was paid one of fifty round sums. A third never traded, so their figures tie;
    /// the others hold money and what it bought. Another `turn` makes them stand elsewhere.
    fn standing(&self, index: u32, turn: u64) -> Standing {
        let draw = |salt: u64| mixed(u64::from(index) + ((salt + 8 * turn) << 32));
        let rules = &self.catalogue.instruments[&self.traded];
        let deposits = Amount::from(1 + draw(1) % 50) * 100_000_000;
        let has_traded = draw(2) % 3 > 0 || turn > 0;
        let (mut realised, mut balances) = (0, vec![(rules.quote, deposits)]);
        if has_traded {
            realised = Amount::from(draw(3) % 40_000_000) - 20_000_000;
            let spent = Amount::from(draw(4) % 80_000_000);
            let bought = (rules.base, Amount::from(1 + draw(5) % 4_000_000));
            balances = vec![(rules.quote, deposits - spent + realised), bought];
        }
        Standing {
            account: self.account(index),
            name: format!("trader{index}").into(),
            balances,
            net_deposits: deposits,
            deposits,
            realised,
            last_event: Time(Time::DAY * 20_000 + draw(6) % Time::DAY),
            reset_at: Time(0),
        }
    }

    /// Another price, and the set of marks that it brings.
    fn mark_anew(&self, board: &mut Board, round: u32) -> Result<Duration, BenchError> {
        let (set, at) = (board.view().set(), Time(u64::from(round) * Time::DAY));
        let mark = BoardMessage::Mark {
            instrument: self.traded,
            price: Ticks(1_000 + round),
            time: at,
            stops: 0,
        };
        // At the time of the set before, so that it brings none by itself.
        let _ = board.handle_with(&mark, set.time, &self.catalogue, &Cores::all());
        let (took, ()) = timed(|| board.tick_with(at, &self.catalogue, &Cores::all()));
        match board.view().set().number == set.number + 1 {
            true => Ok(took),
            false => Err(BenchError::Disagreement("a new price brought no new set".into())),
        }
    }

    fn move_accounts(&self, board: &mut Board, accounts: u32) -> Vec<Duration> {
        let at = board.view().set().time;
        let moved = (0..QUESTIONS).map(|n| {
            let index = (mixed(u64::from(n)) % u64::from(accounts)) as u32;
            let message = BoardMessage::Standing(self.standing(index, 1 + u64::from(n)));
            timed(|| board.handle(&message, at, &self.catalogue)).0
        });
        moved.collect()
    }
}

fn ask(board: &Board, world: &World, accounts: u32) -> Result<Vec<Duration>, BenchError> {
    let mut times = Vec::with_capacity(QUESTIONS as usize);
    for n in 0..QUESTIONS {
        let account = world.account((mixed(u64::from(n)) % u64::from(accounts)) as u32);
        let kind = BoardKind::ALL[n as usize % BoardKind::ALL.len()];
        let (took, row) = timed(|| board.view().rank(ALL, kind, account));
        if !row.is_ok_and(|row| row.account == account) {
            return Err(BenchError::Disagreement(format!("{account:?} has no rank by {kind:?}")));
        }
        times.push(took);
    }
    Ok(times)
}

fn turn_pages(board: &Board, accounts: u32) -> Result<Vec<Duration>, BenchError> {
    let mut times = Vec::with_capacity(PAGES as usize);
    let last = u64::from(accounts).saturating_sub(100);
    for n in 0..PAGES {
        let first = mixed(u64::from(n)) % (last + 1);
        let limit = PAGE_ROWS_MAX.min(100);
        let (took, page) = timed(|| board.view().page(ALL, BoardKind::Return, first, limit));
        let is_full = page.is_ok_and(|page| page.rows.len() == limit.min(accounts as usize));
        if !is_full {
            return Err(BenchError::Disagreement(format!("the page from {first} has a hole")));
        }
        times.push(took);
    }
    Ok(times)
}

/// One pass over as many columns, and one sort of one of them.
fn floor(accounts: u32) -> Duration {
    let mut columns: Vec<Vec<u64>> = (0..COLUMNS)
        .map(|column| (0..accounts).map(|n| mixed(u64::from(n + column))).collect())
        .collect();
    let cores = Cores::all();
    let (took, _) = timed(|| {
        let sum = columns.iter().flatten().fold(0_u64, |sum, value| sum.wrapping_add(*value));
        sort(&mut columns[0], cores.ways(), cores);
        std::hint::black_box(sum)
    });
    took
}

/// Separated by value first, so that nothing has to be merged.
fn sort(numbers: &mut [u64], ways: usize, cores: Cores) {
    if ways < 2 || numbers.len() < 2 {
        return numbers.sort_unstable();
    }
    let middle = numbers.len() / 2;
    let (low, _, high) = numbers.select_nth_unstable(middle);
    cores.join(|| sort(low, ways / 2, cores), || sort(high, ways - ways / 2, cores));
}

/// Numbers that look drawn at random and are the same every time.
const fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ n >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (n ^ n >> 27).wrapping_mul(0x94D0_49BB_1331_11EB) >> 1
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let since = Instant::now();
    let result = work();
    (since.elapsed(), result)
}

fn seconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(Duration::as_secs_f64).collect()
}
