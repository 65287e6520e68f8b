//! kill -9 under load: what was acknowledged is there, once. The short version; the long one is
//! `cargo run --release -p hoga-chaos --example kill_rounds -- --rounds 100`.

#![allow(clippy::unwrap_used)]

use hoga_chaos::kill::{self, Plan};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The outside auditor is a program of another crate: it is built here unless it is there. As one of
/// the whole workspace, so that it takes its dependencies as the tests have built them.
fn auditor() -> PathBuf {
    let hoga = Path::new(env!("CARGO_BIN_EXE_hoga"));
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--offline", "--quiet", "--workspace", "--bin", "hoga-auditor"]);
    build.arg("--target-dir");
    build.arg(hoga.ancestors().nth(2).unwrap());
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the auditor does not build");
    hoga.with_file_name("hoga-auditor")
}

#[test]
fn an_exchange_that_is_killed_five_times_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let hoga = PathBuf::from(env!("CARGO_BIN_EXE_hoga"));
    let plan = Plan::new(hoga, auditor(), folder.path().join("run"), 5);
    let report = match kill::run(&plan, |_| {}) {
        Ok(report) => report,
        Err(error) => panic!("{error:#}; seed {}; see {}", plan.seed, folder.keep().display()),
    };
    if !report.ok {
        panic!("what was acknowledged was not kept; see {}\n{report}", folder.keep().display());
    }
}
