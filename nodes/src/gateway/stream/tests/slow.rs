//! Readers that do not read: the exchange goes on, and nobody is told less than the truth.

use super::reader::{Follower, Line};
use crate::gateway::tests::{Rig, buy, of};
use hoga_cluster::partition::Trace;
use hoga_cluster::runtime::Identified;
use hoga_engine::client_id::ClientId;
use hoga_engine::order::{OrderRequest, Side, Size, TimeInForce};
use hoga_engine::request::{AccountRequest, Ack};
use hoga_proto::v1::{self, Channel, SnapshotReason};
use std::time::Duration;
use tonic::transport::Endpoint;

const LPJ: &str = "instruments/LPJ-KRW";
const WHOLE: i128 = 100_000_000;
/// Bytes that the transport takes for a reader that does not read.
const WINDOW: u32 = 16 << 10;
const WITHIN: Duration = Duration::from_secs(20);

/// What a partition takes at a time, with room to spare.
const AT_ONCE: usize = 400;

/// Places orders of one unit past the gateway, and waits until they are settled.
async fn place(rig: &Rig, who: &str, side: Side, round: usize, prices: impl Iterator<Item = i128>) {
    let instrument = *rig.exchange.catalogue().instruments.keys().next().unwrap();
    let mut waiting = Vec::new();
    for (n, price) in prices.enumerate() {
        let order = OrderRequest {
            instrument,
            side,
            size: Size::Quantity(WHOLE),
            price: Some(price * WHOLE),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            self_match: None,
            terms: None,
        };
        let request = AccountRequest::Place { order, ack: Ack::Result, market_price: None };
        let identified = identified(&format!("{who}-{round}-{n}"));
        waiting.push(rig.exchange.submit(who, &identified, request).unwrap());
        if waiting.len() == AT_ONCE {
            for (origin, answer) in waiting.drain(..) {
                rig.exchange.wait(origin, answer, WITHIN).await;
            }
        }
    }
    for (origin, answer) in waiting {
        rig.exchange.wait(origin, answer, WITHIN).await;
    }
}

fn identified(id: &str) -> Identified {
    let id = ClientId::parse(id).unwrap();
    Identified { id, body_hash: 0, sent_at: None, trace: Trace::default() }
}

/// Two who can trade for long, and a line to them that holds little.
async fn rich() -> Rig {
    let mut rig = Rig::start().await;
    rig.account("alice", &[("KRW", "1000000000")]).await;
    rig.account("bob", &[("KRW", "1000000"), ("LPJ", "50000")]).await;
    let address = format!("http://{}", rig.gateway.address);
    let endpoint = Endpoint::from_shared(address).unwrap().initial_stream_window_size(WINDOW);
    rig.channel = endpoint.connect().await.unwrap();
    rig
}

#[tokio::test]
async fn a_slow_reader_of_the_book_gets_a_snapshot() {
    let rig = rich().await;
    let mut line = Line::open(&rig.anybody()).await;
    let mut book = Follower::new(Channel::Book, LPJ);
    line.subscribe(&book).await;
    // Nobody reads while far more levels change than a ring and the transport hold.
    for round in 0..10 {
        let (who, side) = [("alice", Side::Buy), ("bob", Side::Sell)][round % 2];
        let lowest = if side == Side::Buy { 500 } else { 900 };
        place(&rig, who, side, round, (0..800).map(|n| lowest + n % 100)).await;
        let sweep = AccountRequest::CancelAll { instrument: None };
        let id = identified(&format!("{who}-{round}-sweep"));
        rig.exchange.ask(who, &id, sweep, WITHIN).await;
    }
    let get = v1::GetBookRequest { name: LPJ.into(), depth: 1000, ..Default::default() };
    let now = rig.anybody().market().get_book(get).await.unwrap().into_inner().book.unwrap();
    line.follow(&mut book, now.sequence).await;
    assert!(book.snapshots.contains(&SnapshotReason::Conflated), "{:?}", book.snapshots);
    let count = book.ladder[0].len() + book.ladder[1].len();
    assert_eq!((book.sequence, count), (now.sequence, now.bids.len() + now.asks.len()));
}

#[tokio::test]
async fn a_slow_reader_of_fills_is_closed_and_resumes_from_the_history() {
    let rig = rich().await;
    let alice = rig.client("alice");
    let mut line = Line::open(&alice).await;
    let mut fills = Follower::new(Channel::Fills, "accounts/alice");
    line.subscribe(&fills).await;
    const FILLS: u64 = 3200;
    // Open orders of an account are bounded, so the two take turns.
    for round in 0..FILLS as usize / AT_ONCE {
        place(&rig, "bob", Side::Sell, round, (0..AT_ONCE).map(|_| 700)).await;
        place(&rig, "alice", Side::Buy, round, (0..AT_ONCE).map(|_| 700)).await;
    }
    while !fills.is_closed {
        assert!(fills.sequence < FILLS, "it was never closed");
        fills.take(line.hear().await.frame.unwrap());
    }
    let mut again = Line::open(&alice).await;
    assert!(again.subscribe(&fills).await, "the history has what the ring has not");
    again.follow(&mut fills, FILLS).await;
    let numbers: Vec<u64> = fills.events.keys().copied().collect();
    assert_eq!(numbers, (1..=FILLS).collect::<Vec<_>>(), "every fill once");
    assert_eq!(fills.snapshots, [SnapshotReason::First]);
    let deposit = v1::DepositRequest {
        name: "accounts/me".into(),
        amount: Some(of("KRW", "1")),
        ..Default::default()
    };
    alice.accounts().deposit(deposit).await.expect("the exchange goes on");
}

#[tokio::test]
async fn what_happens_within_the_pace_comes_together() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut frames = Vec::new();
    for frames_per_second in [0, 1_000] {
        let mut line = Line::open(&rig.anybody()).await;
        let mut book = Follower::new(Channel::Book, LPJ);
        let wish = v1::Subscribe { frames_per_second, ..book.wish() };
        line.ask(v1::client_frame::Frame::Subscribe(wish)).await;
        line.follow(&mut book, 0).await;
        let (since, first) = (std::time::Instant::now(), book.sequence);
        for _ in 0..60 {
            alice.orders().create_order(buy("1", "700")).await.unwrap();
        }
        line.follow(&mut book, first + 60).await;
        let paces = since.elapsed().as_millis() as usize / 200;
        frames.push((book.frames, paces));
    }
    let [(paced, paces), (prompt, _)] = frames[..] else { panic!("two readers: {frames:?}") };
    assert!(paced <= paces + 2, "{paced} frames in {paces} times 200 ms");
    assert!(prompt > paced, "{prompt} and {paced}");
}
