//! What came of a run, in the shape that other programs rely on.

use super::Setting;
use super::coverage::{self, Coverage};
use super::gaps::{self, Gap};
use super::judge::Verified;
use super::observe::Election;
use super::settle::Rest;
use super::strikes::{Course, Done};
use crate::fault::Struck;
use crate::history::Tally;
use crate::plan::{Checks, Plan};
use crate::workload::{Silence, Watched};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Invariants of the auditor that must have had something to look at.
const AUDITED: [&str; 14] = [
    "CASH-1", "CASH-2", "CASH-3", "CASH-4", "FILL-1", "FILL-2", "FILL-3", "BOOK-1", "BOOK-2",
    "BOOK-3", "ORD-1", "ORD-2", "LOG-1", "LOG-4",
];

/// Everything that a run found.
pub(super) struct Found {
    pub seed: u64,
    pub struck: Course,
    pub silences: Vec<Silence>,
    pub watched: Watched,
    pub observed: Vec<Election>,
    pub live: Option<Duration>,
    pub rest: Rest,
    pub audit: Value,
    pub verified: Verified,
    pub tally: Tally,
}

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub plan: String,
    pub seed: u64,
    pub nodes: u64,
    pub acknowledged: u64,
    pub unknown: u64,
    pub refused: u64,
    pub lost: u64,
    pub doubled: u64,
    /// Faults that were installed, in their order.
    pub faults: Vec<Strike>,
    pub gap_ms: GapMs,
    /// The same of any one client instead of all clients of a partition together.
    pub client_gap_ms: GapMs,
    /// Before the first fault.
    pub quiet_gap_ms: u64,
    /// From the end of the faults until everybody was answered.
    pub live_ms: Option<u64>,
    pub invariants: Vec<Invariant>,
    pub coverage: Coverage,
    /// Faults that this machine has no means for: kind and reason.
    pub skipped: Vec<String>,
    /// Floors that were not reached: the run proves less than it should.
    pub below_floor: Vec<String>,
    /// Limits of the plan that were exceeded.
    pub beyond_limit: Vec<String>,
    /// Nodes that ended by themselves.
    pub ended: Vec<String>,
    pub directory: PathBuf,
    pub ok: bool,
}

/// A fault that was installed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strike {
    pub kind: &'static str,
    pub target: String,
    pub at_s: f64,
    /// The longest time without an answer until the next fault; none for what mends.
    pub gap_ms: Option<u64>,
    pub client_gap_ms: Option<u64>,
}

/// Over all strikes that harm, and over the whole time of the faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GapMs {
    pub p50: u64,
    pub max: u64,
}

/// An invariant and whether it held.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Invariant {
    pub id: String,
    pub checked: u64,
    /// What could not be judged.
    pub left_out: u64,
    pub ok: bool,
    pub detail: String,
}

impl Report {
    pub(super) fn of(plan: &Plan, setting: &Setting, found: Found) -> Report {
        let Found { struck: course, silences, tally, verified, .. } = &found;
        let mut faults = faults(course, silences);
        let invariants = invariants(&found);
        let (observed, watched) = (&found.observed, found.watched);
        let coverage = coverage::count(tally, course, observed, watched, verified, &found.audit);
        let skipped = skipped(course);
        let whole = faults.iter().find(|strike| strike.gap_ms.is_some()).map(|strike| {
            let from = Duration::from_secs_f64(strike.at_s) + course.begun;
            gaps::between(silences, from, course.over)
        });
        let whole = whole.unwrap_or_default();
        let (gap_ms, client_gap_ms) = (
            gap(&faults, whole.service, |strike| strike.gap_ms),
            gap(&faults, whole.client, |strike| strike.client_gap_ms),
        );
        let first = course.done.first().map_or(course.over, |done| done.at);
        let quiet = gaps::between(silences, course.begun, first);
        let below_floor = below_floor(&plan.checks, &coverage, &invariants, course, &skipped);
        let beyond_limit = beyond_limit(&plan.checks, gap_ms, found.live, tally.unknown);
        let count = |key: &str| found.audit[key].as_u64().unwrap_or_default();
        let (lost, doubled) = (count("lost"), count("doubled"));
        let ok = below_floor.is_empty()
            && beyond_limit.is_empty()
            && lost + doubled == 0
            && invariants.iter().all(|invariant| invariant.ok);
        for strike in &mut faults {
            strike.at_s = (strike.at_s * 1_000.0).round() / 1_000.0;
        }
        Report {
            plan: plan.attack.name.clone(),
            seed: found.seed,
            nodes: plan.nodes.count,
            acknowledged: tally.acknowledged,
            unknown: tally.unknown,
            refused: tally.refused,
            lost,
            doubled,
            faults,
            gap_ms,
            client_gap_ms,
            quiet_gap_ms: ms(quiet.service),
            live_ms: found.live.map(ms),
            invariants,
            coverage,
            skipped: skipped.into_iter().collect(),
            below_floor,
            beyond_limit,
            ended: course.ended.clone(),
            directory: setting.directory.clone(),
            ok,
        }
    }
}

fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}

