//! What Prometheus reads from the running binary.

use crate::rig::Exchange;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn up(data: TempDir) -> Exchange {
    // Numbers of outside markets are there once a node is told of one, be it gone.
    Exchange::up_with(data, &["--metrics", "127.0.0.1:0", "--feed", "upbit=ws://127.0.0.1:9"])
}

/// The sum over all labels of a metric.
fn value(page: &str, name: &str) -> f64 {
    let is_ours =
        |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
    let number = |line: &str| line.rsplit(' ').next().and_then(|number| number.parse::<f64>().ok());
    page.lines().filter(is_ours).filter_map(number).sum()
}

/// Names of ours in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("hoga_")).collect()
}

/// Every rule and dashboard counts on what it names being there, also before anything went wrong.
#[test]
fn the_binary_exports_every_metric_that_rules_and_dashboards_name() {
    let exchange = up(TempDir::new().expect("a directory"));
    exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(0);
    exchange.hoga(&["sell", "4", "LPJ-KRW", "at", "market", "--as", "bob"]).ended(0);
    exchange.hoga(&["sell", "4", "LPJ-KRW", "@", "777.5", "--as", "bob"]).ended(4);
    let page = exchange.metrics();
    let exported = named(&page);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("nodes/ops exists") {
        let path = entry.expect("it can be listed").path();
        let text = fs::read_to_string(&path).expect("it is text");
        for name in named(&text) {
            assert!(exported.contains(name), "{}: {name} is not exported\n{page}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} names found: does the scan still fit?");
}

#[test]
fn the_numbers_move_with_what_happens() {
    let exchange = up(TempDir::new().expect("a directory"));
    exchange.hoga(&["buy", "10", "LPJ-KRW", "@", "777", "--as", "alice"]).ended(0);
    let sold = ["sell", "4", "LPJ-KRW", "at", "market", "--ack", "full", "--as", "bob"];
    exchange.hoga(&sold).ended(0);
    let before = exchange.metrics();
    for (name, wanted) in [
        ("hoga_orders_total", 2.0),
        ("hoga_trades_total", 1.0),
        ("hoga_turnover_total", 3108.0),
        ("hoga_book_depth_orders", 1.0),
        ("hoga_invariant_violations_total", 0.0),
        ("hoga_overfill_total", 0.0),
        ("hoga_actor_restarts_total", 0.0),
        ("hoga_partition_leader", 12.0),
    ] {
        assert_eq!(value(&before, name), wanted, "{name}\n{before}");
    }
    for name in ["hoga_log_append_seconds_count", "hoga_actor_handle_seconds_count"] {
        assert!(value(&before, name) > 0.0, "{name}\n{before}");
    }
    assert!(value(&before, "hoga_log_bytes_total") > 0.0);
    for kind in ["performer", "sequencer"] {
        assert!(before.contains(&format!("hoga_mailbox_depth{{kind=\"{kind}\"}}")), "{before}");
    }
    let after = up(exchange.kill()).metrics();
    let replayed = value(&after, "hoga_replay_commands_total");
    assert!(replayed > 5.0, "the log was replayed: {replayed}");
    assert!(value(&after, "hoga_replay_seconds") > 0.0);
}
