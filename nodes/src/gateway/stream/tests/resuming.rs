//! Readers that come back: also after the node was away.

use super::reader::{Follower, Line};
use crate::gateway::tests::{Client, Rig, anywhere, buy, of, sell};
use hoga_proto::v1::content::Content;
use hoga_proto::v1::{self, Channel, SnapshotReason};

use std::time::{Duration, Instant};

const LPJ: &str = "instruments/LPJ-KRW";

/// All topics of the market and of alice.
fn followers() -> Vec<Follower> {
    [
        (Channel::Book, LPJ),
        (Channel::Trades, LPJ),
        (Channel::Ticker, LPJ),
        (Channel::Orders, "accounts/alice"),
        (Channel::Fills, "accounts/alice"),
        (Channel::Balances, "accounts/alice"),
    ]
    .map(|(kind, name)| Follower::new(kind, name))
    .into()
}

/// Bob sells to alice, so that something happens everywhere.
async fn trade(rig: &Rig, times: u64) {
    for _ in 0..times {
        rig.client("bob").orders().create_order(sell("1", "700")).await.unwrap();
        let mut taken = buy("1", "700");
        taken.ack = v1::Ack::Full.into();
        rig.client("alice").orders().create_order(taken).await.unwrap();
    }
}

/// Follows every topic to where it is now.
async fn catch_up(client: &Client, followers: &mut [Follower], trades: u64) -> Vec<bool> {
    let mut line = Line::open(client).await;
    let mut resumed = Vec::new();
    for follower in followers.iter() {
        resumed.push(line.subscribe(follower).await);
    }
    let is_there = |followers: &[Follower]| {
        let [book, trade, ticker, orders, fills, balances] = followers else { panic!("six") };
        let all = [book.sequence, trade.sequence, ticker.sequence, fills.sequence];
        all == [2 * trades, trades, 3 * trades, trades]
            && orders.sequence == 3 * trades
            && balances.sequence > 0
            && !followers.iter().any(|follower| follower.snapshots.is_empty())
    };
    let began = Instant::now();
    while !is_there(followers) {
        assert!(began.elapsed() < Duration::from_secs(20), "{followers:?}");
        let frame = line.hear().await.frame.unwrap();
        followers.iter_mut().for_each(|follower| follower.take(frame.clone()));
    }
    resumed
}

#[tokio::test]
async fn nothing_is_missed_while_the_node_is_away() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut all = followers();
    trade(&rig, 5).await;
    catch_up(&rig.client("alice"), &mut all, 5).await;
    trade(&rig, 5).await;
    let rig = rig.restart().await;
    let resumed = catch_up(&rig.client("alice"), &mut all, 10).await;
    assert_eq!(resumed, [true; 6]);
    trade(&rig, 5).await;
    catch_up(&rig.client("alice"), &mut all, 15).await;
    for follower in &all {
        assert_eq!(follower.snapshots, [SnapshotReason::First], "{follower:?}");
    }
    // What alice heard of her fills is what her history says, number by number.
    let fills: Vec<u64> = all[4].events.keys().copied().collect();
    assert_eq!(fills, (6..=15).collect::<Vec<_>>());
}

/// A snapshot leaves no tail to fill the rings from.
#[tokio::test]
async fn what_the_rings_do_not_have_comes_from_the_history_or_as_a_snapshot() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut all = followers();
    trade(&rig, 3).await;
    catch_up(&rig.client("alice"), &mut all, 3).await;
    trade(&rig, 4).await;
    rig.exchange.snapshot().await.unwrap();
    let rig = rig.restart().await;
    let resumed = catch_up(&rig.client("alice"), &mut all, 7).await;
    // Book, trades, ticker, orders, fills, balances.
    assert_eq!(resumed, [false, false, true, false, true, true]);
    let reasons: Vec<_> = all.iter().map(|follower| follower.snapshots.last().unwrap()).collect();
    for at in [0, 1, 3] {
        assert_eq!(reasons[at], &SnapshotReason::ResumeTooOld);
    }
    let fills: Vec<u64> = all[4].events.keys().copied().collect();
    assert_eq!(fills, [4, 5, 6, 7], "from the history");
    let Some(Content::Orders(orders)) = &all[3].held else { panic!("orders") };
    let names: Vec<_> = orders.orders.iter().map(|order| order.name.as_str()).collect();
    let finished = [4, 5, 6, 7].map(|n| format!("accounts/alice/orders/{n}"));
    assert_eq!(names, finished, "those that finished in between");
}

#[tokio::test]
async fn a_token_that_does_not_fit_gets_a_snapshot() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut all = followers();
    trade(&rig, 2).await;
    catch_up(&rig.client("alice"), &mut all, 2).await;
    // As if from an exchange that is further, and from one whose log went another way.
    let parts: Vec<String> = all[0].token.split('.').map(str::to_owned).collect();
    for token in [format!("{}.ff.{}", parts[0], parts[2]), format!("{}.1.0", parts[0])] {
        let mut book = Follower { token, ..Follower::new(Channel::Book, LPJ) };
        let mut line = Line::open(&rig.anybody()).await;
        assert!(!line.subscribe(&book).await);
        line.follow(&mut book, 0).await;
        assert_eq!((book.sequence, &book.snapshots[..]), (4, &[SnapshotReason::ResumeTooOld][..]));
    }
}

#[tokio::test]
async fn a_deposit_alone_moves_a_balance_once() {
    let rig = Rig::start().await;
    let alice = rig.account("alice", &[]).await;
    let mut line = Line::open(&alice).await;
    let mut balances = Follower::new(Channel::Balances, "accounts/alice");
    line.subscribe(&balances).await;
    let amount = Some(of("KRW", "5"));
    let deposit = v1::DepositRequest { name: "accounts/me".into(), amount, ..Default::default() };
    alice.accounts().deposit(deposit).await.unwrap();
    line.follow(&mut balances, 1).await;
    assert_eq!((balances.sequence, balances.frames), (1, 1));
}

/// The states that gateways make for all their readers are not all as new.
#[tokio::test]
async fn whoever_saw_more_at_another_gateway_goes_on_from_there() {
    let rig = Rig::start().await;
    rig.two().await;
    trade(&rig, 1).await;
    let kinds = [Channel::Ticker, Channel::Queues];
    let follower = |kind| Follower::new(kind, LPJ);
    let mut here = Line::open(&rig.client("alice")).await;
    for kind in kinds {
        here.subscribe(&follower(kind)).await;
    }
    for _ in 0..3 {
        trade(&rig, 2).await;
        let (_gateway, channel) = rig.beside(anywhere()).await;
        let mut there = Line::open(&Client::on(channel, Some("dev:alice"))).await;
        for kind in kinds {
            let mut seen = follower(kind);
            there.subscribe(&seen).await;
            while seen.token.is_empty() {
                seen.take(there.hear().await.frame.unwrap());
            }
            let mut again = Line::open(&rig.client("alice")).await;
            assert!(again.subscribe(&seen).await, "{kind:?} resumed");
        }
    }
}
