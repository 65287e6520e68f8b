//! Every command explains itself.

use crate::rig::{command, hoga};

const COMMANDS: [&str; 38] = [
    "up",
    "node",
    "buy",
    "sell",
    "cancel",
    "kill-switch",
    "amend",
    "orders",
    "fills",
    "ledger",
    "portfolio",
    "deposit",
    "withdraw",
    "book",
    "candles",
    "rank",
    "season",
    "cluster",
    "instruments",
    "halt",
    "resume",
    "limit",
    "feed",
    "fund",
    "log-in",
    "token",
    "accounts",
    "play",
    "check",
    "replay",
    "chaos",
    "sim",
    "verify",
    "bench",
    "trace",
    "explain",
    "doctor",
    "completions",
];

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        hoga(&[command, "--help"]).ended(0).said("Usage: hoga ").said(command);
    }
}

#[test]
fn the_help_lists_them_all() {
    let help = hoga(&["--help"]).ended(0);
    let listed = help.out.lines().skip_while(|line| *line != "Commands:").skip(1);
    // What a line goes on with is further in.
    let listed = listed
        .take_while(|line| !line.is_empty())
        .filter(|line| line.find(|c| c != ' ') == Some(2));
    let listed: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, [&COMMANDS[..], &["help"]].concat());
}

#[test]
fn nothing_said_shows_the_help_and_is_a_slip_of_usage() {
    hoga(&[]).ended(2).complained("Usage: hoga ");
    hoga(&["bok", "LPJ-KRW"]).ended(2).complained("'book'");
    hoga(&["book"]).ended(2).complained("<SYMBOL>");
}

#[test]
fn the_version_is_that_of_the_package() {
    hoga(&["--version"]).ended(0).said(env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_usage_has_nothing_of_the_environment() {
    let mut bare = command(&["buy"]);
    let bare = bare.env("HOGA_SERVER", "http://127.0.0.1:1").env("HOGA_AS", "alice").output();
    let said = String::from_utf8(bare.expect("the binary runs").stderr).expect("text");
    assert!(said.contains("Usage: hoga buy <ORDER>..."), "{said}");
}
