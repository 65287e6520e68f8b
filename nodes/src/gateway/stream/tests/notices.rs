//! Notices: what was told is there for who comes late, and nothing is told twice or missed.

use super::reader::{Follower, Line};
use crate::gateway::tests::{Client, Rig, buy};
use hoga_engine::account::NOTICES_MAX;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::session_request::Request as Asked;
use hoga_proto::v1::{self, Channel, SnapshotReason};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

fn notices() -> Follower {
    Follower::new(Channel::Notices, "accounts/alice")
}

async fn kill_switch(client: &Client, engaged: bool) {
    let name = "accounts/me".into();
    let set = v1::SetKillSwitchRequest { name, engaged, ..Default::default() };
    client.accounts().set_kill_switch(set).await.unwrap();
}

/// Turns the kill switch until so many notices more were told.
async fn turn(client: &Client, times: usize) {
    for turn in 0..times {
        kill_switch(client, turn.is_multiple_of(2)).await;
    }
}

fn held(follower: &Follower) -> Vec<String> {
    let Some(Content::Notices(held)) = &follower.held else { panic!("no notices: {follower:?}") };
    held.notices.iter().map(|notice| notice.reason.clone()).collect()
}

#[tokio::test]
async fn a_client_that_was_lost_finds_out_what_became_of_its_orders() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut line = Line::open(&alice).await;
    let (mut told, mut orders) = (notices(), Follower::new(Channel::Orders, "accounts/alice"));
    assert!(!line.subscribe(&told).await);
    assert!(!line.subscribe(&orders).await);

    let (requests, stream) = mpsc::channel(8);
    let session = alice.orders().session(ReceiverStream::new(stream)).await.unwrap();
    let open = v1::SessionOpen {
        account: "accounts/me".into(),
        session_id: "desk".into(),
        cancel_on_disconnect: true,
        ..Default::default()
    };
    let asked = [Asked::Open(open), Asked::CreateOrder(buy("1", "700"))];
    for (tag, request) in (1..).zip(asked) {
        requests.send(v1::SessionRequest { tag, request: Some(request) }).await.unwrap();
    }
    let mut answers = session.into_inner();
    for _ in 0..2 {
        answers.message().await.unwrap().unwrap();
    }
    drop((requests, answers));

    while told.sequence < 1 || orders.sequence < 3 {
        let frame = line.hear().await.frame.unwrap();
        told.take(frame.clone());
        orders.take(frame);
    }
    let notice = told.last::<v1::Notice>();
    assert_eq!((&*notice.reason, &*notice.subject), ("SESSION_CANCELLED", "accounts/alice"));
    assert!(notice.message.starts_with("session desk "), "{}", notice.message);
    assert!(notice.message.ends_with("its open order is cancelled"), "{}", notice.message);
    assert!(notice.time.is_some());
    let order = orders.last::<v1::Order>();
    assert_eq!((order.state(), &*order.reason), (v1::OrderState::Cancelled, "DISCONNECTED"));

    // Who comes later finds it.
    let mut late = notices();
    line = Line::open(&alice).await;
    line.subscribe(&late).await;
    line.follow(&mut late, 1).await;
    assert_eq!(held(&late), ["SESSION_CANCELLED"]);
}

#[tokio::test]
async fn a_reader_that_comes_back_misses_nothing() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut told = notices();
    let mut line = Line::open(&alice).await;
    assert!(!line.subscribe(&told).await);
    turn(&alice, 4).await;
    line.follow(&mut told, 4).await;
    drop(line);

    // From the ring; from what the log brings back; and from the account alone, when a snapshot
    // left no log to fill the ring from.
    turn(&alice, 2).await;
    let mut line = Line::open(&alice).await;
    assert!(line.subscribe(&told).await);
    line.follow(&mut told, 6).await;
    turn(&alice, 2).await;
    drop((line, alice));
    let rig = rig.restart().await;
    let mut line = Line::open(&rig.client("alice")).await;
    assert!(line.subscribe(&told).await);
    line.follow(&mut told, 8).await;
    turn(&rig.client("alice"), 2).await;
    rig.exchange.snapshot().await.unwrap();
    drop(line);
    let rig = rig.restart().await;
    let mut line = Line::open(&rig.client("alice")).await;
    assert!(line.subscribe(&told).await);
    line.follow(&mut told, 10).await;
    turn(&rig.client("alice"), 2).await;
    line.follow(&mut told, 12).await;
    assert_eq!(told.snapshots, [SnapshotReason::First]);
    assert_eq!(told.events.keys().copied().collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_that_was_away_for_too_long_is_told_so() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut told = notices();
    let mut line = Line::open(&alice).await;
    line.subscribe(&told).await;
    turn(&alice, 2).await;
    line.follow(&mut told, 2).await;
    let more = NOTICES_MAX + 2;
    turn(&alice, more).await;
    rig.exchange.snapshot().await.unwrap();
    drop((line, alice));
    let rig = rig.restart().await;
    let mut line = Line::open(&rig.client("alice")).await;
    assert!(!line.subscribe(&told).await);
    line.follow(&mut told, 2 + more as u64).await;
    assert_eq!(told.snapshots, [SnapshotReason::First, SnapshotReason::ResumeTooOld]);
    assert_eq!(held(&told).len(), NOTICES_MAX);
}
