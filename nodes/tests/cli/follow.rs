//! A market that follows another one, by hand.

use crate::rig::Exchange;
use serde_json::Value;
use tempfile::TempDir;

const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/data/upbit-small.capture");
/// Tries until an order comes before the book that was just posted is too old.
const TRIES: usize = 20;

#[test]
fn an_outside_market_is_fed_and_traded_against() {
    let data = TempDir::new().expect("a directory");
    let exchange = Exchange::up_with(data, &["--rules", "follow"]);
    let market = ["buy", "0.01", "BTC-KRW", "at", "market", "--as", "alice"];
    exchange.hoga(&market).ended(4).complained("(FEED_STALE)");
    exchange.hoga(&["fund", "BTC-KRW", "5", "BTC"]).ended(0).said("10005 BTC");
    exchange.hoga(&["fund", "BTC-KRW", "5", "XYZ"]).ended(3).complained("(UNKNOWN_ASSET)");

    let record = exchange.dir().join("fed.jsonl").display().to_string();
    let feed = ["feed", CAPTURE, "--into", "BTC-KRW", "--speed", "max", "--record", &record];
    let mut all = String::new();
    let filled = (0..TRIES).any(|_| {
        let fed = exchange.hoga(&[&feed[..], &["--json"]].concat()).ended(0).json();
        assert_eq!((&fed["books"], &fed["gaps"]), (&Value::from(60), &Value::from(0)));
        assert_eq!((&fed["taken"], &fed["unfit"]), (&Value::from(60), &Value::from(0)));
        all.push_str(&std::fs::read_to_string(&record).expect("it was written"));
        exchange.hoga(&market).out.contains("filled")
    });
    assert!(filled, "of all tries none came in time");
    std::fs::write(&record, all).expect("it is written");
    exchange.hoga(&["book", "BTC-KRW"]).ended(0);
    let fills = exchange.json("alice", &["fills"]);
    let fill = &fills["fills"][0];
    assert_eq!(fill["outsideLevel"], 1, "{fills}");
    assert!(fill["outsideSnapshot"].as_str().is_some_and(|it| it != "0"), "{fills}");
    exchange
        .hoga(&["withdraw", "1", "BTC", "--as", "house"])
        .ended(4)
        .complained("(HOUSE_ACCOUNT)");

    // Who looks from outside finds no level over-filled, and the money where it was.
    let history = exchange.dir().join("history.jsonl").display().to_string();
    std::fs::write(&history, "").expect("it is written");
    let audit = ["audit", "--history", &history, "--target", &exchange.url, "--snapshots", &record];
    let report = crate::rig::hoga(&audit);
    let report = report.json();
    for id in ["CASH-1", "CASH-2", "CASH-3", "CASH-4", "FILL-1", "FILL-2", "FILL-3", "FILL-4"] {
        let lines = report["invariants"].as_array().expect("a list");
        let line = lines.iter().find(|line| line["id"] == id).expect("it was checked");
        assert!(line["ok"] == true && line["checked"] != 0 && line["left_out"] == 0, "{report:#}");
    }
}