/// What was installed or mended, each harm with its gap until the next one.
fn faults(course: &Course, silences: &[Silence]) -> Vec<Strike> {
    let is_harm = |done: &Done| matches!(done.struck, Struck::Installed(_)) && done.kind.is_harm;
    let harms: Vec<Duration> =
        course.done.iter().filter(|done| is_harm(done)).map(|done| done.at).collect();
    let strike = |done: &Done| {
        let (Struck::Installed(target) | Struck::Mended(target)) = &done.struck else {
            return None;
        };
        let next = harms.iter().copied().find(|at| *at > done.at).unwrap_or(course.over);
        let gap: Option<Gap> = is_harm(done).then(|| gaps::between(silences, done.at, next));
        Some(Strike {
            kind: done.kind.name,
            target: target.clone(),
            at_s: done.at.saturating_sub(course.begun).as_secs_f64(),
            gap_ms: gap.map(|gap| ms(gap.service)),
            client_gap_ms: gap.map(|gap| ms(gap.client)),
        })
    };
    course.done.iter().filter_map(strike).collect()
}

fn gap(faults: &[Strike], whole: Duration, of: impl Fn(&Strike) -> Option<u64>) -> GapMs {
    let each = faults.iter().filter_map(of).map(Duration::from_millis).collect();
    GapMs { p50: ms(gaps::median(each)), max: ms(whole) }
}

fn skipped(course: &Course) -> BTreeSet<String> {
    let skipped = course.done.iter().filter_map(|done| match &done.struck {
        Struck::Skipped(why) => Some(format!("{}: {why}", done.kind.name)),
        _ => None,
    });
    skipped.collect()
}

fn invariants(found: &Found) -> Vec<Invariant> {
    let mut invariants = Vec::new();
    for line in found.audit["invariants"].as_array().into_iter().flatten() {
        invariants.push(Invariant {
            id: line["id"].as_str().unwrap_or_default().into(),
            checked: line["checked"].as_u64().unwrap_or_default(),
            left_out: line["left_out"].as_u64().unwrap_or_default(),
            ok: line["ok"] == Value::Bool(true),
            detail: line["detail"].as_str().unwrap_or_default().into(),
        });
    }
    let Verified { directories, faults, compared, differences } = &found.verified;
    let mut add = |id: &str, checked: u64, ok: bool, detail: String| {
        let same = invariants.iter_mut().find(|known: &&mut Invariant| known.id == id);
        let Some(known) = same else {
            let left_out = 0;
            return invariants.push(Invariant { id: id.into(), checked, left_out, ok, detail });
        };
        known.checked += checked;
        known.ok &= ok;
        known.detail = [known.detail.as_str(), &detail].join("; ");
    };
    add("LOG-2", *compared, differences.is_empty(), differences.join("; "));
    add("LOG-3", *directories, faults.is_empty(), faults.join("; "));
    let live = match found.live {
        Some(after) => format!("everybody was answered {} ms after the faults", ms(after)),
        None => "somebody was not answered after the faults".into(),
    };
    add("LIVE-1", 1, found.live.is_some(), live);
    let Rest { is_equal, partitions, nodes, detail } = &found.rest;
    let rest = match is_equal {
        true => format!("{nodes} nodes stand at the same index in {partitions} partitions"),
        false => format!("replicas do not converge: {detail}"),
    };
    add("LIVE-1", *partitions as u64, *is_equal, rest);
    invariants
}

fn below_floor(
    checks: &Checks,
    coverage: &Coverage,
    invariants: &[Invariant],
    course: &Course,
    skipped: &BTreeSet<String>,
) -> Vec<String> {
    let mut below = Vec::new();
    for (name, least) in &checks.coverage {
        // A kind that this machine cannot do is said to be skipped instead.
        let is_skipped = skipped.iter().any(|said| said.starts_with(&format!("{name}:")));
        let reached = coverage.get(name).copied().unwrap_or_default();
        if reached < *least && !is_skipped {
            below.push(format!("{name}: {reached} of at least {least}"));
        }
    }
    for id in AUDITED {
        if invariants.iter().all(|known| known.id != id || known.checked == 0) {
            below.push(format!("{id}: nothing was looked at"));
        }
    }
    let voids = course.done.iter().filter_map(|done| match &done.struck {
        Struck::Void(why) => Some(format!("{}: {why}", done.kind.name)),
        _ => None,
    });
    // A plan says where a strike may miss by leaving room in its floors; without any it may not.
    if checks.coverage.is_empty() {
        below.extend(voids);
    }
    below
}

fn beyond_limit(checks: &Checks, gap: GapMs, live: Option<Duration>, unknown: u64) -> Vec<String> {
    let mut beyond = Vec::new();
    if let Some(most) = checks.unknown_at_most.filter(|most| unknown > *most) {
        beyond.push(format!("unknown_at_most: {unknown} of at most {most}"));
    }
    for (name, limit, reached) in
        [("gap_p50", checks.gap_p50, gap.p50), ("gap_max", checks.gap_max, gap.max)]
    {
        if let Some(limit) = limit.map(ms)
            && reached >= limit
        {
            beyond.push(format!("{name}: {reached} ms, to be below {limit} ms"));
        }
    }
    if live.is_none() {
        beyond.push(format!("live_within: not within {} ms", ms(checks.live_within)));
    }
    beyond
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
