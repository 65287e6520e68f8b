//! The program as others run it: one JSON document on stdout, and an exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const HISTORY: &str = r#"
{"event":"invoke","time":1,"client":"a","op":"1","request":{"kind":"deposit","account":"accounts/ann","id":"d1","asset":"KRW","amount":"10"}}
{"event":"ok","time":2,"client":"a","op":"1","answer":{"position":{"partition":1,"index":1}}}
"#;

/// An exchange with one account that has so much, and the row of a deposit.
fn export(available: &str) -> String {
    format!(
        r#"{{"instruments":[],"books":[],"trades":[],
        "partitions":[{{"number":1,"outbox":0,"suspended":[],"totals":[{{"asset":"KRW",
            "issued":"10","in_accounts":"10","fees":"0","taxes":"0","clearing":"0"}}]}}],
        "accounts":[{{"name":"accounts/ann","partition":1,"orders":[],"fills":[],
            "balances":[{{"asset":"KRW","available":"{available}","held":"0"}}],
            "rows":[{{"sequence":1,"kind":"DEPOSIT","asset":"KRW","order":"","trade":"",
                "amount":"10","commission":"0","tax":"0","before":"0","after":"10",
                "request_id":"d1","counterparty":""}}]}}]}}"#
    )
}

fn audit(folder: &Path, export: &str) -> Output {
    let (history, state) = (folder.join("history.jsonl"), folder.join("export.json"));
    fs::write(&history, HISTORY).expect("a history");
    fs::write(&state, export).expect("an export");
    let mut program = Command::new(env!("CARGO_BIN_EXE_hoga-auditor"));
    program.arg("--history").arg(history).arg("--export").arg(state).output().expect("it runs")
}

#[test]
fn an_honest_exchange_is_exit_0_and_a_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = audit(folder.path(), &export("10"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["ok"], true);
    let first = &report["invariants"][0];
    assert_eq!((&first["id"], &first["ok"]), (&"CASH-1".into(), &true.into()));
    assert!(first["checked"].as_u64() > Some(0));
}

#[test]
fn an_exchange_that_lost_money_is_exit_1_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = audit(folder.path(), &export("9"));
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let broken: Vec<&str> = report["invariants"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|line| line["ok"] == false)
        .filter_map(|line| line["id"].as_str())
        .collect();
    assert_eq!(broken, ["CASH-1", "CASH-4"]);
}

#[test]
fn what_cannot_be_read_is_exit_2() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(audit(folder.path(), "{}").status.code(), Some(2));
    let program = Command::new(env!("CARGO_BIN_EXE_hoga-auditor")).output().expect("it runs");
    assert_eq!(program.status.code(), Some(2));
}
