//! Twenty million accounts, measured. Run it alone and optimised:
//! `cargo test --release -p hoga-engine board::measure -- --ignored --nocapture`
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use super::arbitrary::{BTC, KRW, LPJ, LPJ_KRW, account, catalogue};
use super::board_tests::at;
use super::order::Order;
use super::rank::rank;
use super::rank_tests::{Draw, Threads};
use super::{ALL, Board, BoardKind, InTurn, Join};
use crate::amount::Amount;
use crate::instrument::Catalogue;
use crate::message::{BoardMessage, Standing};
use crate::time::Time;
use std::time::{Duration, Instant};

const ACCOUNTS: u32 = 20_000_000;
const QUERIES: usize = 200_000;

/// Minor units of a won: eight decimals, as the exchange keeps it; or none, which makes nearly
/// every return equal to some other one that is not exact in binary.
const FINE: u64 = 100_000_000;
const COARSE: u64 = 1;

/// Everybody got one of fifty round sums. One account in three never traded, so that a third of
/// all returns and realised profits tie; the others hold cash and one or two assets.
fn drawn(won: u64, index: u32, draw: &mut Draw) -> Standing {
    let deposits = Amount::from((1 + draw.below(50)) * 1_000_000 * won);
    let mut balances = vec![(KRW, deposits)];
    let mut realised = 0;
    if draw.below(3) > 0 {
        realised = Amount::from(draw.below(400_000 * won)) - Amount::from(200_000 * won);
        // In hundredths, bought at about ten won for one.
        let units = draw.below(4_000_000);
        let spent = Amount::from(units * won / 10 + draw.below(won));
        balances = vec![(KRW, deposits - spent + realised), (LPJ, Amount::from(units))];
        if draw.below(4) == 0 {
            balances.push((BTC, Amount::from(draw.below(FINE))));
        }
    }
    Standing {
        account: account(index),
        name: format!("trader{index}").into(),
        balances,
        net_deposits: deposits,
        deposits,
        realised,
        last_event: Time(Time::DAY * 20_000 + draw.below(Time::DAY)),
    }
}

/// The tests' catalogue, but with ticks of a won.
fn marked_in(won: u64) -> Catalogue {
    let mut catalogue = catalogue();
    for instrument in catalogue.instruments.values_mut() {
        instrument.tick = won.into();
    }
    catalogue
}

/// Wall time and, where the system tells it, processor time: they differ on a busy machine.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), processor_seconds());
    let result = work();
    let (wall, used) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
    println!("{what:<58} {wall:>7.3} s wall, {used:>6.2} s processor");
    result
}

/// Of the whole process, in hundredths; zero where it is not known.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Mean, 99th percentile and maximum.
fn spread(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let mean = times.iter().sum::<Duration>() / times.len() as u32;
    let (p99, max) = (times[times.len() * 99 / 100], times[times.len() - 1]);
    println!("{what:<58} mean {mean:?}, p99 {p99:?}, max {max:?}");
}

fn filled(won: u64) -> Board {
    let mut board = Board::new();
    let draw = &mut Draw(20);
    board.tick(at(100), &marked_in(won));
    for index in 0..ACCOUNTS {
        board.enter(&drawn(won, index, draw), super::Extremes::default());
    }
    board
}

/// Reads every column that the boards are made of once, and does nothing else.
fn floor(board: &Board) -> Amount {
    let figures = &board.ranking.figures;
    let columns = [&figures.equity, &figures.net_deposits, &figures.deposits, &figures.realised];
    let sums =
        columns.map(|column| (0..figures.len()).map(|slot| column.get(slot)).sum::<Amount>());
    let held = (0..figures.len()).flat_map(|slot| board.holdings.of(slot));
    let held: Amount = held.map(|(_, amount)| amount).sum();
    let events: u64 = figures.last_events.iter().fold(0, |sum, event| sum ^ event);
    sums.iter().sum::<Amount>() + held + Amount::from(events)
}

