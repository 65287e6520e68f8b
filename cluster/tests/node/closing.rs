//! The end of a day: boards freeze at its last prices, and stay as they were.

use crate::market::{Market, WITHIN, identified};
use hoga_cluster::partition::{Core, Limits, MetaCommand};
use hoga_cluster::runtime::{Clock, Exchange, ExchangeOptions};
use hoga_engine::amount::Amount;
use hoga_engine::board::{ALL, BoardKind, TradingDay};
use hoga_engine::effect::Answer;
use hoga_engine::ids::InstrumentId;
use hoga_engine::instrument::Phase;
use hoga_engine::order::Side;
use hoga_engine::request::AccountRequest;
use hoga_engine::session::{PlannedPhase, Schedule, Span};
use hoga_engine::time::Time;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// 2024-10-04, a Friday.
const FRIDAY: Time = Time(20_000 * Time::DAY);
const DAY: TradingDay = TradingDay(20_241_004);
const HOUR: u64 = 3_600 * Time::SECOND;

async fn exchange(dir: &Path, clock: &Clock) -> Market {
    let options = ExchangeOptions { clock: clock.clone(), ..Market::options(dir) };
    Market::of(Exchange::start(options).await.unwrap())
}

/// Open from 10:00 to 13:00.
async fn keep_hours(market: &Market) {
    let spans = vec![Span { phase: PlannedPhase::Continuous, from: 600, to: 780 }];
    let schedule = Schedule { spans, weekends: true, ..Schedule::default() };
    let schedule = Some(Some(Box::new(schedule)));
    let instrument = InstrumentId(0);
    let limits = Limits { schedule, ..Limits::default() };
    let command = MetaCommand::SetLimits { instrument, limits };
    let reply = market.exchange.administer(&identified("hours", 1), command, WITHIN).await;
    assert_eq!(reply.answer.unwrap(), Answer::Done);
}

/// Names and equities of a board, best first; none while that day is not frozen.
async fn ranked(market: &Market, day: Option<TradingDay>) -> Option<Vec<(String, Amount)>> {
    let read = market.exchange.board(None, move |board, _, _| {
        let view = match day {
            Some(day) => board.frozen(day)?,
            None => board.view(),
        };
        let page = view.page(ALL, BoardKind::Equity, 0, 100).ok()?;
        Some(page.rows.iter().map(|row| (row.name.to_string(), row.equity)).collect())
    });
    read.await.unwrap()
}

/// Lets the clock go on until a day is frozen.
async fn frozen(market: &Market, clock: &Clock, day: TradingDay) -> Vec<(String, Amount)> {
    let closed = async {
        loop {
            if let Some(rows) = ranked(market, Some(day)).await {
                return rows;
            }
            clock.set(Time(clock.now().0 + Time::SECOND / 10));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(3 * WITHIN, closed).await.expect("the day is frozen")
}

/// RANK-1 at a cut: every account's worth out of its own balances, at this price.
async fn recomputed(market: &Market, price: Amount) -> Vec<(String, Amount)> {
    let (krw, lpj) = {
        let catalogue = market.exchange.catalogue();
        let id = |code| catalogue.asset_by_code(code).unwrap().id;
        (id("KRW"), id("LPJ"))
    };
    let mut all = Vec::new();
    for (name, balances) in market.balances().await {
        let held: BTreeMap<_, _> = balances.into_iter().map(|(id, b)| (id, b.total())).collect();
        let of = |id| held.get(&id).copied().unwrap_or(0);
        all.push((name, of(krw) + of(lpj) * price));
    }
    all.sort_by_key(|(_, equity)| -equity);
    all
}

/// Waits until all accounts have heard that the market is open.
async fn until_open(market: &Market) {
    for partition in market.accounts() {
        let is_open = |core: &Core, _| {
            let listed = core.scene().catalogue.instruments.get(&InstrumentId(0));
            listed.is_some_and(|listed| listed.phase == Phase::Continuous)
        };
        while !market.exchange.core(partition, is_open).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_freezes_the_boards_at_its_prices_and_the_next_day_leaves_them() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::virtual_from(Time(FRIDAY.0 + 12 * HOUR));
    let market = exchange(dir.path(), &clock).await;
    market.list().await;
    keep_hours(&market).await;
    // In all partitions of accounts.
    for nth in 0..20 {
        market.account(&format!("user{nth}"), "1000000", &format!("{}", 500 + 7 * nth)).await;
    }
    for nth in 0..10u32 {
        let (maker, taker) = (format!("user{nth}"), format!("user{}", nth + 10));
        market.limit(&maker, "s", Side::Sell, 10, 777 + nth).await.unwrap();
        market.limit(&taker, "b", Side::Buy, 10, 777 + nth).await.unwrap();
    }
    assert_eq!(ranked(&market, Some(DAY)).await, None);
    clock.set(Time(FRIDAY.0 + 13 * HOUR));
    let rows = frozen(&market, &clock, DAY).await;
    // The last price of the day.
    assert_eq!(rows, recomputed(&market, 786).await);
    let days = market.exchange.board(None, |board, _, _| board.frozen_days().collect::<Vec<_>>());
    assert_eq!(days.await.unwrap(), [DAY]);

    // Saturday: somebody is paid, and the price is another; Friday is what it was.
    clock.set(Time(FRIDAY.0 + Time::DAY + 10 * HOUR));
    let asset = market.exchange.catalogue().asset_by_code("KRW").unwrap().id;
    let request = AccountRequest::Deposit { asset, amount: 1_000_000_000_000_000 };
    market.exchange.ask("user3", &identified("rich", 9), request, WITHIN).await.answer.unwrap();
    until_open(&market).await;
    market.limit("user0", "s2", Side::Sell, 10, 900).await.unwrap();
    market.limit("user10", "b2", Side::Buy, 10, 900).await.unwrap();
    market.exchange.settled().await.unwrap();
    clock.set(Time(FRIDAY.0 + Time::DAY + 13 * HOUR));
    let saturday = frozen(&market, &clock, TradingDay(20_241_005)).await;
    assert_eq!(saturday, recomputed(&market, 900).await);
    assert_eq!(ranked(&market, Some(DAY)).await.unwrap(), rows);
    market.exchange.snapshot().await.unwrap();
    market.exchange.stop().await;
    drop(market);
    let market = exchange(dir.path(), &clock).await;
    assert_eq!(ranked(&market, Some(DAY)).await.unwrap(), rows, "also behind a restart");
    market.exchange.stop().await;
}
