//! What happened between two maps: who went, who leads again, and how long nobody did.

use crate::cli::actor;
use hoga_proto::v1;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Follows maps as they come.
#[derive(Default)]
pub struct Timeline {
    last: Option<v1::ClusterMap>,
    /// When each node was last seen to answer.
    seen: BTreeMap<String, Instant>,
    /// Nodes that stopped answering, until somebody leads everything that they led.
    gone: BTreeMap<String, Gone>,
    /// The highest index that was ever seen applied, by partition.
    applied: BTreeMap<u32, u64>,
}

struct Gone {
    since: Instant,
    led: Vec<u32>,
}

impl Timeline {
    /// What is new in a map, a sentence each.
    pub fn follow(&mut self, map: &v1::ClusterMap, now: Instant) -> Vec<String> {
        let mut told = Vec::new();
        for node in &map.nodes {
            self.follow_node(node, map, now, &mut told);
        }
        for partition in &map.partitions {
            let applied = self.applied.entry(partition.partition).or_default();
            *applied = (*applied).max(partition.applied_index);
        }
        self.follow_leaders(map, now, &mut told);
        self.last = Some(map.clone());
        told
    }

    fn follow_node(
        &mut self,
        node: &v1::ClusterNode,
        map: &v1::ClusterMap,
        now: Instant,
        told: &mut Vec<String>,
    ) {
        let name = actor::last_part(&node.name);
        if matches!(node.reach(), v1::NodeReach::Self_ | v1::NodeReach::Up) {
            self.seen.insert(node.name.clone(), now);
            if self.gone.remove(&node.name).is_some() || self.is_new(&node.name) {
                told.push(format!("{name} is up"));
            }
            return;
        }
        let Some(since) = self.seen.remove(&node.name) else { return };
        let before = self.last.as_ref().unwrap_or(map);
        let led = before.partitions.iter().filter(|p| p.leader == node.name);
        let led: Vec<u32> = led.map(|p| p.partition).collect();
        told.push(format!("{name} does not answer; it led {} partitions", led.len()));
        self.gone.insert(node.name.clone(), Gone { since, led });
    }

    /// Whether the node was in the table without ever being seen.
    fn is_new(&self, name: &str) -> bool {
        let Some(last) = &self.last else { return false };
        !last.nodes.iter().any(|node| {
            node.name == name && matches!(node.reach(), v1::NodeReach::Self_ | v1::NodeReach::Up)
        })
    }

    fn follow_leaders(&mut self, map: &v1::ClusterMap, now: Instant, told: &mut Vec<String>) {
        for (name, gone) in &mut self.gone {
            let before = gone.led.len();
            gone.led.retain(|led| {
                let partition = map.partitions.iter().find(|p| p.partition == *led);
                partition.is_none_or(|p| p.leader.is_empty() || p.leader == *name)
            });
            if before > 0 && gone.led.is_empty() {
                let gap = now.duration_since(gone.since);
                told.push(format!(
                    "everything that {} led is led again, {} after it was seen last; no index \
                     went back",
                    actor::last_part(name),
                    shown(gap)
                ));
            }
        }
        let Some(last) = &self.last else { return };
        for partition in &map.partitions {
            let before = last.partitions.iter().find(|p| p.partition == partition.partition);
            let moved = before.is_some_and(|before| before.leader != partition.leader);
            if moved && !partition.leader.is_empty() {
                told.push(format!(
                    "partition {} is led by {} in term {} from index {}",
                    partition.partition,
                    actor::last_part(&partition.leader),
                    partition.term,
                    partition.applied_index,
                ));
            }
        }
    }
}

fn shown(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
