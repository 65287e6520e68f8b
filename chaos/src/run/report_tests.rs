use super::*;
use crate::plan::{self, Kind};
use serde_json::json;

const PLAN: &str = r#"
    scenario = { name = "p", seed = 9, length = "20s" }
    market = { rules = "lpj" }
    cluster = { nodes = 3 }
    fault = [{ at = "1s", do = "kill n1" }, { at = "2s", do = "restart n1" }]
    check = { gap_p50 = "700ms", gap_max = "1s", coverage = { kill = 2, fail_fsync = 1 } }
"#;

fn done(name: &str, at: u64, struck: Struck) -> Done {
    let kind = plan::KINDS.into_iter().find(|kind: &Kind| kind.name == name).expect("a kind");
    Done { kind, at: Duration::from_millis(at), struck }
}

fn found() -> Found {
    let silence = |from, to| Silence {
        who: crate::workload::Who::Partition(1),
        from: Duration::from_millis(from),
        to: Duration::from_millis(to),
    };
    let line = |id: &str| json!({"id": id, "checked": 5, "ok": true, "detail": ""});
    let lines: Vec<Value> = AUDITED.iter().map(|id| line(id)).collect();
    Found {
        seed: 9,
        struck: Course {
            done: vec![
                done("kill", 1_100, Struck::Installed("n1".into())),
                done("restart", 2_100, Struck::Mended("n1".into())),
                done("kill", 5_100, Struck::Installed("n2".into())),
                done("fail_fsync", 6_100, Struck::Skipped("there is no C compiler".into())),
            ],
            begun: Duration::from_millis(100),
            over: Duration::from_millis(20_100),
            ended: Vec::new(),
        },
        silences: vec![silence(1_050, 1_500), silence(2_000, 2_100), silence(5_100, 5_700)],
        watched: Watched::default(),
        observed: Vec::new(),
        live: Some(Duration::from_millis(40)),
        rest: Rest { is_equal: true, partitions: 12, nodes: 3, detail: String::new() },
        audit: json!({"invariants": lines, "lost": 0, "doubled": 0, "ok": true}),
        verified: Verified { directories: 3, compared: 12, ..Verified::default() },
        tally: Tally::default(),
    }
}

fn report(found: Found) -> Report {
    let plan = plan::parse("p.toml", PLAN).unwrap_or_else(|wrong| panic!("{:?}", wrong.lines()));
    let setting =
        Setting { hoga: "hoga".into(), auditor: Vec::new(), directory: "d".into(), seed: None };
    Report::of(&plan, &setting, found)
}

#[test]
fn a_kill_has_the_gap_up_to_the_next_harm() {
    let report = report(found());
    assert!(report.ok, "{report}");
    let gaps: Vec<_> = report.faults.iter().map(|strike| strike.gap_ms).collect();
    assert_eq!(gaps, [Some(450), None, Some(600)]);
    assert_eq!(report.gap_ms, GapMs { p50: 450, max: 600 });
    assert_eq!(report.faults[0].at_s, 1.0);
    assert_eq!(report.quiet_gap_ms, 450, "it began before the kill");
}

#[test]
fn what_is_skipped_is_named_and_is_no_pass() {
    let report = report(found());
    assert_eq!(report.skipped, ["fail_fsync: there is no C compiler"]);
    let last = report.to_string();
    assert!(last.ends_with("what was done held; 1 skipped"), "{last}");
    assert_eq!(report.coverage.get("fail_fsync"), None);
}

#[test]
fn a_long_gap_a_low_count_and_a_broken_promise_are_no_pass() {
    let mut slow = found();
    slow.silences[2].to = Duration::from_millis(6_200);
    let slow = report(slow);
    assert_eq!(slow.beyond_limit, ["gap_max: 1100 ms, to be below 1000 ms"]);
    assert!(!slow.ok);

    let mut few = found();
    few.struck.done.remove(2);
    assert_eq!(report(few).below_floor, ["kill: 1 of at least 2"]);

    let mut lost = found();
    lost.audit["lost"] = 1.into();
    assert!(!report(lost).ok);

    let mut apart = found();
    apart.verified.differences.push("partition 3 at 7: n1 a, n2 b".into());
    let apart = report(apart);
    let log2 = apart.invariants.iter().find(|known| known.id == "LOG-2").expect("it is there");
    assert!(!log2.ok && !apart.ok);

    let mut empty = found();
    empty.audit["invariants"][7]["checked"] = 0.into();
    assert_eq!(report(empty).below_floor, ["BOOK-1: nothing was looked at"]);
}

#[test]
fn the_document_has_the_fields_that_others_rely_on() {
    let document = serde_json::to_value(report(found())).expect("JSON");
    for key in [
        "plan",
        "seed",
        "nodes",
        "acknowledged",
        "unknown",
        "refused",
        "lost",
        "doubled",
        "faults",
        "gap_ms",
        "invariants",
        "coverage",
        "ok",
    ] {
        assert!(document.get(key).is_some(), "{key}");
    }
    assert!(document["gap_ms"]["p50"].is_u64() && document["gap_ms"]["max"].is_u64());
    let strike = &document["faults"][0];
    assert!(strike["kind"].is_string() && strike["at_s"].is_f64() && strike["gap_ms"].is_u64());
}
