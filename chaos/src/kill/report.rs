//! What a run of kills found, and whether it found it in anything.

use super::{Plan, evidence};
use crate::history::Tally;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// Invariants that must have had something to look at.
const AUDITED: [&str; 13] = [
    "CASH-1", "CASH-2", "CASH-3", "CASH-4", "FILL-1", "FILL-2", "FILL-3", "BOOK-1", "BOOK-2",
    "BOOK-3", "ORD-1", "ORD-2", "LOG-1",
];
/// Kinds of refusal that the workload provokes in every longer run.
const REFUSALS: [&str; 9] = [
    "CLIENT_ORDER_ID_REUSED",
    "INSUFFICIENT_FUNDS",
    "INSUFFICIENT_HOLDINGS",
    "ORDER_NOT_FOUND",
    "ORDER_NOT_OPEN",
    "POST_ONLY_WOULD_TRADE",
    "PRICE_NOT_ON_TICK",
    "QUANTITY_NOT_ON_LOT",
    "TRANSFER_TO_UNKNOWN",
];

/// What was done to the exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    pub kills: u64,
    /// With requests under way.
    pub kills_in_flight: u64,
    pub kills_while_starting: u64,
    /// With snapshots under way.
    pub snapshot_rounds: u64,
    /// Of which the exchange said that they are on disk, all partitions at once.
    pub snapshots: u64,
    /// From start to serving.
    pub recoveries: Vec<Duration>,
}

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub rounds: u32,
    pub seed: u64,
    pub kills: u64,
    pub kills_in_flight: u64,
    pub kills_while_starting: u64,
    pub snapshot_rounds: u64,
    pub snapshots: u64,
    pub recovery_ms_p50: u64,
    pub recovery_ms_max: u64,
    pub tally: Tally,
    /// Floors that the run did not reach: it proves nothing.
    pub below_floor: Vec<String>,
    /// What did not hold, by invariant.
    pub faults: Vec<String>,
    /// What clients saw of the orders that the faults name.
    pub evidence: Vec<String>,
    /// How to run the same again, and how to judge the same run again.
    pub again: Vec<String>,
    /// As the auditor said it.
    pub audit: Value,
    /// As `hoga verify` said it; null while there is no such command.
    pub verify: Option<Value>,
    /// Everything held, and the run was worth something.
    pub ok: bool,
}

impl Report {
    pub(super) fn of(
        plan: &Plan,
        tally: Tally,
        course: &Course,
        audit: Value,
        verify: Option<Value>,
    ) -> Report {
        let mut recoveries: Vec<u64> =
            course.recoveries.iter().map(|took| took.as_millis() as u64).collect();
        recoveries.sort_unstable();
        let below_floor = below_floor(plan, &tally, course, &audit);
        let held = |said: &Value| said["ok"] == Value::Bool(true);
        let mut faults = faults_of("", &audit);
        faults.extend(verify.iter().flat_map(|said| faults_of("hoga verify: ", said)));
        let evidence = evidence::of(&faults, &plan.directory);
        let ok = below_floor.is_empty() && held(&audit) && verify.as_ref().is_none_or(held);
        Report {
            rounds: plan.rounds,
            seed: plan.seed,
            kills: course.kills,
            kills_in_flight: course.kills_in_flight,
            kills_while_starting: course.kills_while_starting,
            snapshot_rounds: course.snapshot_rounds,
            snapshots: course.snapshots,
            recovery_ms_p50: recoveries.get(recoveries.len() / 2).copied().unwrap_or_default(),
            recovery_ms_max: recoveries.last().copied().unwrap_or_default(),
            tally,
            below_floor,
            faults,
            evidence,
            again: again(plan),
            audit,
            verify,
            ok,
        }
    }
}

impl fmt::Display for Report {
    /// For people: what is wrong first, then what clients saw of it, then what the run was.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { rounds, seed, kills, tally, .. } = self;
        let sections = [
            ("does not hold", &self.faults),
            ("below its floor, so that the run proves nothing", &self.below_floor),
            ("what clients saw of it", &self.evidence),
            ("again", &self.again),
        ];
        for (title, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            writeln!(f, "{title}:")?;
            lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        let Tally { asked, acknowledged, refused, unknown, deduplicated, fills, .. } = tally;
        writeln!(
            f,
            "seed {seed}, {rounds} rounds, {kills} kills: {asked} requests, {acknowledged} \
             acknowledged, {refused} refused, {unknown} of unknown outcome, {deduplicated} \
             answered again, {fills} orders that filled"
        )
    }
}

