//! Placement over tables of one to five nodes.

use super::super::nodes::NodeTable;
use super::{leader, voters};
use hoga_engine::ids::PartitionId;
use std::collections::BTreeMap;

fn table(nodes: u64) -> NodeTable {
    let mut table = NodeTable::default();
    let founders: Vec<_> = (1..=nodes).map(|id| (id, format!("h:{id}").into())).collect();
    table.found(&founders);
    table
}

fn led(table: &NodeTable) -> BTreeMap<u64, usize> {
    let mut led = BTreeMap::new();
    for leader in (0..12).filter_map(|id| leader(table, PartitionId(id))) {
        *led.entry(leader).or_default() += 1;
    }
    led
}

#[test]
fn an_odd_number_votes_and_leaders_are_spread() {
    for (nodes, voting) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5)] {
        let table = table(nodes);
        for id in (0..12).map(PartitionId) {
            let voters = voters(&table, id);
            assert_eq!(voters.len(), voting, "{nodes} nodes");
            assert!(voters.contains(&leader(&table, id).expect("a leader")), "{nodes} nodes");
        }
    }
    assert_eq!(led(&table(3)), BTreeMap::from([(1, 4), (2, 4), (3, 4)]));
    let four = led(&table(4));
    assert!(four.len() == 4 && four.values().all(|led| (2..=4).contains(led)), "{four:?}");
}

#[test]
fn a_draining_node_votes_and_leads_nothing() {
    let mut table = table(3);
    table.drain(2, true).expect("others lead");
    assert_eq!(voters(&table, PartitionId(4)).len(), 3);
    assert_eq!(led(&table), BTreeMap::from([(1, 6), (3, 6)]));
    table.drain(2, false).expect("it is there");
    assert_eq!(led(&table)[&2], 4);
}

#[test]
fn a_removed_node_has_no_part() {
    let mut table = table(4);
    table.remove(1).expect("three are left");
    for id in (0..12).map(PartitionId) {
        assert!(!voters(&table, id).contains(&1));
    }
}
