//! What a venue does to those who follow it.

use super::floor::{Floor, IMPATIENT, soon_stale, until};
use super::venue::Mood;
use hoga_engine::effect::Answer;
use hoga_engine::reject::Reject;

/// What alice hears when she buys at the market, once it is refused.
async fn refused(floor: &Floor) -> Box<Reject> {
    let is_refused = |answer: &Answer| matches!(answer, Answer::Rejected { .. });
    match until(async || floor.buy().await, is_refused).await {
        Answer::Rejected { reject, .. } => reject,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_opened_and_subscribed_again() {
    let floor = Floor::open().await;
    let eth = floor.list("ETH-KRW", "KRW-ETH").await;
    floor.until_heard(&["KRW-BTC", "KRW-ETH"]).await;
    for breaks in 1..=3 {
        floor.venue.cut_all();
        until(async || floor.venue.connects(), |connects| *connects == 1 + breaks).await;
        floor.until_heard(&["KRW-BTC", "KRW-ETH"]).await;
        floor.until_fed(eth).await;
        floor.until_trades().await;
    }
    let seen = floor.seen();
    assert_eq!(seen.connects, 4);
    assert!(seen.trouble.contains("broke") || seen.trouble.contains("closed"), "{seen:?}");
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_lets_nobody_in_is_tried_again_and_again() {
    let floor = Floor::open_with(soon_stale, IMPATIENT).await;
    floor.until_trades().await;
    floor.venue.be(Mood::Refuses);
    floor.venue.cut_all();
    assert_eq!(refused(&floor).await.reason(), "FEED_STALE");
    let before = floor.venue.tries();
    until(async || floor.venue.tries(), |tries| *tries > before + 3).await;
    assert!(floor.seen().connected.is_none());
    floor.venue.be(Mood::Trades);
    floor.until_trades().await;
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_goes_silent_makes_its_instruments_stale_until_it_is_back() {
    let floor = Floor::open_with(soon_stale, IMPATIENT).await;
    floor.until_trades().await;
    floor.venue.be(Mood::Silent);
    assert_eq!(refused(&floor).await.reason(), "FEED_STALE");
    until(async || floor.seen(), |seen| seen.trouble.contains("nothing at all")).await;
    assert!(floor.following(floor.btc).await.is_stale());
    floor.venue.be(Mood::Trades);
    floor.until_trades().await;
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_answers_and_tells_nothing_is_left_and_tried_again() {
    let floor = Floor::open_with(soon_stale, IMPATIENT).await;
    floor.until_trades().await;
    floor.venue.be(Mood::Mute);
    assert_eq!(refused(&floor).await.reason(), "FEED_STALE");
    until(async || floor.seen(), |seen| seen.trouble.contains("no book")).await;
    floor.venue.be(Mood::Trades);
    floor.until_trades().await;
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_book_is_counted_and_passed_over() {
    let floor = Floor::open().await;
    floor.until_trades().await;
    floor.venue.be(Mood::Garbage);
    until(async || floor.seen().unreadable, |unreadable| *unreadable > 6).await;
    floor.until_fed(floor.btc).await;
    assert_eq!(floor.venue.connects(), 1, "books came all the same");
    floor.venue.be(Mood::Trades);
    floor.until_trades().await;
    floor.close().await;
}