/// What a program's report says does not hold.
fn faults_of(prefix: &str, said: &Value) -> Vec<String> {
    let lines = said["invariants"].as_array().map_or(&[][..], Vec::as_slice);
    let broken = lines.iter().filter(|line| line["ok"] != Value::Bool(true));
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let mut faults: Vec<String> = broken
        .map(|line| format!("{prefix}{}: {}", text(line, "id"), text(line, "detail")))
        .collect();
    if faults.is_empty() && said["ok"] != Value::Bool(true) {
        faults.push(format!("{prefix}{said}"));
    }
    faults
}

fn again(plan: &Plan) -> Vec<String> {
    let Plan { rounds, seed, accounts, directory, .. } = plan;
    let directory = directory.display();
    vec![
        format!(
            "cargo run --release -p hoga-chaos --example kill_rounds -- --rounds {rounds} --seed \
             {seed} --accounts {accounts}"
        ),
        format!(
            "hoga-auditor --history {directory}/history.jsonl --export {directory}/export.json"
        ),
    ]
}

/// What a run of so many rounds must have covered at least.
fn below_floor(plan: &Plan, tally: &Tally, course: &Course, audit: &Value) -> Vec<String> {
    let rounds = u64::from(plan.rounds);
    let mut below = Vec::new();
    let mut floor = |what: &str, reached: u64, least: u64| {
        if reached < least {
            below.push(format!("{what}: {reached} of at least {least}"));
        }
    };
    floor("kills", course.kills, rounds);
    floor("kills in flight", course.kills_in_flight, rounds * 9 / 10);
    // Chance decides on these: a short run may have none.
    floor("kills while starting", course.kills_while_starting, rounds / 20);
    floor("kills during snapshots", course.snapshot_rounds, rounds / 20);
    floor("snapshots", course.snapshots, rounds / 50);
    floor("unknown outcomes", tally.unknown, rounds);
    floor("acknowledged", tally.acknowledged, rounds * 100);
    floor("fills", tally.fills, rounds * 10);
    floor("partial fills", tally.partial_fills, rounds);
    floor("deduplicated", tally.deduplicated, rounds);
    floor("cancels", tally.cancels, rounds);
    floor("amends", tally.amends, rounds);
    floor("moves of money", tally.moves_of_money, rounds);
    for reason in REFUSALS {
        floor(reason, tally.refusals.get(reason).copied().unwrap_or_default(), 1);
    }
    let lines = audit["invariants"].as_array().map_or(&[][..], Vec::as_slice);
    for id in AUDITED {
        let line = lines.iter().find(|line| line["id"] == id);
        floor(id, line.and_then(|line| line["checked"].as_u64()).unwrap_or_default(), 1);
    }
    // Every outcome is asked for until it is known: nothing is left that cannot be judged.
    for line in lines {
        if let left_out @ 1.. = line["left_out"].as_u64().unwrap_or_default() {
            let id = line["id"].as_str().unwrap_or_default();
            below.push(format!("{id}: {left_out} could not be judged"));
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::{Course, Report};
    use crate::history::Tally;
    use crate::kill::Plan;
    use serde_json::json;

    #[test]
    fn a_run_in_which_nothing_happened_is_no_pass() {
        let plan = Plan::new("hoga".into(), "auditor".into(), "here".into(), 5);
        let audit = json!({"invariants": [], "ok": true});
        let report = Report::of(&plan, Tally::default(), &Course::default(), audit, None);
        assert!(!report.ok);
        assert!(report.below_floor.contains(&"fills: 0 of at least 50".to_owned()));
        assert!(report.below_floor.contains(&"BOOK-1: 0 of at least 1".to_owned()));
    }

    #[test]
    fn a_failed_run_tells_what_is_wrong_first_and_how_to_repeat_it() {
        let plan = Plan::new("hoga".into(), "auditor".into(), "here".into(), 5);
        let line = |id, ok, detail| {
            json!({"id": id, "ok": ok, "checked": 1, "left_out": 0,
            "detail": detail})
        };
        let lines = [line("CASH-1", true, ""), line("BOOK-1", false, "trade 2: too early")];
        let audit = json!({"invariants": lines, "ok": false});
        let verify = Some(json!({"invariants": [line("LOG-3", false, "differs")], "ok": false}));
        let report = Report::of(&plan, Tally::default(), &Course::default(), audit, verify);
        let shown = report.to_string();
        let wrong = "does not hold:\n  BOOK-1: trade 2: too early\n  hoga verify: LOG-3: differs\n";
        assert!(shown.starts_with(wrong), "{shown}");
        assert!(shown.contains("kill_rounds -- --rounds 5 --seed 1 --accounts 12\n"), "{shown}");
        assert!(shown.lines().count() < 60, "{shown}");
    }
}
