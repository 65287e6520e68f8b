//! Three nodes, two kills of the leader, everything that is checked afterwards; and two nodes that
//! do not hear each other. The long versions are plans in `chaos/plans`.

#![allow(clippy::unwrap_used)]

use hoga_chaos::plan;
use hoga_chaos::run::{self, Setting};
use std::path::PathBuf;

/// The gaps of the plan are judged on an idle machine; here others may build.
const TWO_KILLS: &str = r#"
[scenario]
name = "two-kills"
seed = 1
length = "14s"

[market]
rules = "lpj"

[cluster]
nodes = 3

[schedule]
jitter = "500ms"

[workload]
accounts = 6
pause = "20ms"
outside = 40

[[fault]]
at = "2s"
every = "6s"
do = "kill the node that leads LPJ-KRW"

[[fault]]
at = "5s"
every = "6s"
do = "restart any node"

[check.coverage]
kill = 2
restart = 1
elections = 2
acknowledged = 200
unknown = 1
fills = 20
deduplicated = 1
snapshots_taken = 20
outside_levels_judged = 10
stream_frames = 20
directories_verified = 3
replicas_compared = 8
"#;

/// Without a way round, orders of accounts that the one leads would wait for the book that the
/// other leads until the cut is healed.
const CUT: &str = r#"
[scenario]
name = "one-way"
seed = 1
length = "16s"

[market]
rules = "lpj"

[cluster]
nodes = 3

[workload]
accounts = 6
pause = "20ms"

[[fault]]
at = "3s"
do = "cut the node that leads LPJ-KRW to any node one way"

[[fault]]
at = "13s"
do = "heal"

[check]
gap_max = "5s"

[check.coverage]
cut_one_way = 1
heal = 1
acknowledged = 200
fills = 20
directories_verified = 3
replicas_compared = 8
"#;

#[test]
fn an_exchange_whose_leader_is_killed_twice_loses_and_doubles_nothing() {
    holds(TWO_KILLS);
}

#[test]
fn leadership_goes_round_a_cut_to_whoever_reaches_both_sides() {
    holds(CUT);
}

fn holds(plan: &str) {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan::parse("plan.toml", plan).unwrap();
    let hoga = PathBuf::from(env!("CARGO_BIN_EXE_hoga"));
    let setting = Setting::of(hoga, folder.path().join("run"), None);
    let report = match run::run(&plan, &setting, &mut |_| {}) {
        Ok(report) => report,
        Err(error) => panic!("{error:#}; see {}", folder.keep().display()),
    };
    assert_eq!((report.lost, report.doubled), (0, 0), "{report}");
    if !report.ok {
        panic!("see {}: {report}", folder.keep().display());
    }
}
