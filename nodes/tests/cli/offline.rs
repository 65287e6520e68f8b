//! What needs no exchange.

use crate::rig::{command, hoga};
use std::fs;
use tempfile::TempDir;

/// A file with this text, in a directory that goes when it is dropped.
fn file(name: &str, text: &str) -> (TempDir, String) {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join(name);
    fs::write(&path, text).expect("a file");
    let path = path.display().to_string();
    (dir, path)
}

#[test]
fn a_reason_is_explained() {
    hoga(&["explain", "PRICE_NOT_ON_TICK"]).ended(0).said("multiple of the tick");
    hoga(&["explain", "price-not-on-tick"]).ended(0).said("INVALID_ARGUMENT");
    hoga(&["explain", "PRICE_NOT_ON_TIK"]).ended(3).complained("did you mean PRICE_NOT_ON_TICK?");
    hoga(&["explain", "WEATHER"]).ended(3).complained("there is no reason `WEATHER`");
    hoga(&["explain", "RESUME_TOO_OLD"]).ended(0).said("why a stream sent a snapshot");
    let all = hoga(&["explain", "--json"]).ended(0).json();
    assert!(all.as_array().is_some_and(|all| all.len() > 20), "{all}");
}

#[test]
fn a_scenario_with_slips_is_shown_them() {
    let text = "[scenario]\nname = \"x\"\nseed = 1\nlenght = \"1m\"\n[market]\nrules = \"lpj\"\n";
    let (_dir, path) = file("x.toml", text);
    hoga(&["check", &path]).ended(1).complained("did you mean `length`?").complained("x.toml:4:1");
    let json = hoga(&["check", "--json", &path]).ended(1).json();
    assert_eq!(json["ok"], false);
    let first = json["mistakes"][0].as_str().unwrap_or_default();
    assert!(first.contains("x.toml:"), "{json}");
}

#[test]
fn a_sound_scenario_passes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/lpj-morning.toml");
    hoga(&["check", path]).ended(0).said("a scenario, `lpj-morning`").said("no mistakes");
}

#[test]
fn a_config_is_checked_too() {
    let (_dir, path) = file("node.toml", "[gateway]\nlisten = \"127.0.0.1:7171\"\n");
    hoga(&["check", &path]).ended(0).said("the config of node 1, listening on 127.0.0.1:7171");
    let (_dir, path) = file("node.toml", "[gateway]\nlistn = \"127.0.0.1:7171\"\n");
    hoga(&["check", &path]).ended(1).complained("did you mean `listen`?");
    hoga(&["node", "--config", &path]).ended(1).complained("did you mean `listen`?");
}

#[test]
fn the_example_config_is_sound() {
    let example = hoga(&["node", "--example"]).ended(0).said("(HOGA_GATEWAY_LISTEN)").out;
    let (_dir, path) = file("node.toml", &example);
    hoga(&["check", &path]).ended(0).said("no mistakes");
}

#[test]
fn a_slip_in_a_variable_is_no_default() {
    let (_dir, path) = file("node.toml", "");
    let output = command(&["check", &path]).env("HOGA_LOG_SEGMENT_BITES", "1").output();
    let output = output.expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("did you mean HOGA_LOG_SEGMENT_BYTES?"), "{said}");
}

#[test]
fn the_hops_of_an_order_are_shown() {
    hoga(&["trace", "one-order"]).ended(0).said("actors/engine/src/book/matching.rs");
    let hops = hoga(&["--json", "trace", "one-order"]).ended(0).json();
    assert!(hops.as_array().is_some_and(|hops| hops.len() > 10), "{hops}");
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        hoga(&["completions", shell]).ended(0).said("hoga").said("portfolio");
    }
}

#[test]
fn the_doctor_finds_this_machine_fit() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().display().to_string();
    let args = ["doctor", "--json", "--data", &data, "--server", "http://127.0.0.1:1"];
    let found = hoga(&args).json();
    let checks = found["checks"].as_array().expect("checks");
    let verdict = |name: &str| {
        let check = checks.iter().find(|check| check["check"] == name);
        check.map(|check| check["verdict"].clone()).unwrap_or_default()
    };
    assert_eq!(verdict("data directory"), "ok", "{found}");
    assert_eq!(verdict("server"), "warn", "{found}");
    assert_ne!(verdict("fsync"), "fail", "{found}");
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0, "it leaves nothing");
    hoga(&["doctor", "--data", "/dev/null/x"]).said("WHAT TO DO");
}

