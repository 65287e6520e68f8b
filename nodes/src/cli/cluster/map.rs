//! The map as text.

use crate::cli::table::{Lean, Table};
use crate::cli::{actor, wire};
use hoga_proto::v1;

/// Two tables: nodes, partitions.
pub fn shown(map: &v1::ClusterMap) -> String {
    format!("{}\n\n{}", nodes(map), partitions(map, None))
}

pub fn nodes(map: &v1::ClusterMap) -> Table {
    let mut table = Table::new([
        ("NODE", Lean::Left),
        ("IS", Lean::Left),
        ("STANDS", Lean::Left),
        ("LEADS", Lean::Right),
        ("CLIENTS CALL", Lean::Left),
        ("NODES CALL", Lean::Left),
    ]);
    for node in &map.nodes {
        let leads = map.partitions.iter().filter(|p| p.leader == node.name).count();
        // What a node led that does not answer is led by nobody that anybody has heard of.
        let leads = if answers(node) { leads.to_string() } else { "-".into() };
        let reach = match node.reach() {
            v1::NodeReach::Self_ => "up".into(),
            other => wire::word(other.as_str_name(), "NODE_REACH_"),
        };
        table.row([
            actor::last_part(&node.name).into(),
            reach,
            wire::word(node.standing().as_str_name(), "NODE_STANDING_"),
            leads,
            node.gateway.clone(),
            node.link.clone(),
        ]);
    }
    table
}

/// The partitions; with the commands a second of each where they are known.
pub fn partitions(map: &v1::ClusterMap, rates: Option<&[f64]>) -> Table {
    let mut table = Table::new([
        ("PARTITION", Lean::Right),
        ("LEADER", Lean::Left),
        ("TERM", Lean::Right),
        ("VOTERS", Lean::Left),
        ("APPLIED", Lean::Right),
        (if rates.is_some() { "PER SECOND" } else { "COMMANDS" }, Lean::Right),
        ("BOOKS", Lean::Left),
    ]);
    for (at, partition) in map.partitions.iter().enumerate() {
        let names = |names: &[String]| {
            names.iter().map(|name| actor::last_part(name)).collect::<Vec<_>>().join(" ")
        };
        let learners = match names(&partition.learners) {
            none if none.is_empty() => none,
            some => format!(" ({some})"),
        };
        table.row([
            partition.partition.to_string(),
            led_by(map, &partition.leader),
            partition.term.to_string(),
            format!("{}{learners}", names(&partition.voters)),
            partition.applied_index.to_string(),
            match rates {
                Some(rates) => format!("{:.0}", rates.get(at).copied().unwrap_or_default()),
                None => partition.applied_commands.to_string(),
            },
            partition.symbols.join(" "),
        ]);
    }
    table
}

fn answers(node: &v1::ClusterNode) -> bool {
    matches!(node.reach(), v1::NodeReach::Self_ | v1::NodeReach::Up)
}

/// Who leads, by all that is known: the one that did and does not answer may be replaced already.
pub fn led_by(map: &v1::ClusterMap, leader: &str) -> String {
    let name = actor::last_part(leader);
    match map.nodes.iter().find(|node| node.name == leader) {
        _ if leader.is_empty() => "nobody".into(),
        Some(node) if !answers(node) => {
            format!("{name} ({})", wire::word(node.reach().as_str_name(), "NODE_REACH_"))
        }
        _ => name.into(),
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
