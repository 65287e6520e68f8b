//! What reading by the lease of a leader would bring. Run with `-- --ignored --nocapture measure`.

use super::cluster_tests::{Cluster, batch, leader, propose, stop};
use openraft::ReadPolicy;
use std::time::{Duration, Instant};

/// Reads one after the other, and as many side by side.
const READS: usize = 2_000;

async fn read(node: &super::cluster_tests::Node, policy: ReadPolicy) -> Duration {
    loop {
        let begun = Instant::now();
        if node.replica.raft().ensure_linearizable(policy.clone()).await.is_ok() {
            return begun.elapsed();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check of behaviour"]
async fn measure_reads_by_index_and_by_lease() {
    let (_cluster, nodes) = Cluster::found(3, 3).await;
    propose(&nodes, batch(0)).await;
    let node = &nodes[&leader(&nodes).await];
    for round in 0..3 {
        for policy in [ReadPolicy::ReadIndex, ReadPolicy::LeaseRead] {
            let mut took = Vec::new();
            for _ in 0..READS {
                took.push(read(node, policy.clone()).await);
            }
            took.sort_unstable();
            let begun = Instant::now();
            let all = (0..READS).map(|_| read(node, policy.clone()));
            futures::future::join_all(all).await;
            let each = begun.elapsed() / READS as u32;
            let (p50, p99) = (took[READS / 2], took[READS * 99 / 100]);
            eprintln!(
                "round {round}, {policy}: alone {p50:?} p50, {p99:?} p99; side by side {each:?}"
            );
        }
    }
    stop(nodes).await;
}
