//! Twenty million accounts, measured. Run it alone and optimised:
//! `cargo test --release -p hoga-engine board::measure -- --ignored --nocapture`
#![allow(clippy::print_stdout)]

use super::arbitrary::{BTC, KRW, LPJ, LPJ_KRW, account, catalogue};
use super::board_tests::at;
use super::rank_tests::{Draw, Threads};
use super::{ALL, Board, BoardKind, InTurn, Join};
use crate::amount::Amount;
use crate::message::{BoardMessage, Standing};
use crate::time::Time;
use std::time::{Duration, Instant};

const ACCOUNTS: u32 = 20_000_000;
const QUERIES: usize = 200_000;

/// One account in three never traded; the others hold cash and one or two assets.
fn drawn(index: u32, draw: &mut Draw) -> Standing {
    let deposits = 1_000_000 * (1 + draw.below(50));
    let mut balances = vec![(KRW, Amount::from(deposits))];
    let mut realised = 0;
    if draw.below(3) > 0 {
        realised = Amount::from(draw.below(400_000)) - 200_000;
        let units = draw.below(1_000_000);
        let cash = Amount::from(deposits.saturating_sub(units / 4));
        balances = vec![(KRW, cash + realised), (LPJ, Amount::from(units))];
        if draw.below(4) == 0 {
            balances.push((BTC, Amount::from(draw.below(100_000_000))));
        }
    }
    Standing {
        account: account(index),
        name: format!("trader{index}").into(),
        balances,
        net_deposits: deposits.into(),
        deposits: deposits.into(),
        realised,
        last_event: Time(Time::DAY * 20_000 + draw.below(Time::DAY)),
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what:<58} {:>8.3} s", start.elapsed().as_secs_f64());
    result
}

/// Mean, 99th percentile and maximum.
fn spread(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let mean = times.iter().sum::<Duration>() / times.len() as u32;
    let (p99, max) = (times[times.len() * 99 / 100], times[times.len() - 1]);
    println!("{what:<58} mean {mean:?}, p99 {p99:?}, max {max:?}");
}

fn filled() -> Board {
    let mut board = Board::new();
    let draw = &mut Draw(20);
    board.tick(at(100), &catalogue());
    for index in 0..ACCOUNTS {
        board.enter(&drawn(index, draw), super::Extremes::default());
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
    board.revalue(join);
    board.ranking.rebuild(&board.register, join);
}

#[test]
#[ignore = "takes five gigabytes and a minute; see the head of this file"]
fn twenty_million_accounts() {
    let mut board = timed("columns filled from standings, no order yet", filled);
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
    timed("cold: the same on two cores", || build_cold(&mut board, &Threads(2)));
    board.marks.insert(LPJ_KRW, crate::amount::Ticks(11));
    timed("a new set of marks, one core", || board.adopt(at(200), &catalogue(), &InTurn));
    board.marks.insert(LPJ_KRW, crate::amount::Ticks(12));
    timed("a new set of marks, two cores", || board.adopt(at(300), &catalogue(), &Threads(2)));
    timed("a set with the same prices, two cores", || {
        board.adopt(at(400), &catalogue(), &Threads(2));
    });
    questions(&board);
    events(&mut board);
    let per_account = board.bytes() as f64 / f64::from(ACCOUNTS);
    println!("{per_account:.1} bytes an account (names, holdings and all orders included)");
    println!("checksum {sum}");
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
    let (draw, catalogue) = (&mut Draw(9), catalogue());
    let mut times = Vec::with_capacity(QUERIES);
    for _ in 0..QUERIES {
        let standing = drawn(draw.below(ACCOUNTS.into()) as u32, draw);
        let message = BoardMessage::Standing(standing);
        let start = Instant::now();
        board.handle(&message, at(401), &catalogue);
        times.push(start.elapsed());
    }
    spread("an account moves in all three orders", times);
}
