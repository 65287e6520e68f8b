//! What is followed, and how that changes while it runs.

use super::floor::{Floor, until};
use hoga_engine::follow::Snapshot;
use hoga_engine::instrument::Phase;
use hoga_engine::time::Time;
use std::time::{Duration, UNIX_EPOCH};

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_is_heard_and_traded_against() {
    let floor = Floor::open().await;
    floor.until_heard(&["KRW-BTC"]).await;
    floor.until_trades().await;
    floor.until_fed(floor.btc).await;
    let seen = floor.seen();
    assert!(seen.is_here && seen.connected.is_some() && seen.heard.is_some(), "{seen:?}");
    assert_eq!((seen.connects, seen.unreadable, seen.trouble.as_str()), (1, 0, ""));
    let fed = floor.fed(floor.btc);
    assert_eq!((fed.unfit, fed.dropped, &*fed.code), (0, 0, "KRW-BTC"));
    assert_eq!((floor.venue.connects(), floor.venue.requests()), (1, 1));
    let standing = floor.following(floor.btc).await;
    assert_eq!(standing.number() / 1_000, standing.time().0 / 1_000_000, "the venue's own time");
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_change_is_followed_without_connecting_again() {
    let floor = Floor::open().await;
    floor.until_fed(floor.btc).await;

    let eth = floor.list("ETH-KRW", "KRW-ETH").await;
    floor.until_heard(&["KRW-BTC", "KRW-ETH"]).await;
    floor.until_fed(eth).await;
    floor.until_fed(floor.btc).await;
    assert!(!floor.following(eth).await.is_stale());

    floor.set_phase(eth, Phase::Halted).await;
    floor.until_heard(&["KRW-BTC"]).await;
    floor.until_fed(floor.btc).await;
    assert!(!floor.seen().fed.contains_key(&eth), "it is not heard while it is halted");
    floor.set_phase(eth, Phase::Continuous).await;
    floor.until_heard(&["KRW-BTC", "KRW-ETH"]).await;
    floor.until_fed(eth).await;

    floor.subscribe(floor.btc, None).await;
    floor.until_heard(&["KRW-ETH"]).await;
    // Two that follow one book need it once.
    floor.subscribe(floor.btc, Some("KRW-ETH")).await;
    floor.until_fed(floor.btc).await;
    floor.until_fed(eth).await;
    floor.until_heard(&["KRW-ETH"]).await;
    assert_eq!(floor.venue.connects(), 1, "it was one connection all the time");

    floor.subscribe(floor.btc, None).await;
    floor.subscribe(eth, None).await;
    floor.until_heard(&[]).await;
    until(async || floor.seen(), |seen| seen.connected.is_none()).await;
    floor.subscribe(floor.btc, Some("KRW-BTC")).await;
    floor.until_heard(&["KRW-BTC"]).await;
    floor.until_fed(floor.btc).await;
    assert_eq!(floor.venue.connects(), 2, "nothing to hear needs no connection");
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_books_at_once_the_newest_stands() {
    const POURED: u64 = 3_000;
    let floor = Floor::open().await;
    floor.until_fed(floor.btc).await;
    let before = floor.fed(floor.btc);
    floor.venue.pour(POURED as usize);
    let sum = |fed: &crate::upstream::health::Fed| {
        fed.taken + fed.conflated + fed.dropped + fed.unfit + fed.failed
    };
    let after = until(async || floor.fed(floor.btc), |fed| sum(fed) >= sum(&before) + POURED).await;
    assert!(after.conflated > POURED / 2, "the log is not flooded: {after:?}");
    assert_eq!((after.dropped, after.unfit), (0, 0), "{after:?}");
    let now = UNIX_EPOCH.elapsed().unwrap();
    let age = |time: Time| now.saturating_sub(Duration::from_nanos(time.0));
    until(async || floor.following(floor.btc).await, |it| age(it.time()) < Duration::from_secs(1))
        .await;
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_what_stands_is_dropped() {
    let floor = Floor::open().await;
    floor.until_fed(floor.btc).await;
    // Another node heard more already.
    let ahead = UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(3600);
    let number = ahead.as_micros() as u64;
    let snapshot = Snapshot { number, time: Time(number * 1_000), ..Snapshot::default() };
    let within = Duration::from_secs(5);
    floor.exchange.post(floor.btc, snapshot, Default::default(), within).await.answer.unwrap();
    let before = floor.fed(floor.btc);
    let after = until(async || floor.fed(floor.btc), |fed| fed.dropped > before.dropped + 2).await;
    assert!(after.taken <= before.taken + 1, "{after:?}");
    assert_eq!(floor.following(floor.btc).await.number(), number);
    floor.close().await;
}
