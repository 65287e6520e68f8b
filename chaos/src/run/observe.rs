//! Who led what, as the nodes told it: elections that nobody provoked are seen so.

use crate::cluster::{Cluster, Operator};
use crate::workload::Pulse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A partition that is in another term than when it was looked at before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Election {
    pub at: Duration,
    pub partition: u32,
    pub term: u64,
}

/// Looks at the exchange while it is attacked.
pub(super) struct Observer {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<Election>>,
}

impl Observer {
    pub fn begin(cluster: &Cluster, pulse: &Arc<Pulse>) -> Observer {
        let stop = Arc::new(AtomicBool::new(false));
        let watch = look(cluster.operator.clone(), Arc::clone(pulse), Arc::clone(&stop));
        Observer { stop, task: tokio::spawn(watch) }
    }

    pub async fn end(self) -> Vec<Election> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap_or_default()
    }
}

async fn look(operator: Operator, pulse: Arc<Pulse>, stop: Arc<AtomicBool>) -> Vec<Election> {
    let mut terms: BTreeMap<u32, u64> = BTreeMap::new();
    let mut elections = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        for (_, map) in operator.maps().await {
            for partition in map.partitions.iter().filter(|p| !p.leader.is_empty()) {
                let known = terms.insert(
                    partition.partition,
                    partition.term.max(terms.get(&partition.partition).copied().unwrap_or(0)),
                );
                if known.is_some_and(|known| partition.term > known) {
                    let (partition, term) = (partition.partition, partition.term);
                    elections.push(Election { at: pulse.now(), partition, term });
                }
            }
        }
        sleep(LOOK_EVERY).await;
    }
    elections
}
