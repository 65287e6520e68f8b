//! The sections that make a plan of a scenario's faults.

use super::kinds::nodes;
use super::{Checks, KINDS, Load, Nodes, Plan};
use crate::run::counters;
use crate::workload::Terms;
use hoga_cluster::partition::NODES_MAX;
use hoga_scenarios::document::Fields;
use hoga_scenarios::file::Attack;
use hoga_scenarios::grammar::Node;
use hoga_scenarios::time::Millis;
use std::collections::BTreeMap;
use std::time::Duration;

/// Strikes of one plan: each is a line of its report.
const STRIKES_MAX: usize = 10_000;
/// Accounts of a plan: as many as the auditor reads one by one in a minute or two. Clients share
/// connections, so it is not these that bound them.
const ACCOUNTS_MAX: u64 = 10_000;
/// What a node's name in a fault may be besides `n1` to `n9`.
pub(crate) const CLIENTS: &str = "clients";

pub(super) fn plan(file: &mut Fields<'_>) -> Option<Plan> {
    file.require(&["cluster", "fault"]);
    let attack = Attack::read(file);
    let cluster = cluster(file);
    let jitter = schedule(file);
    let load = workload(file);
    let checks = checks(file);
    let (attack, cluster) = (attack?, cluster?);
    if attack.market.name != "lpj" {
        let message = "the workload trades LPJ-KRW: `rules` must be \"lpj\"";
        file.sink().report(file.place_of("market"), message, None);
    }
    if attack.fault_times().len() > STRIKES_MAX {
        let message = format!("the faults would strike more than {STRIKES_MAX} times");
        file.sink().report(file.place_of("fault"), message, None);
    }
    known_nodes(file, &attack, &cluster);
    Some(Plan { attack, nodes: cluster, jitter, load, checks })
}

/// A name that never will be a node's is a slip of the pen. Nodes that are added have names, too.
fn known_nodes(file: &Fields<'_>, attack: &Attack, cluster: &Nodes) {
    let named = attack.faults.iter().flat_map(|timed| nodes(&timed.what));
    for node in named {
        let Node::Named(name) = node else { continue };
        let number = name.as_str().strip_prefix('n').and_then(|digits| digits.parse::<u64>().ok());
        let is_known = name.as_str() == CLIENTS || number.is_some_and(|n| (1..=99).contains(&n));
        if !is_known {
            let message = format!("there is no node `{name}`");
            let help = format!("nodes are n1 to n{}, then those that are added", cluster.count);
            file.sink().report(file.place_of("fault"), message, Some(help));
        }
    }
}

fn cluster(file: &mut Fields<'_>) -> Option<Nodes> {
    let mut fields = file.table("cluster")?;
    fields.require(&["nodes"]);
    let count = fields.count("nodes", 1, NODES_MAX as u64);
    let snapshot_bytes = fields.count("snapshot_bytes", 1 << 20, 1 << 40);
    let segment_bytes = fields.count("segment_bytes", 1 << 20, 1 << 32);
    let disk_mib = fields.count("disk_mib", 256, 1 << 16).unwrap_or(1024);
    fields.finish();
    Some(Nodes { count: count?, snapshot_bytes, segment_bytes, disk_mib })
}

fn schedule(file: &mut Fields<'_>) -> Duration {
    let Some(mut fields) = file.table("schedule") else { return Duration::ZERO };
    let jitter = time(&mut fields, "jitter").unwrap_or_default();
    fields.finish();
    jitter
}

fn workload(file: &mut Fields<'_>) -> Load {
    let mut load = Load {
        accounts: 12,
        clients: 2,
        pause: Duration::from_millis(10),
        attempt: Duration::from_millis(500),
        outside: 0,
        terms: Terms::default(),
    };
    let Some(mut fields) = file.table("workload") else { return load };
    if let Some(accounts) = fields.count("accounts", 2, ACCOUNTS_MAX) {
        load.accounts = accounts as usize;
    }
    if let Some(clients) = fields.count("clients", 1, 26) {
        load.clients = clients as usize;
    }
    if let Some(pause) = time(&mut fields, "pause") {
        load.pause = pause;
    }
    if let Some(attempt) = time(&mut fields, "attempt") {
        load.attempt = attempt;
    }
    if let Some(outside) = fields.count("outside", 0, 100) {
        load.outside = outside;
    }
    if let Some(of_hundred) = fields.count("terms", 0, 100) {
        load.terms.of_hundred = of_hundred;
    }
    if let Some(of_hundred) = fields.count("days", 0, 100) {
        load.terms.days_of_hundred = of_hundred;
    }
    fields.finish();
    load
}

fn checks(file: &mut Fields<'_>) -> Checks {
    let mut checks = Checks {
        gap_p50: None,
        gap_max: None,
        live_within: Duration::from_secs(30),
        unknown_at_most: None,
        coverage: BTreeMap::new(),
    };
    let Some(mut fields) = file.table("check") else { return checks };
    checks.gap_p50 = time(&mut fields, "gap_p50");
    checks.gap_max = time(&mut fields, "gap_max");
    if let Some(within) = time(&mut fields, "live_within") {
        checks.live_within = within;
    }
    checks.unknown_at_most = fields.count("unknown_at_most", 0, i64::MAX as u64);
    if let Some(mut floors) = fields.table("coverage") {
        for name in with_floors() {
            if let Some(least) = floors.count(name, 0, i64::MAX as u64) {
                checks.coverage.insert(name, least);
            }
        }
        floors.finish();
    }
    fields.finish();
    checks
}

/// Everything that a floor can be set for: what is counted, and faults by their kind.
fn with_floors() -> impl Iterator<Item = &'static str> {
    counters().chain(KINDS.into_iter().map(|kind| kind.name))
}

fn time(fields: &mut Fields<'_>, key: &'static str) -> Option<Duration> {
    fields.parsed::<Millis>(key).map(|time| Duration::from_millis(time.0))
}
