//! What a run has covered: without floors, a pass could mean that nothing happened.

use super::judge::Verified;
use super::observe::Election;
use super::strikes::{Course, Done};
use crate::fault::Struck;
use crate::history::Tally;
use crate::plan::KINDS;
use crate::workload::Watched;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is counted besides the faults of each kind.
pub fn counters() -> impl Iterator<Item = &'static str> {
    OBSERVED.into_iter().chain(HAPPENED)
}

/// What the run counts itself.
const OBSERVED: [&str; 26] = [
    "asked",
    "acknowledged",
    "unknown",
    "refused",
    "orders",
    "cancels",
    "amends",
    "moves_of_money",
    "fills",
    "partial_fills",
    "deduplicated",
    "kinds_of_refusal",
    "faults",
    "faults_skipped",
    "faults_void",
    "mended",
    "elections",
    "elections_unprovoked",
    "nodes_ended_by_themselves",
    "snapshots_taken",
    "outside_levels_judged",
    "stream_frames",
    "streams_resumed",
    "directories_verified",
    "replicas_compared",
    "halts",
];

/// What the auditor counts.
const HAPPENED: [&str; 11] = [
    "stops_fired",
    "trailing_fired",
    "other_legs_cancelled",
    "icebergs_refilled",
    "calls_priced",
    "orders_admitted",
    "expired_by_date",
    "expired_with_day",
    "filled_at_open",
    "filled_at_close",
    "waiting_at_end",
];

pub(super) type Coverage = BTreeMap<&'static str, u64>;

/// Counts everything.
pub(super) fn count(
    tally: &Tally,
    course: &Course,
    elections: &[Election],
    watched: Watched,
    verified: &Verified,
    audit: &Value,
) -> Coverage {
    let mut coverage: Coverage = counters().map(|name| (name, 0)).collect();
    let struck =
        |is: fn(&Struck) -> bool| course.done.iter().filter(|done| is(&done.struck)).count() as u64;
    let first = course.done.first().map_or(course.over, |done| done.at);
    for (name, value) in [
        ("asked", tally.asked),
        ("acknowledged", tally.acknowledged),
        ("unknown", tally.unknown),
        ("refused", tally.refused),
        ("orders", tally.orders),
        ("cancels", tally.cancels),
        ("amends", tally.amends),
        ("moves_of_money", tally.moves_of_money),
        ("fills", tally.fills),
        ("partial_fills", tally.partial_fills),
        ("deduplicated", tally.deduplicated),
        ("kinds_of_refusal", tally.refusals.len() as u64),
        ("faults", struck(|s| matches!(s, Struck::Installed(_)))),
        ("faults_skipped", struck(|s| matches!(s, Struck::Skipped(_)))),
        ("faults_void", struck(|s| matches!(s, Struck::Void(_)))),
        ("mended", struck(|s| matches!(s, Struck::Mended(_)))),
        ("elections", elections.len() as u64),
        ("elections_unprovoked", before(elections, first)),
        ("nodes_ended_by_themselves", course.ended.len() as u64),
        ("snapshots_taken", tally.snapshots_taken),
        ("outside_levels_judged", judged(audit, "FILL-4")),
        ("stream_frames", watched.frames),
        ("streams_resumed", watched.resumed),
        ("directories_verified", verified.directories),
        ("replicas_compared", verified.compared),
        ("halts", tally.halts),
    ] {
        coverage.insert(name, value);
    }
    for name in HAPPENED {
        coverage.insert(name, audit["happened"][name].as_u64().unwrap_or_default());
    }
    for kind in KINDS {
        let is_done = |done: &&Done| {
            done.kind == kind && matches!(done.struck, Struck::Installed(_) | Struck::Mended(_))
        };
        let count = course.done.iter().filter(is_done).count() as u64;
        if count > 0 {
            coverage.insert(kind.name, count);
        }
    }
    coverage
}

/// How much an invariant of the auditor had to look at.
fn judged(audit: &Value, id: &str) -> u64 {
    let mut lines = audit["invariants"].as_array().into_iter().flatten();
    let line = lines.find(|line| line["id"] == id);
    line.and_then(|line| line["checked"].as_u64()).unwrap_or_default()
}

/// Elections before the first strike have no cause but load.
fn before(elections: &[Election], first: Duration) -> u64 {
    elections.iter().filter(|election| election.at < first).count() as u64
}
