//! A data directory is verified offline, whole or damaged.

use crate::market::{Market, WITHIN, identified};
use hoga_cluster::partition::MetaCommand;
use hoga_cluster::verify::verify;
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::effect::Answer;
use hoga_engine::instrument::{Calls, Instrument};
use hoga_engine::order::{OrderRequest, Side, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack};
use hoga_engine::time::Time;

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_with_snapshots_and_a_tail_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "100").await;
    market.account("bob", "500000", "500").await;
    for round in 0..3u32 {
        for n in 0..15 {
            let id = format!("{round}-{n}");
            market.limit("bob", &format!("s{id}"), Side::Sell, 3, 800 + n).await.unwrap();
            market.limit("alice", &format!("b{id}"), Side::Buy, 2, 790 + n).await.unwrap();
        }
        if round < 2 {
            market.exchange.snapshot().await.unwrap();
        }
    }
    market.exchange.stop().await;
    drop(market);

    let report = verify(dir.path(), |_, _| {}).unwrap();
    assert!(report.ok, "{report:#?}");
    let ids: Vec<_> = report.invariants.iter().map(|invariant| invariant.id).collect();
    assert_eq!(
        ids,
        ["CASH-1", "CASH-3", "FILL-1", "BOOK-2", "CASH-4", "FILL-3", "FILL-4", "LOG-3"]
    );
    let books = report.partitions.iter().filter(|p| p.snapshot_index.is_some()).count();
    assert!(books >= 4, "only {books} partitions have a snapshot");
}

/// A book is crossed while its orders collect for a call; nothing is wrong with that.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_was_left_in_a_call_verifies() {
    const WHOLE: Amount = 100_000_000;
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "100").await;
    market.account("bob", "500000", "500").await;
    let plain = market.exchange.catalogue().instrument_by_symbol("LPJ-KRW").unwrap().clone();
    let calls = Calls { opening_ns: 3600 * Time::SECOND, ..Calls::default() };
    let (symbol, base_price) = ("CALL-KRW".into(), Some(Ticks(800)));
    let listed = Instrument { symbol, base_price, calls, ..plain };
    let command = MetaCommand::CreateInstrument(Box::new(listed));
    let done = market.exchange.administer(&identified("call", 7), command, WITHIN).await;
    assert_eq!(done.answer, Ok(Answer::Done));
    let instrument = market.exchange.catalogue().instrument_by_symbol("CALL-KRW").unwrap().id;
    for (name, side, price) in [("alice", Side::Buy, 810), ("bob", Side::Sell, 790)] {
        let order = OrderRequest {
            instrument,
            side,
            size: Size::Quantity(2 * WHOLE),
            price: Some(price * WHOLE),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            self_match: None,
            terms: None,
        };
        let place = AccountRequest::Place { order, ack: Ack::Result, market_price: None };
        let placed = market.exchange.ask(name, &identified("collects", 1), place, WITHIN).await;
        assert!(matches!(placed.answer, Ok(Answer::Decided { .. })), "{:?}", placed.answer);
    }
    market.exchange.settled().await.unwrap();
    market.exchange.stop().await;
    drop(market);

    let report = verify(dir.path(), |_, _| {}).unwrap();
    assert!(report.ok, "{report:#?}");
}
