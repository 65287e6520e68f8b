//! Scenarios on running exchanges: on nodes of their own, and on somebody's.

use crate::rig::{Exchange, hoga};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// A crowd for a few seconds, whose leader dies in the middle of them.
const CROWD: &str = r#"
[scenario]
name = "crowd"
seed = 4
length = "6s"
[market]
rules = "lpj"
[[accounts]]
name = "carol"
deposit = { KRW = "1000000", LPJ = "100" }
[[bots]]
kind = "maker"
count = 2
deposit = { KRW = "1000000", LPJ = "1000" }
[[bots]]
kind = "noise"
count = 6
deposit = { KRW = "1000000", LPJ = "1000" }
orders_per_second = 1
market_percent = 40
[[step]]
at = "1s"
do = "carol buys 10 LPJ-KRW @ 500 id patience"
[[step]]
at = "2s100ms"
do = "carol sells 5 LPJ-KRW @ 1200"
[[step]]
at = "5s"
do = "carol amends patience to 20 @ 501"
[[fault]]
at = "2s"
do = "kill the node that leads LPJ-KRW"
[[fault]]
at = "4s"
do = "restart any node"
[check]
trades_at_least = 1
orders_at_least = 10
overfilled = 0
lost_acknowledged_orders = 0
conserved = true
holds_released = true
recovered_within = "20s"
"#;

/// Two people and one trade.
const PAIR: &str = r#"
[scenario]
name = "pair"
seed = 1
length = "1s"
[market]
rules = "lpj"
[[accounts]]
name = "carol"
deposit = { KRW = "10000" }
[[accounts]]
name = "dave"
deposit = { LPJ = "10" }
[[step]]
at = "100ms"
do = "carol buys 6 LPJ-KRW @ 777 id mine"
[[step]]
at = "200ms"
do = "dave sells 5 LPJ-KRW at market"
[[step]]
at = "300ms"
do = "dave sells 100 LPJ-KRW @ 800"
[[step]]
at = "400ms"
do = "carol amends 1 to 7 @ 770"
[[step]]
at = "500ms"
do = "carol cancels mine"
[check]
trades_at_least = 1
trades_at_most = 1
traded = { LPJ-KRW = "5" }
last = { LPJ-KRW = "777" }
rejects_at_most = 1
overfilled = 0
lost_acknowledged_orders = 0
open_orders_at_most = 0
conserved = true
"#;

fn written(text: &str) -> (TempDir, String) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("scenario.toml");
    fs::write(&path, text).expect("a file");
    let path = path.display().to_string();
    (dir, path)
}

fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{report:#}"))
}

#[test]
fn nothing_is_lost_when_the_leader_of_three_dies() {
    let (dir, path) = written(CROWD);
    let tape = dir.path().join("tape.jsonl").display().to_string();
    let pages = dir.path().join("pages").display().to_string();
    let args =
        ["play", &path, "--nodes", "3", "--speed", "1x", "--record", &tape, "--report", &pages];
    let report = hoga(&[&["--json"], &args[..]].concat()).ended(0).json();
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["live"]["nodes"], 3);
    let faults = report["live"]["faults"].as_array().expect("faults");
    let became: Vec<&str> = faults.iter().filter_map(|fault| fault["became"].as_str()).collect();
    assert_eq!(became, ["struck", "mended"], "{report:#}");
    let recovered = check(&report, "recovered_within")["actual"].as_str().expect("a time");
    assert_ne!(recovered, "no fault struck");
    // What entered is a tape that plays anywhere.
    let played = "[scenario]\nname = \"again\"\nseed = 1\nlength = \"6s\"\n[market]\n\
                  rules = \"lpj\"\n[tape]\nfile = \"tape.jsonl\"\n";
    let again = dir.path().join("again.toml");
    fs::write(&again, played).expect("a file");
    let replayed = hoga(&["--json", "play", &again.display().to_string()]).ended(0).json();
    assert_eq!(replayed["orders"], report["orders"]);
    let page = fs::read_to_string(dir.path().join("pages/index.html")).expect("a page");
    assert!(page.contains("recovered_within"), "{page}");
}

#[test]
fn a_scenario_plays_on_a_running_exchange_again_and_again() {
    let exchange = Exchange::up();
    let (_dir, path) = written(PAIR);
    let args = ["--json", "play", &path, "--target", &exchange.url];
    for round in 1..=2 {
        let report = hoga(&args).ended(0).json();
        assert_eq!((&report["trades"], &report["ok"]), (&Value::from(1), &Value::from(true)));
        assert_eq!(report["rejects"], json!({"INSUFFICIENT_HOLDINGS": 1}), "{report:#}");
        assert_eq!(report["live"]["target"], exchange.url);
        let warned = report["warnings"].to_string().contains("were there already");
        assert_eq!(warned, round == 2, "{report:#}");
    }
    // Whoever was there before has what they had.
    let alice = exchange.json("alice", &["portfolio"]);
    assert!(alice.to_string().contains("10000000"), "{alice:#}");
}

#[test]
fn a_tape_brings_in_whom_it_names() {
    let exchange = Exchange::up();
    let (dir, path) = written(PAIR);
    let tape = dir.path().join("tape.jsonl").display().to_string();
    let first = hoga(&["--json", "play", &path, "--record", &tape]).ended(0).json();
    let again = dir.path().join("again.toml");
    let text = "[scenario]\nname = \"again\"\nseed = 1\nlength = \"10s\"\n[market]\n\
                rules = \"lpj\"\n[tape]\nfile = \"tape.jsonl\"\n";
    fs::write(&again, text).expect("a file");
    let path = again.display().to_string();
    let report = hoga(&["--json", "play", &path, "--target", &exchange.url]).ended(0).json();
    assert_eq!((&report["trades"], &report["rejects"]), (&first["trades"], &first["rejects"]));
}

#[test]
fn faults_are_left_alone_on_somebodys_exchange() {
    let exchange = Exchange::up();
    let (_dir, path) = written(CROWD);
    let report = hoga(&["--json", "play", &path, "--target", &exchange.url]).ended(0).json();
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("the exchange is not this play's to break"), "{warnings}");
    assert_eq!(check(&report, "recovered_within")["actual"], "no fault struck");
}

#[test]
fn what_fails_and_what_cannot_be_reached_has_its_exit_code() {
    let exchange = Exchange::up();
    let (_dir, path) = written(&PAIR.replace("trades_at_most = 1", "trades_at_most = 0"));
    hoga(&["play", &path, "--target", &exchange.url])
        .ended(6)
        .said("FAILED trades_at_most: expected 0, found 1")
        .complained("a check failed: trades_at_most");
    hoga(&["play", &path, "--target", "http://127.0.0.1:1"]).ended(5);
    hoga(&["play", &path, "--target", "nowhere at all"]).ended(2);
    hoga(&["play", &path, "--target", &exchange.url, "--nodes", "3"]).ended(2);
    let closing = "[[step]]\nat = \"1s\"\ndo = \"close the market\"\n";
    let (_dir, path) = written(&format!("{PAIR}\n{closing}"));
    hoga(&["play", &path, "--nodes", "3"]).ended(2).complained("is played in virtual time only");
}