fn build_cold(board: &mut Board, join: &impl Join) {
    timed("  values", || board.revalue(join));
    let Board { ranking, register, .. } = board;
    for (order, lens) in ranking.orders(register) {
        let entries = timed(&format!("  {:?}: ranked", lens.kind), || rank(&lens, join));
        timed("  ... and put in blocks", || *order = Order::of(&entries));
    }
}

#[test]
#[ignore = "takes five gigabytes and a minute; see the head of this file"]
fn twenty_million_accounts() {
    let mut board = timed("columns filled from standings, no order yet", || filled(FINE));
    let sum = timed("floor: one pass over all columns, one core", || floor(&board));
    let words: Vec<u64> = {
        let mut draw = Draw(5);
        (0..ACCOUNTS).map(|_| draw.below(u64::MAX)).collect()
    };
    let mut sorted = words.clone();
    timed("floor: one sort of as many 64-bit numbers, one core", || sorted.sort_unstable());
    drop((words, sorted));
    timed("cold: values, returns, three exact orders, one core", || {
        build_cold(&mut board, &InTurn);
    });
    // On a machine with other work, the quickest of a few runs is nearest the truth.
    for _ in 0..5 {
        timed("cold: the same on two cores", || build_cold(&mut board, &Threads(2)));
    }
    board.marks.insert(LPJ_KRW, crate::amount::Ticks(11));
    timed("a new set of marks, one core", || board.adopt(at(200), &marked_in(FINE), &InTurn));
    board.marks.insert(LPJ_KRW, crate::amount::Ticks(12));
    timed("a new set of marks, two cores", || board.adopt(at(300), &marked_in(FINE), &Threads(2)));
    timed("a set with the same prices, two cores", || {
        board.adopt(at(400), &marked_in(FINE), &Threads(2));
    });
    questions(&board);
    events(&mut board);
    let per_account = board.bytes() as f64 / f64::from(ACCOUNTS);
    println!("{per_account:.1} bytes an account (names, holdings and all orders included)");
    println!("checksum {sum}");
}

#[test]
#[ignore = "takes five gigabytes and a minute; see the head of this file"]
fn twenty_million_accounts_that_nearly_all_tie() {
    let mut board = filled(COARSE);
    timed("cold, nearly all returns tied, one core", || build_cold(&mut board, &InTurn));
    timed("cold, nearly all returns tied, two cores", || build_cold(&mut board, &Threads(2)));
}

fn questions(board: &Board) {
    let draw = &mut Draw(7);
    for kind in BoardKind::ALL {
        let mut times = Vec::with_capacity(QUERIES);
        for _ in 0..QUERIES {
            let account = account(draw.below(ACCOUNTS.into()) as u32);
            let start = Instant::now();
            let row = board.view().rank(ALL, kind, account);
            times.push(start.elapsed());
            assert!(row.is_ok_and(|row| row.account == account));
        }
        spread(&format!("rank of any account by {kind:?}"), times);
    }
    let mut times = Vec::with_capacity(QUERIES / 100);
    for _ in 0..QUERIES / 100 {
        let start = Instant::now();
        let page = board.view().page(ALL, BoardKind::Return, draw.below(ACCOUNTS.into()), 100);
        times.push(start.elapsed());
        assert!(page.is_ok());
    }
    spread("a page of 100 rows anywhere", times);
}

fn events(board: &mut Board) {
    let (draw, catalogue) = (&mut Draw(9), marked_in(FINE));
    let mut times = Vec::with_capacity(QUERIES);
    for _ in 0..QUERIES {
        let standing = drawn(FINE, draw.below(ACCOUNTS.into()) as u32, draw);
        let message = BoardMessage::Standing(standing);
        let start = Instant::now();
        board.handle(&message, at(401), &catalogue);
        times.push(start.elapsed());
    }
    spread("an account moves in all three orders", times);
}
