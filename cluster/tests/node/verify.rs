//! A data directory is verified offline, whole or damaged.

use crate::market::Market;
use hoga_cluster::verify::verify;
use hoga_engine::order::Side;

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
