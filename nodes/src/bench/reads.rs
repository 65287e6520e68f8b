//! Reads of the history: single rows and pages, at rest and while rows are written.

use super::figure::{Figure, FigureReport, Headline, Target};
use super::latency::quantile_us;
use super::{BenchError, Figures, Machine, machine};
use hoga_cluster::history::{History, HistoryDatabase, HistoryOptions, RowKey, RowKind};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::history::{FillRow, HistoryRow};
use hoga_engine::ids::{AccountId, InstrumentId, OrderNo, PartitionId, TradeNo};
use hoga_engine::order::Side;
use hoga_engine::time::Time;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PARTITION: PartitionId = PartitionId(6);
const ACCOUNTS: u64 = 20_000;
const BLOCK: usize = 512;
const POINTS: usize = 50_000;
const PAGES: usize = 10_000;
const PAGE_ROWS: usize = 100;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub rows: u64,
    /// Rows a second that are written meanwhile.
    pub load: u64,
}

/// Fills a store and reads from it.
///
/// # Errors
/// See [`BenchError`].
pub fn run(options: &Options) -> Result<FigureReport, BenchError> {
    let each = options.rows / ACCOUNTS;
    if each < 2 * PAGE_ROWS as u64 || options.load == 0 {
        let what = format!("at least {} rows and some load are needed", 200 * ACCOUNTS);
        return Err(BenchError::Options(what));
    }
    let machine = Machine::look();
    let dir = tempfile::tempdir().map_err(failed)?;
    let database = HistoryDatabase::open(dir.path(), HistoryOptions::default()).map_err(failed)?;
    let history = database.partition(PARTITION).map_err(failed)?;
    fill(&history, 1..=each)?;
    history.sync().map_err(failed)?;
    let rest = read(&history, each)?;

    let (ended, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let (busy, rate) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&history, each, options.load, &ended, &written));
        let since = Instant::now();
        let busy = read(&history, each);
        ended.store(true, Ordering::Relaxed);
        let rate = written.load(Ordering::Relaxed) as f64 / since.elapsed().as_secs_f64();
        writing.join().expect("the writer does not panic")?;
        busy.map(|busy| (busy, rate))
    })?;
    let figure = |what: &str, times: &[Duration], target| {
        Figure::new(what, "us", p99(times)).below(Target::Result(target))
    };
    let figures = vec![
        figure("point read p99, at rest", &rest.points, 1e3),
        figure("page of 100 p99, at rest", &rest.pages, 5e3),
        figure("point read p99, while writing", &busy.points, 1e3).over(p99(&rest.points)),
        figure("page of 100 p99, while writing", &busy.pages, 5e3).over(p99(&rest.pages)),
        Figure::new("rows written meanwhile", "/s", rate),
    ];
    Ok(FigureReport {
        bench: "history",
        workload: format!(
            "{} fills of {ACCOUNTS} accounts, {POINTS} rows and {PAGES} pages at random places",
            each * ACCOUNTS
        ),
        machine,
        headline: Some(Headline {
            floor: side("point reads, at rest", &rest.points),
            result: side("point reads, while writing", &busy.points),
            ratio: p99(&busy.points) / p99(&rest.points),
            target: None,
        }),
        figures,
        method: "through the port, tail and store; the floor of a read while writing is the same \
                 read at rest"
            .into(),
        commit: machine::commit(),
    })
}

struct Times {
    points: Vec<Duration>,
    pages: Vec<Duration>,
}

fn read(history: &dyn History, each: u64) -> Result<Times, BenchError> {
    let mut seed = 1_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let account = |n| AccountId::new(PARTITION, n as u32);
    let (mut points, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..POINTS {
        let (account, sequence) = (account(random(ACCOUNTS)), 1 + random(each));
        let since = Instant::now();
        let found = history.get(RowKey { account, kind: RowKind::Fill, sequence });
        points.push(since.elapsed());
        if found.map_err(failed)?.is_none() {
            return Err(BenchError::Disagreement(format!("row {sequence} is missing")));
        }
    }
    for _ in 0..PAGES {
        let account = account(random(ACCOUNTS));
        let before = PAGE_ROWS as u64 + 1 + random(each - PAGE_ROWS as u64);
        let since = Instant::now();
        let page = history.page(account, RowKind::Fill, Some(before), PAGE_ROWS);
        pages.push(since.elapsed());
        if page.map_err(failed)?.len() != PAGE_ROWS {
            return Err(BenchError::Disagreement("a page has a hole".into()));
        }
    }
    Ok(Times { points, pages })
}

/// Writes rows of all accounts in turn, the worst order for the store.
fn fill(history: &dyn History, sequences: impl Iterator<Item = u64>) -> Result<(), BenchError> {
    let mut block = Vec::with_capacity(BLOCK);
    for sequence in sequences {
        for account in 0..ACCOUNTS {
            block.push(row(account, sequence));
            if block.len() == BLOCK {
                history.append(&block).map_err(failed)?;
                block.clear();
            }
        }
    }
    history.append(&block).map_err(failed)
}

/// Goes on writing at a steady rate until it is told to end.
fn write(
    history: &dyn History,
    each: u64,
    rate: u64,
    ended: &AtomicBool,
    written: &AtomicU64,
) -> Result<(), BenchError> {
    let since = Instant::now();
    let mut next = 0;
    while !ended.load(Ordering::Relaxed) {
        let due = Duration::from_secs_f64(next as f64 / rate as f64);
        std::thread::sleep(due.saturating_sub(since.elapsed()));
        let block: Vec<HistoryRow> = (next..next + BLOCK as u64)
            .map(|n| row(n % ACCOUNTS, each + 1 + n / ACCOUNTS))
            .collect();
        history.append(&block).map_err(failed)?;
        next += BLOCK as u64;
        written.store(next, Ordering::Relaxed);
    }
    Ok(())
}

fn row(account: u64, sequence: u64) -> HistoryRow {
    HistoryRow::Fill(FillRow {
        account: AccountId::new(PARTITION, account as u32),
        sequence,
        order: OrderNo(sequence),
        instrument: InstrumentId(5),
        trade: TradeNo(1_000_000 + sequence * 3),
        side: if sequence.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        is_maker: sequence.is_multiple_of(3),
        price: Ticks(650_000 + (sequence % 997) as u32),
        quantity: Lots(1 + sequence % 5_000),
        notional: 65_000_000_000 + i128::from(sequence) * 1_003,
        fee: 32_500_000,
        tax: 0,
        time: Time(1_767_225_600 * Time::SECOND + sequence),
        posted: Time(1_767_225_600 * Time::SECOND + sequence),
        source: None,
    })
}

/// One caller's reads, one after the other.
fn side(name: &'static str, times: &[Duration]) -> Figures {
    let rate = times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64();
    let [p50_us, p99_us, p999_us] = [0.5, 0.99, 0.999].map(|share| quantile_us(times, share));
    Figures { name, rate: Some(rate), p50_us, p99_us, p999_us }
}

fn p99(times: &[Duration]) -> f64 {
    quantile_us(times, 0.99)
}

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}
