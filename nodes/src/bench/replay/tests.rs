//! The figures rest on a history that is really there.

use super::{Options, build, log, run};

#[test]
fn a_restart_is_measured_on_the_history_that_was_asked_for() {
    let options = Options { commands: 2_000, accounts: 20, rounds: 1, data: None };
    let report = run(&options).expect("it runs");
    assert!(report.commands >= 2_000 && report.requests > 100, "{report:?}");
    assert!(report.log_bytes > report.commands * 10, "{report:?}");
    assert!(report.start_seconds > 0.0 && report.start_after_snapshot_seconds > 0.0);
    assert!(report.start_cpu_seconds > 0.0 && report.alone_seconds > 0.0);
    assert!(report.report.result.rate > Some(0.0) && report.report.floor.rate > Some(0.0));
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
    std::fs::create_dir_all(dir.path().join("snapshots/0/gen-1")).expect("room");
    build(&options, dir.path()).await.expect("it is there");
    assert!(!dir.path().join("snapshots").exists(), "it is replayed as a whole again");
    let (again, _) = log::read(dir.path()).await.expect("it reads");
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_directory_of_somebody_else_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("node.json"), "{}").expect("room");
    std::fs::create_dir(dir.path().join("snapshots")).expect("room");
    let error = build(&Options::default(), dir.path()).await.expect_err("it is refused");
    assert!(error.to_string().contains("no benchmark made"), "{error}");
    assert!(dir.path().join("snapshots").exists());
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
