//! What followers of a topic see: every event once, in order, or that their place is gone.

use super::event::{FeedEvent, Happened, Topic};
use super::ring::{PRIVATE_EVENTS_MAX, Tail};
use super::shelf::SHELF_BYTES_MAX;
use super::{Feed, Followed};
use hoga_engine::account::Balance;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::effect::{MarketEvent, MovedBalance};
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, PartitionId};
use hoga_engine::order::Side;
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const BOOK: InstrumentId = InstrumentId(0);
const BOOKS: PartitionId = PartitionId(2);
const ACCOUNTS: PartitionId = PartitionId(6);
const ALICE: AccountId = AccountId::new(ACCOUNTS, 0);

fn chunk(partition: PartitionId, index: u64) -> FeedEvent {
    FeedEvent {
        partition,
        index,
        time: Time(index),
        market: Vec::new(),
        orders: Vec::new(),
        fills: Vec::new(),
        balances: Vec::new(),
        notices: Vec::new(),
        ranked: None,
    }
}

/// A chunk with the levels of these numbers.
fn levels(index: u64, sequences: std::ops::RangeInclusive<u64>) -> FeedEvent {
    let level = |sequence| {
        let (side, price, quantity) = (Side::Buy, Ticks(777), Lots(sequence));
        (BOOK, MarketEvent::Level { sequence, side, price, quantity })
    };
    FeedEvent { market: sequences.map(level).collect(), ..chunk(BOOKS, index) }
}

fn moved(account: AccountId, sequence: u64) -> FeedEvent {
    let balance = Balance { available: i128::from(sequence), held: 0 };
    let moved = MovedBalance { sequence, asset: AssetId(0), balance };
    FeedEvent { balances: vec![(account, moved)], ..chunk(ACCOUNTS, sequence) }
}

fn bell() -> Arc<Notify> {
    Arc::new(Notify::new())
}

fn numbers(tail: Tail) -> Vec<u64> {
    match tail {
        Tail::Events(events) => events.iter().map(|event| event.sequence).collect(),
        other => panic!("no events: {other:?}"),
    }
}

fn follow(feed: &Feed, topic: Topic) -> Followed {
    feed.follow(topic, &bell())
}

#[tokio::test]
async fn a_follower_reads_on_from_its_place() {
    let feed = Feed::start(Topology::default());
    feed.publish(levels(1, 1..=3));
    let book = follow(&feed, Topic::Book(BOOK));
    feed.publish(levels(2, 4..=9));
    assert_eq!(numbers(book.read(0, 4)), [1, 2, 3, 4]);
    assert_eq!(numbers(book.read(4, 100)), [5, 6, 7, 8, 9]);
    assert!(matches!(book.read(9, 100), Tail::Nothing));
    let last: Vec<u64> = book.last(8, 2).iter().map(|event| event.sequence).collect();
    assert_eq!(last, [7, 8]);
}

#[tokio::test]
async fn what_was_published_before_anybody_followed_is_there() {
    let feed = Feed::start(Topology::default());
    for n in 1..=100 {
        feed.publish(moved(ALICE, n));
        feed.publish(moved(AccountId::new(ACCOUNTS, 1), n));
    }
    let balances = follow(&feed, Topic::Balances(ALICE));
    assert_eq!(numbers(balances.read(40, 100)), (41..=100).collect::<Vec<_>>());
    let Tail::Events(events) = balances.read(99, 1) else { panic!("one event is left") };
    let Happened::Balance(_, balance) = &events[0].happened else { panic!("a balance") };
    assert_eq!((balance.available, events[0].index), (100, 100));
}

#[tokio::test]
async fn a_ring_is_bounded_and_says_that_a_place_is_gone() {
    let feed = Feed::start(Topology::default());
    let balances = follow(&feed, Topic::Balances(ALICE));
    let count = PRIVATE_EVENTS_MAX as u64 + 7;
    for n in 1..=count {
        feed.publish(moved(ALICE, n));
    }
    assert!(matches!(balances.read(6, 1), Tail::Gone));
    assert_eq!(numbers(balances.read(7, usize::MAX)).len(), PRIVATE_EVENTS_MAX);
}

#[tokio::test]
async fn a_shelf_is_bounded_in_bytes() {
    let feed = Feed::start(Topology::default());
    let each = levels(0, 1..=1000).weight();
    let count = (SHELF_BYTES_MAX / each) as u64 + 10;
    for n in 0..count {
        feed.publish(levels(n, n * 1000 + 1..=n * 1000 + 1000));
    }
    let kept = super::lock(&feed.0.shelves[&BOOKS]).weighs();
    assert!(kept <= SHELF_BYTES_MAX && kept > SHELF_BYTES_MAX - 2 * each, "{kept}");
    let book = follow(&feed, Topic::Book(BOOK));
    assert!(matches!(book.read(0, 1), Tail::Gone));
}

#[tokio::test]
async fn a_bell_rings_for_its_own_topic() {
    let feed = Feed::start(Topology::default());
    let (mine, other) = (bell(), bell());
    let _alice = feed.follow(Topic::Balances(ALICE), &mine);
    let _bob = feed.follow(Topic::Balances(AccountId::new(ACCOUNTS, 1)), &other);
    feed.publish(moved(ALICE, 1));
    tokio::time::timeout(Duration::from_secs(5), mine.notified()).await.expect("the bell rings");
    let silent = tokio::time::timeout(Duration::from_millis(20), other.notified()).await;
    assert!(silent.is_err(), "a bell rang for somebody else's news");
}

#[tokio::test]
async fn a_ring_ends_with_its_last_follower() {
    let feed = Feed::start(Topology::default());
    let first = follow(&feed, Topic::Book(BOOK));
    let second = follow(&feed, Topic::Book(BOOK));
    drop(first);
    feed.publish(levels(1, 1..=2));
    assert_eq!(numbers(second.read(0, 9)), [1, 2]);
    drop(second);
    assert_eq!(super::lock(&feed.0.shelves[&BOOKS]).rings(), 0);
}
