//! The figures rest on a history that is really there.

use super::{Options, build, log, run};

#[test]
fn a_restart_is_measured_on_the_history_that_was_asked_for() {
    let options = Options { commands: 2_000, accounts: 20, rounds: 1, data: None };
    let report = run(&options).expect("it runs");
    assert!(report.commands >= 2_000 && report.requests > 100, "{report:?}");
    assert!(report.log_bytes > report.commands * 10, "{report:?}");
    assert!(report.start_seconds > 0.0 && report.start_after_snapshot_seconds > 0.0);
    assert!(report.report.result.rate > 0.0 && report.report.floor.rate > 0.0);
    let json = serde_json::to_value(&report).expect("a report is JSON");
    for path in ["/bench", "/floor/rate", "/result/p50_us", "/start_after_snapshot_seconds"] {
        assert!(json.pointer(path).is_some(), "{path} is missing in {json}");
    }
    assert!(report.to_string().contains("start to serving after a snapshot"));
}

#[tokio::test]
async fn a_kept_directory_is_used_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = Some(dir.path().to_owned());
    let options = Options { commands: 300, accounts: 5, rounds: 1, data };
    build(&options, dir.path()).await.expect("it is built");
    let (first, _) = log::read(dir.path()).await.expect("it reads");
    build(&options, dir.path()).await.expect("it is there");
    let (again, _) = log::read(dir.path()).await.expect("it reads");
    assert_eq!(first, again);
}

#[test]
fn nothing_to_measure_is_refused() {
    for options in [
        Options { commands: 0, ..Options::default() },
        Options { accounts: 0, ..Options::default() },
        Options { rounds: 0, ..Options::default() },
    ] {
        assert!(run(&options).is_err());
    }
}
