//! Scenarios, played.

use crate::rig::hoga;
use std::fs;
use tempfile::TempDir;

const HUNDRED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/hundred-at-one-price.toml");

/// A copy of the hundred with something else in it.
fn changed(from: &str, to: &str) -> (TempDir, String) {
    let text = fs::read_to_string(HUNDRED).expect("the scenario ships");
    assert!(text.contains(from), "{text}");
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("changed.toml");
    fs::write(&path, text.replace(from, to)).expect("a file");
    let path = path.display().to_string();
    (dir, path)
}

#[test]
fn a_scenario_plays_and_its_checks_hold() {
    hoga(&["play", HUNDRED]).ended(0).said("trades     50").said("ok     holds_released");
    let report = hoga(&["play", "--json", HUNDRED]).ended(0).json();
    assert_eq!(report["trades"], 50);
    assert_eq!(report["ok"], true);
    let again = hoga(&["play", "--json", "--seed", "9", HUNDRED]).ended(0).json();
    assert_eq!(again["seed"], 9);
    assert_eq!(again["digest"], report["digest"], "nobody in it draws lots");
}

#[test]
fn an_impossible_check_has_its_own_exit_code() {
    let (_dir, path) = changed("trades_at_most = 50", "trades_at_most = 49");
    hoga(&["play", &path])
        .ended(6)
        .said("FAILED trades_at_most: expected 49, found 50")
        .complained("a check failed: trades_at_most");
    let report = hoga(&["play", "--json", &path]).ended(6).json();
    assert_eq!(report["ok"], false);
}

#[test]
fn a_recording_plays_again() {
    let (dir, _) = changed("seed = 50", "seed = 51");
    let at = |name: &str| dir.path().join(name).display().to_string();
    let first = hoga(&["play", "--json", "--record", &at("day.jsonl"), HUNDRED]).ended(0).json();
    let tape = "[scenario]\nname = \"again\"\nseed = 1\nlength = \"1m\"\n[market]\n\
                rules = \"lpj\"\n[tape]\nfile = \"day.jsonl\"\n";
    fs::write(at("again.toml"), tape).expect("a file");
    let again = hoga(&["play", "--json", &at("again.toml")]).ended(0).json();
    assert_eq!(again["digest"], first["digest"]);
    hoga(&["play", "--record", &at("day.jsonl"), &at("again.toml")])
        .ended(2)
        .complained("is what is played");
}

#[test]
fn what_cannot_be_played_says_why() {
    let (_dir, path) = changed("rules = \"lpj\"", "rules = \"lpjj\"");
    hoga(&["play", &path]).ended(1).complained("did you mean `lpj`?");
    hoga(&["play", "nowhere.toml"]).ended(3).complained("nowhere.toml cannot be read");
    hoga(&["play", "--record", "/no/such/folder/tape", HUNDRED])
        .ended(1)
        .complained("/no/such/folder/tape cannot be written");
    let (dir, path) = changed("[check]", "[tape]\nfile = \"nowhere.jsonl\"\n[check]");
    // What is recorded takes its place only when all of it is there.
    let kept = dir.path().join("kept.jsonl");
    fs::write(&kept, "precious").expect("a file");
    hoga(&["play", &path, "--record", &kept.display().to_string()]).ended(1);
    assert_eq!(fs::read_to_string(&kept).expect("it is there"), "precious");
    assert!(!dir.path().join("kept.jsonl.part").exists());
    let day = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/recorded-day.toml");
    let of_the_day = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scenarios/data/lobster-small/ACME_2026-01-05_34200000_57600000_message_5.csv"
    );
    hoga(&["play", day, "--record", of_the_day]).ended(2).complained("is what is played");
    hoga(&["play", &path]).ended(1).complained("nowhere.jsonl: it cannot be opened: No such file");
}

#[test]
fn a_report_is_a_page_with_its_charts_and_its_numbers() {
    let dir = TempDir::new().expect("a directory");
    let folder = dir.path().join("report");
    let folder_text = folder.display().to_string();
    hoga(&["play", HUNDRED, "--report", &folder_text]).ended(0).complained("index.html");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it is written");
    let page = read("index.html");
    assert!(page.contains("<img src=\"LPJ-KRW.svg\"") && page.contains("<td>overfilled"), "{page}");
    let chart = read("LPJ-KRW.svg");
    assert!(chart.starts_with("<svg") && chart.contains("class=\"v\""), "{chart}");
    let numbers: serde_json::Value = serde_json::from_str(&read("report.json")).expect("JSON");
    assert_eq!(numbers["ok"], true);
}

#[test]
fn a_stock_that_would_leap_is_interrupted() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/volatility-interruption.toml");
    hoga(&["play", path]).ended(0).said("ok     interruptions.005930");
}
