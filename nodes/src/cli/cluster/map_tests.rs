//! The map of an exchange in which somebody was killed just now.

use super::shown;
use hoga_proto::v1;

fn node(name: &str, reach: v1::NodeReach) -> v1::ClusterNode {
    v1::ClusterNode {
        name: name.into(),
        standing: v1::NodeStanding::Active.into(),
        reach: reach.into(),
        ..Default::default()
    }
}

fn led(partition: u32, leader: &str) -> v1::ClusterPartition {
    v1::ClusterPartition { partition, leader: leader.into(), term: 3, ..Default::default() }
}

#[test]
fn who_does_not_answer_is_not_said_to_lead() {
    let map = v1::ClusterMap {
        epoch: 1,
        nodes: vec![
            node("nodes/n1", v1::NodeReach::Self_),
            node("nodes/n2", v1::NodeReach::Down),
            node("nodes/n3", v1::NodeReach::Suspect),
        ],
        partitions: vec![led(0, "nodes/n1"), led(1, "nodes/n2"), led(2, ""), led(3, "nodes/n3")],
        ..Default::default()
    };
    let text = shown(&map);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let begins = |words: &[&str]| rows.iter().any(|row| row.starts_with(words));
    assert!(begins(&["n1", "up", "active", "1"]), "{text}");
    assert!(begins(&["n2", "down", "active", "-"]), "{text}");
    assert!(begins(&["0", "n1", "3"]), "{text}");
    assert!(begins(&["1", "n2", "(down)", "3"]), "{text}");
    assert!(begins(&["2", "nobody", "3"]), "{text}");
    assert!(begins(&["3", "n3", "(suspect)", "3"]), "{text}");
}
