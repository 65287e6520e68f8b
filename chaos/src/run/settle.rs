//! After the faults: everybody gets on, and the exchange comes to rest.

use super::load::Load;
use crate::cluster::Cluster;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the exchange has to stay as it is to be at rest.
const STILL_FOR: Duration = Duration::from_millis(600);

/// How long nobody may be elected before faults begin: nodes that have just met hand leadership
/// over until each has its share.
const STABLE_FOR: Duration = Duration::from_secs(3);
const STABLE_WITHIN: Duration = Duration::from_secs(30);

/// Waits until every partition has had its leader for a while; it is no failure that it has not.
pub(super) async fn until_stable(cluster: &Cluster) {
    let until = Instant::now() + STABLE_WITHIN;
    let mut since = (Instant::now(), BTreeMap::new());
    while Instant::now() < until {
        let mut leaders = BTreeMap::new();
        for map in cluster.operator.maps().await.values() {
            for partition in &map.partitions {
                let known = leaders.entry(partition.partition).or_insert((0, String::new()));
                if partition.term >= known.0 {
                    *known = (partition.term, partition.leader.clone());
                }
            }
        }
        let is_led = !leaders.is_empty() && leaders.values().all(|(_, leader)| !leader.is_empty());
        if !is_led || leaders != since.1 {
            since = (Instant::now(), leaders);
        } else if since.0.elapsed() >= STABLE_FOR {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// How long it took until every client had been answered; none when one was not in time.
pub(super) async fn until_live(load: &Load, within: Duration) -> Option<Duration> {
    let begun = load.pulse().now();
    while load.pulse().now() < begun + within {
        if load.pulse().all_since(load.clients(), begun) {
            return Some(load.pulse().now().saturating_sub(begun));
        }
        sleep(LOOK_EVERY).await;
    }
    None
}

/// What was applied at rest, by partition and node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    /// Every node has applied as much of every partition as any other.
    pub is_equal: bool,
    /// Partitions that were compared.
    pub partitions: usize,
    pub nodes: usize,
    pub detail: String,
}

type Applied = BTreeMap<u32, BTreeMap<usize, (u64, u64)>>;

/// Waits until all nodes have applied the same, and nothing moves any more.
pub(super) async fn until_equal(cluster: &Cluster, within: Duration) -> Rest {
    let nodes = cluster.nodes().count();
    let until = Instant::now() + within;
    let mut same_since: Option<(Instant, Applied)> = None;
    loop {
        let (applied, detail) = applied(cluster, nodes).await;
        let now = Instant::now();
        match (&same_since, detail.is_empty()) {
            (Some((since, before)), true) if *before == applied => {
                if now.duration_since(*since) >= STILL_FOR {
                    let partitions = applied.len();
                    return Rest { is_equal: true, partitions, nodes, detail };
                }
            }
            (_, true) => same_since = Some((now, applied)),
            (_, false) => {
                same_since = None;
                if now >= until {
                    return Rest { is_equal: false, partitions: applied.len(), nodes, detail };
                }
            }
        }
        if now >= until + STILL_FOR {
            let detail = "it does not come to rest".into();
            return Rest { is_equal: false, partitions: 0, nodes, detail };
        }
        sleep(LOOK_EVERY).await;
    }
}

/// What each node has logged and applied of each partition, and what differs.
async fn applied(cluster: &Cluster, nodes: usize) -> (Applied, String) {
    let mut applied = Applied::new();
    let mut detail = String::new();
    for node in cluster.nodes() {
        let Some(status) = cluster.operator.status_of(node.place).await else {
            detail = format!("{} does not say how far it is", node.name());
            continue;
        };
        for partition in status.partitions {
            let at = (partition.last_index, partition.applied_index);
            applied.entry(partition.partition).or_default().insert(node.place, at);
        }
    }
    for (partition, by_node) in &applied {
        let mut values = by_node.values();
        let first = values.next();
        let is_equal = by_node.len() == nodes
            && first.is_some_and(|(logged, applied)| logged == applied)
            && values.all(|other| Some(other) == first);
        if !is_equal && detail.is_empty() {
            let shown: Vec<String> = by_node
                .iter()
                .map(|(place, (logged, applied))| format!("{place}: {applied} of {logged}"))
                .collect();
            detail = format!("partition {partition} is at {}", shown.join(", "));
        }
    }
    if applied.is_empty() && detail.is_empty() {
        detail = "no node answers".into();
    }
    (applied, detail)
}
