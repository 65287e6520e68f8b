//! LOG-2: replicas agree: at the same index they say the same of themselves.
//!
//! What a node says of a partition is its sums, its outbox, how many entities it has, and the hash
//! of its state where the exchange tells it. Nodes at other indexes are not compared.

use super::{Case, Verdict};
use crate::export::Replica;
use std::collections::BTreeMap;

pub fn check(case: &Case) -> Verdict {
    let mut verdict = Verdict::default();
    let mut first: BTreeMap<(u32, u64), (&str, &Replica)> = BTreeMap::new();
    for view in &case.export.views {
        for replica in &view.replicas {
            let at = (replica.partition.number, replica.applied);
            let Some((node, other)) = first.get(&at) else {
                first.insert(at, (&view.node, replica));
                continue;
            };
            let is_same = replica.partition == other.partition
                && replica.entities == other.entities
                && replica.hash == other.hash;
            verdict.expect(is_same, || {
                let (partition, index) = at;
                format!("partition {partition} at {index}: {} and {node} differ", view.node)
            });
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::sample;
    use crate::export::{Replica, View};

    #[test]
    fn replicas_that_differ_at_one_index_are_found() {
        let mut case = sample::case();
        let partition = case.export.partitions[0].clone();
        let replica = |applied, entities| Replica {
            applied,
            hash: String::new(),
            entities,
            partition: partition.clone(),
        };
        let view = |node: &str, replica| View { node: node.into(), replicas: vec![replica] };
        case.export.views = vec![
            view("nodes/n1", replica(7, 3)),
            view("nodes/n2", replica(7, 3)),
            view("nodes/n3", replica(9, 4)),
        ];
        let verdict = check(&case);
        assert_eq!((verdict.checked, verdict.faults.len()), (1, 0), "n3 is elsewhere");
        case.export.views[1].replicas[0].partition.totals.clear();
        assert_eq!(check(&case).faults.len(), 1);
    }
}
