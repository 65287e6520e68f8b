//! A panic in one entity: it is rebuilt; one that panics again is suspended. Neighbours go on.

use crate::market::{Market, WITHIN, identified};
use hoga_engine::effect::Answer;
use hoga_engine::order::{Side, Status};
use hoga_engine::reject::Reject;
use hoga_engine::request::AccountRequest;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_panics_once_is_rebuilt_from_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    market.limit("alice", "b1", Side::Buy, 4, 700).await.unwrap();
    let before = market.balances().await;

    let rests = market.limit("alice", "poison:once-1", Side::Buy, 2, 600).await.unwrap();
    assert_eq!(rests.status, Status::Open);
    assert_eq!(rests.order.no.0, 2, "the order before is still there");
    let after = market.balances().await;
    assert_ne!(before, after, "the second order holds money");
    market.exchange.settled().await.unwrap();
    market.assert_conserved().await;
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rebuild_starts_from_the_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    market.limit("alice", "b1", Side::Buy, 4, 700).await.unwrap();
    market.exchange.snapshot().await.unwrap();
    market.limit("alice", "b2", Side::Buy, 1, 701).await.unwrap();
    let rests = market.limit("alice", "poison:once-2", Side::Buy, 2, 600).await.unwrap();
    assert_eq!(rests.order.no.0, 3);
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_panics_again_is_suspended_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    market.account("bob", "1000000", "100").await;
    market.limit("alice", "b1", Side::Buy, 4, 700).await.unwrap();

    let poisoned = market.limit("alice", "poison:always-1", Side::Buy, 2, 600).await;
    assert!(matches!(poisoned, Err(Reject::EntitySuspended { .. })), "{poisoned:?}");
    let later = market.limit("alice", "b2", Side::Buy, 2, 600).await;
    assert!(matches!(later, Err(Reject::EntitySuspended { .. })), "{later:?}");

    // A neighbour trades with the suspended account's order; the settlement waits, parked.
    let sold = market.limit("bob", "s1", Side::Sell, 4, 700).await.unwrap();
    assert_eq!(sold.filled.0, 4);
    market.exchange.settled().await.unwrap();

    let partition = market.exchange.topology().account_partition("alice");
    let suspended = market
        .exchange
        .core(partition, |core, _| core.suspended().keys().copied().collect::<Vec<_>>());
    let entity = suspended.await.unwrap()[0];
    market.resume(partition, entity).await;
    let nothing = market.limit("alice", "b3", Side::Buy, 1, 600).await.unwrap();
    assert_eq!(nothing.status, Status::Open);
    market.assert_conserved().await;
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    let poisoned = market.limit("alice", "poison:always-2", Side::Buy, 2, 600).await;
    assert!(matches!(poisoned, Err(Reject::EntitySuspended { .. })), "{poisoned:?}");
    market.exchange.stop().await;
    drop(market);

    let market = Market::open(dir.path()).await;
    let id = identified("b1", 1);
    let reply = market.exchange.ask("alice", &id, market.place(Side::Buy, 1, 600), WITHIN).await;
    let Ok(Answer::Rejected { reject, .. }) = reply.answer else { panic!("{reply:?}") };
    assert!(matches!(*reject, Reject::EntitySuspended { .. }), "{reject}");
    market.exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_passes_over_what_suspended_the_entity_before() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    let poisoned = market.limit("alice", "poison:always-3", Side::Buy, 2, 600).await;
    assert!(matches!(poisoned, Err(Reject::EntitySuspended { .. })), "{poisoned:?}");
    let partition = market.exchange.topology().account_partition("alice");
    let suspended = market
        .exchange
        .core(partition, |core, _| core.suspended().keys().copied().collect::<Vec<_>>());
    let entity = suspended.await.unwrap()[0];
    market.resume(partition, entity).await;

    let rests = market.limit("alice", "poison:once-3", Side::Buy, 1, 600).await.unwrap();
    assert_eq!((rests.status, rests.order.no.0), (Status::Open, 1));
    market.exchange.stop().await;
    drop(market);
    let report = hoga_cluster::verify::verify(dir.path(), |_, _| {}).unwrap();
    assert!(report.ok, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_a_snapshot_is_written_ends_the_snapshot_alone() {
    let dir = tempfile::tempdir().unwrap();
    let market = Market::found(dir.path()).await;
    market.account("alice", "1000000", "0").await;
    let partition = market.exchange.topology().account_partition("alice");
    // More blocks than may wait for the writer.
    let id = identified("open", 1);
    let opened = (0..8_000).map(|n| format!("crowd{n}"));
    let opened = opened.map(async |name| {
        market.exchange.ask(&name, &id, AccountRequest::Open, WITHIN).await.answer
    });
    let opened = futures::future::join_all(opened).await;
    assert!(opened.iter().all(Result::is_ok), "all are there");
    for round in 0..5 {
        let id = format!("poison:once-capture{round}");
        let only = [partition];
        let snapshot = market.exchange.snapshot_of(&only);
        let rests = market.limit("alice", &id, Side::Buy, 1, 600);
        let (snapshot, rests) = tokio::join!(snapshot, rests);
        assert_eq!(rests.unwrap().status, Status::Open);
        if snapshot.is_err() {
            market.exchange.snapshot_of(&[partition]).await.expect("nothing is in its way now");
            return market.exchange.stop().await;
        }
    }
    panic!("no order ever came between the blocks of a snapshot");
}
