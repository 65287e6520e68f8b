//! Which nodes vote in a partition, and which of them should lead it.
//!
//! Every node has a replica of every partition, so that its gateway answers from its own. An odd
//! number of them votes: a fourth vote would make a quorum larger and nothing safer.

use super::nodes::{NodeId, NodeTable, Standing};
use hoga_engine::ids::PartitionId;
use std::collections::BTreeSet;

/// The nodes that should vote in a partition: three of three or four, five of five. With four,
/// each partition leaves out another one.
#[must_use]
pub fn voters(table: &NodeTable, partition: PartitionId) -> BTreeSet<NodeId> {
    let members: Vec<NodeId> = table.members().map(|(id, _)| id).collect();
    let count = match members.len() {
        even if even % 2 == 0 => even.saturating_sub(1),
        odd => odd,
    };
    from(&members, partition).take(count).collect()
}

/// The node that should lead a partition, so that each leads about as many as the others.
#[must_use]
pub fn leader(table: &NodeTable, partition: PartitionId) -> Option<NodeId> {
    let voters: Vec<NodeId> = voters(table, partition).into_iter().collect();
    let is_active = |id: &NodeId| table.get(*id).is_some_and(|n| n.standing == Standing::Active);
    // Over the active ones alone: what a draining node led is spread over all others.
    let active: Vec<NodeId> = voters.iter().copied().filter(is_active).collect();
    from(&active, partition).next()
}

/// The nodes in turn, beginning at another one for each partition.
fn from(nodes: &[NodeId], partition: PartitionId) -> impl Iterator<Item = NodeId> {
    let first = usize::from(partition.0) % nodes.len().max(1);
    nodes.iter().copied().cycle().skip(first).take(nodes.len())
}

#[cfg(test)]
#[path = "placement_tests.rs"]
mod tests;
