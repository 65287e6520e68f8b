//! The history across restarts: what it has is not written again, what it lost is, and what never
//! happened goes.

use crate::market::Market;
use hoga_cluster::history::{
    FjallHistory, History, HistoryDatabase, HistoryError, HistoryOptions, Reach, RowKey,
};
use hoga_cluster::log::LogPosition;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::PartitionId;
use hoga_engine::order::Side;
use std::path::Path;
use std::time::{Duration, Instant};

/// A market in which alice and bob have traded, stopped.
async fn traded(dir: &Path) -> PartitionId {
    let market = Market::found(dir).await;
    market.account("alice", "1000000", "0").await;
    market.account("bob", "0", "100").await;
    for n in 0..5 {
        market.limit("alice", &format!("b{n}"), Side::Buy, 2, 700).await.unwrap();
        market.limit("bob", &format!("s{n}"), Side::Sell, 2, 700).await.unwrap();
    }
    market.exchange.settled().await.unwrap();
    let partition = market.exchange.topology().account_partition("alice");
    market.exchange.stop().await;
    partition
}

/// Works on the store of a partition while no exchange does.
async fn in_store<T>(
    dir: &Path,
    partition: PartitionId,
    work: impl FnOnce(&FjallHistory) -> T,
) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match HistoryDatabase::open(&dir.join("history"), HistoryOptions::default()) {
            Ok(database) => return work(&database.partition(partition).unwrap()),
            // The threads of the exchange's own database end by themselves.
            Err(HistoryError::InUse { .. }) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

async fn rows(dir: &Path, partition: PartitionId) -> Vec<HistoryRow> {
    in_store(dir, partition, |store| store.export(None).collect::<Result<_, _>>().unwrap()).await
}

/// Starts the exchange, lets it replay, and stops it.
async fn restart(dir: &Path) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match hoga_cluster::runtime::Exchange::start(Market::options(dir)).await {
            Ok(exchange) => {
                exchange.settled().await.unwrap();
                return exchange.stop().await;
            }
            Err(error) if Instant::now() < until => {
                assert!(error.to_string().contains("in use"), "{error}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_writes_nothing_that_the_store_has() {
    let dir = tempfile::tempdir().unwrap();
    let partition = traded(dir.path()).await;
    let before = rows(dir.path(), partition).await;
    assert!(before.len() > 20, "alice's ledger, fills and orders: {}", before.len());
    // Rows that the store says it has: were they handed over again, they would be back.
    in_store(dir.path(), partition, |store| store.settle(&|_| false).unwrap()).await;
    restart(dir.path()).await;
    assert_eq!(rows(dir.path(), partition).await, []);
    // Once the store knows that it cannot tell, everything is handed over.
    in_store(dir.path(), partition, |store| store.doubt().unwrap()).await;
    restart(dir.path()).await;
    assert_eq!(rows(dir.path(), partition).await, before);
    let reach = in_store(dir.path(), partition, |store| store.reach().unwrap()).await;
    assert!(!reach.is_doubtful && reach.through.is_some(), "{reach:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_lost_is_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let partition = traded(dir.path()).await;
    let before = rows(dir.path(), partition).await;
    std::fs::remove_dir_all(dir.path().join("history")).unwrap();
    restart(dir.path()).await;
    assert_eq!(rows(dir.path(), partition).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_ahead_of_the_log_loses_what_never_happened() {
    let dir = tempfile::tempdir().unwrap();
    let partition = traded(dir.path()).await;
    let before = rows(dir.path(), partition).await;
    // As if the log had gone on, the rows of it had been written, and its end had been lost.
    in_store(dir.path(), partition, |store| {
        let further = |row: &HistoryRow| match row.clone() {
            HistoryRow::Ledger(row) => {
                HistoryRow::Ledger(hoga_engine::history::LedgerRow { sequence: 1_000, ..row })
            }
            HistoryRow::Fill(row) => {
                HistoryRow::Fill(hoga_engine::history::FillRow { sequence: 1_000, ..row })
            }
            HistoryRow::Order(mut order) => {
                order.key.no.0 += 1_000;
                HistoryRow::Order(order)
            }
            HistoryRow::Party(mut row) => {
                row.sequence = 1_000;
                HistoryRow::Party(row)
            }
            HistoryRow::Candle(row) => HistoryRow::Candle(row),
        };
        let imagined: Vec<HistoryRow> = before.iter().map(further).collect();
        store.append(&imagined).unwrap();
        let through = store.reach().unwrap().through.unwrap();
        store.note(LogPosition { index: through.index + 50, ..through });
        store.sync().unwrap();
        assert!(store.export(None).count() > before.len());
    })
    .await;
    restart(dir.path()).await;
    assert_eq!(rows(dir.path(), partition).await, before);
    let Reach { through, is_doubtful } =
        in_store(dir.path(), partition, |store| store.reach().unwrap()).await;
    assert!(through.is_some() && !is_doubtful);
    assert!(before.iter().all(|row| RowKey::of(row).account.partition() == partition));
}
