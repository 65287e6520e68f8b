//! One node from the outside of the crate: orders in, fills out, and the same after a restart.

use crate::market::{Market, WITHIN, identified};
use hoga_cluster::runtime::{Clock, Exchange, ExchangeOptions, Failure, StartError};
use hoga_engine::effect::Answer;
use hoga_engine::order::{Side, Status};
use hoga_engine::reject::Reject;
use hoga_engine::time::Time;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_matched_settled_and_answered() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    market.account("bob", "0", "500").await;
    let rests = market.limit("bob", "s1", Side::Sell, 10, 777).await.unwrap();
    assert_eq!(rests.status, Status::Open);
    let fills = market.limit("alice", "b1", Side::Buy, 4, 780).await.unwrap();
    assert_eq!((fills.status, fills.filled.0), (Status::Filled, 4));
    assert_eq!(market.balance_after("alice", &fills, "LPJ").await.available, market.lpj(4));
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_gets_the_first_answer_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    let first = market.limit("alice", "b1", Side::Buy, 4, 700).await.unwrap();
    market.exchange.stop().await;
    drop(market);

    let market = Market::open(dir.path()).await;
    let again = market.limit("alice", "b1", Side::Buy, 4, 700).await.unwrap();
    assert_eq!((again.order, again.status), (first.order, first.status));
    let other = market.limit("alice", "b1", Side::Buy, 5, 700).await;
    assert!(matches!(other, Err(Reject::ClientOrderIdReused { .. })), "{other:?}");
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_the_tail_give_back_what_was() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    market.account("bob", "0", "500").await;
    for n in 0..20 {
        market.limit("bob", &format!("s{n}"), Side::Sell, 3, 800 + n).await.unwrap();
    }
    assert!(market.exchange.snapshot().await.unwrap() > 0);
    let taken = market.limit("alice", "b1", Side::Buy, 5, 801).await.unwrap();
    assert_eq!(taken.filled.0, 5);
    let before = market.everything().await;
    market.exchange.stop().await;
    drop(market);

    let market = Market::open(dir.path()).await;
    assert_eq!(market.everything().await, before);
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    let refused = market.limit("nobody", "x", Side::Buy, 1, 700).await;
    assert!(matches!(refused, Err(Reject::AccountNotFound { .. })), "{refused:?}");
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_accounts_trade_and_every_unit_is_conserved() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    for n in 0..40 {
        market.account(&format!("user{n}"), "1000000", "1000").await;
    }
    let mut waiting = Vec::new();
    for n in 0..4000u32 {
        let account = format!("user{}", n * 7 % 40);
        let side = if n % 3 == 0 { Side::Buy } else { Side::Sell };
        let request = market.place(side, 1 + u64::from(n % 5), 760 + n * 13 % 40);
        let id = identified(&format!("o{n}"), u64::from(n));
        match market.exchange.submit(&account, &id, request) {
            Ok(submitted) => waiting.push(submitted),
            Err(Failure::Busy(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let mut filled = 0;
    for (origin, answer) in waiting {
        let reply = market.exchange.wait(origin, answer, WITHIN).await;
        if let Ok(Answer::Decided { outcome, .. }) = reply.answer {
            filled += outcome.filled.0;
        }
    }
    assert!(filled > 1000, "only {filled} lots traded");
    market.exchange.settled().await.unwrap();
    market.assert_conserved().await;
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_nobodys_any_more_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Market::found(dir.path()).await.exchange.stop().await;
    std::fs::remove_file(dir.path().join("node.json")).unwrap();
    let refused = Exchange::start(ExchangeOptions::new(dir.path())).await.err().unwrap();
    assert!(matches!(refused, StartError::IdentityLost { .. }), "{refused}");
    assert!(!dir.path().join("node.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_whose_log_is_gone_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    Market::found(dir.path()).await.exchange.stop().await;
    std::fs::remove_dir_all(dir.path().join("log")).unwrap();
    let refused = Exchange::start(ExchangeOptions::new(dir.path())).await.err().unwrap();
    assert!(matches!(refused, StartError::LogLost { .. }), "{refused}");
    assert!(hoga_cluster::verify::verify(dir.path(), |_, _| {}).is_err());
    assert!(!dir.path().join("log").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_follow_although_the_clock_was_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let noon = Time(20_000 * Time::DAY);
    let clock = Clock::virtual_from(noon);
    let options = || Market::options(dir.path());
    let market = Market::of(Exchange::start(ExchangeOptions { clock, ..options() }).await.unwrap());
    market.list().await;
    market.account("alice", "1000000", "0").await;
    market.account("bob", "0", "500").await;
    market.limit("bob", "s1", Side::Sell, 10, 777).await.unwrap();
    market.limit("alice", "b1", Side::Buy, 4, 777).await.unwrap();
    market.exchange.settled().await.unwrap();
    market.exchange.stop().await;
    drop(market);

    let clock = Clock::virtual_from(noon.minus(3_600 * Time::SECOND));
    let now = clock.clone();
    let market = Market::of(Exchange::start(ExchangeOptions { clock, ..options() }).await.unwrap());
    let set = || market.exchange.board(None, |board, _, _| board.view().set().time);
    let before = set().await.unwrap();
    market.limit("alice", "b2", Side::Buy, 4, 777).await.unwrap();
    // Nothing else happens; only the clock goes on, an hour behind what the log has seen.
    let renewed = async {
        while set().await.unwrap() < Time(before.0.max(noon.0) + Time::SECOND) {
            now.set(Time(now.now().0 + Time::SECOND / 10));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(3 * WITHIN, renewed).await.expect("the marks are renewed");
    market.exchange.stop().await;
}