#[test]
fn who_acts_has_to_be_said() {
    hoga(&["buy", "10", "LPJ-KRW", "@", "777"]).ended(2).complained("who acts? add --as NAME");
    hoga(&["orders", "--as", "Alice!"]).ended(2).complained("is not an account name");
    hoga(&["token", "--as", "alice"]).ended(0).said("dev:alice");
}

#[test]
fn an_order_that_does_not_read_is_marked() {
    let buy = |words: &[&str]| hoga(&[&["buy", "--as", "alice"], words].concat()).ended(2);
    buy(&["ten", "LPJ-KRW", "@", "777"]).complained("`ten` is not a number").complained("  ^^^\n");
    buy(&["-1", "LPJ-KRW", "@", "777"]).complained("`-1` is below zero");
    buy(&["10", "LPJ-KRW", "@", "777", "icc"]).complained("did you mean `ioc`?");
    buy(&["10", "LPJ-KRW", "777"]).complained("expected `@` or `at`");
}

#[test]
fn nobody_at_the_other_end_is_said_so() {
    let far = ["book", "LPJ-KRW", "--server", "http://127.0.0.1:1"];
    hoga(&far)
        .ended(5)
        .complained("no exchange answers at http://127.0.0.1:1")
        .complained("hoga up");
    hoga(&["book", "LPJ-KRW", "--server", "nonsense"]).ended(2).complained("is not an address");
}

#[test]
fn what_is_not_there_is_not_found_whoever_asks() {
    for command in ["check", "play", "chaos"] {
        hoga(&[command, "nowhere.toml"]).ended(3).complained("nowhere.toml");
    }
    hoga(&["node", "--config", "nowhere.toml"]).ended(3).complained("nowhere.toml");
    hoga(&["rank", "--at", "yesterday"]).ended(2).complained("YYYY-MM-DD");
}

#[test]
fn a_file_is_called_what_it_is() {
    let at = |name: &str| format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"));
    let (scenario, plan) = (at("scenarios/lpj-morning.toml"), at("chaos/plans/kill-leader.toml"));
    hoga(&["play", &plan]).ended(1).complained("this is a plan of attack").complained("hoga chaos");
    hoga(&["chaos", &scenario]).ended(1).complained("is a scenario").complained("hoga play");
    hoga(&["check", &at("scenarios/rules/lpj.toml")]).ended(0).said("a rule book, `lpj`: LPJ-KRW");
    let (_dir, path) = file("node.toml", "\n");
    hoga(&["check", &path]).ended(0).said("it is empty");
}

#[test]
fn files_that_a_scenario_names_are_checked_too() {
    let small = "[scenario]\nname = \"x\"\nseed = 1\nlength = \"1m\"\n[market]\n";
    let dir = TempDir::new().expect("a directory");
    let check = |rest: &str, text: &str| {
        fs::write(dir.path().join("x.toml"), format!("{small}{rest}")).expect("a file");
        fs::write(dir.path().join("day.jsonl"), text).expect("a file");
        hoga(&["check", &dir.path().join("x.toml").display().to_string()])
    };
    let tape = "rules = \"lpj\"\n[tape]\nfile = \"day.jsonl\"\n";
    let line = "{\"at_ms\":1,\"do\":\"alice byys 10 LPJ-KRW @ 777\"}\n";
    check(tape, "").ended(0);
    check(tape, line).ended(1).complained("x.toml:8:8").complained("line 1, column");
    check(&tape.replace("day", "night"), "")
        .ended(1)
        .complained("night.jsonl: it cannot be opened: No such file");
    let feed = |rules: &str, symbol: &str| {
        format!("rules = \"{rules}\"\n[[step]]\nat = \"1s\"\ndo = \"feed no.x into {symbol}\"\n")
    };
    check(&feed("lpj", "LPJ-KRW"), "").ended(1).complained("LPJ-KRW follows no outside book");
    check(&feed("follow", "BTC-KRW"), "").ended(1).complained("cannot read no.x");
}
