//! What must hold, and what is said when it does not.

use super::*;

fn check<'r>(report: &'r Report, name: &str) -> &'r CheckReport {
    let found = report.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("there is no check {name}: {report}"))
}

#[test]
fn fifty_of_a_hundred_get_one_each() {
    let report = play(HUNDRED);
    assert!(report.ok, "{report}");
    assert_eq!((report.trades, report.orders), (50, 101));
    assert_eq!(report.markets[0].volume, "50");
    assert_eq!(report.open_orders, 0);
    assert_eq!(report.rejects.len(), 0);
    assert_eq!(check(&report, "traded.LPJ-KRW").actual, Value::Text("50".into()));
    assert_eq!(check(&report, "holds_released").actual, Value::Flag(true));
}

#[test]
fn an_impossible_check_fails_and_says_what_was_found() {
    let impossible = HUNDRED.replace("trades_at_least = 50", "trades_at_least = 51");
    let report = play(&impossible);
    assert!(!report.ok);
    let failed: Vec<&CheckReport> = report.checks.iter().filter(|check| !check.ok).collect();
    let expected = CheckReport {
        name: "trades_at_least".into(),
        expected: Value::Count(51),
        actual: Value::Count(50),
        ok: false,
    };
    assert_eq!(failed, [&expected]);
    assert!(report.to_string().contains("FAILED trades_at_least: expected 51, found 50"));
    assert_eq!(report.digest, play(HUNDRED).digest, "checks change nothing");
}

#[test]
fn the_digest_can_be_demanded() {
    let digest = play(HUNDRED).digest;
    for (wanted, ok) in [(digest.as_str(), true), ("0123456789abcdef", false)] {
        let text = HUNDRED.replace("[check]", &format!("[check]\ndigest = \"{wanted}\""));
        assert_eq!(play(&text).ok, ok, "{wanted}");
    }
}

#[test]
fn open_orders_and_their_holds_are_counted() {
    let report = quiet(
        r#"
[[accounts]]
name = "alice"
deposit = { KRW = "10000", LPJ = "10" }
[[accounts]]
name = "bob"
deposit = { KRW = "10000" }
[[step]]
at = "1s"
do = "alice sells 10 LPJ-KRW @ 777"
[[step]]
at = "2s"
do = "bob buys 4 LPJ-KRW @ 777"
[[step]]
at = "3s"
do = "bob buys 3 LPJ-KRW @ 700"
[check]
open_orders_at_most = 1
holds_released = true
overfilled = 0
lost_acknowledged_orders = 0
conserved = true
rejects_at_most = 0
orders_at_least = 3
recovered_within = "2s"
"#,
    );
    let failed: Vec<&CheckReport> = report.checks.iter().filter(|check| !check.ok).collect();
    assert_eq!(failed, [check(&report, "open_orders_at_most")]);
    assert_eq!(check(&report, "open_orders_at_most").actual, Value::Count(2));
    assert_eq!(check(&report, "recovered_within").actual, Value::Text("no fault struck".into()));
}

#[test]
fn refusals_are_counted_by_reason() {
    let report = quiet(
        r#"
[[accounts]]
name = "alice"
deposit = { KRW = "1000" }
[[step]]
at = "1s"
do = "alice buys 10 LPJ-KRW @ 777"
[[step]]
at = "2s"
do = "alice buys 1 LPJ-KRW @ 700.5"
[[step]]
at = "3s"
do = "alice sells 1 LPJ-KRW @ 777"
[[step]]
at = "4s"
do = "alice buys 1 LPJ-KRW at market"
[[step]]
at = "5s"
do = "alice buys 1 LPJ-KRW @ 1.123456789"
[[step]]
at = "6s"
do = "alice cancels 17"
[[step]]
at = "7s"
do = "alice withdraws 2000 KRW"
[[step]]
at = "8s"
do = "alice buys 1 LPJ-KRW @ 10 id twice"
[[step]]
at = "9s"
do = "alice buys 1 LPJ-KRW @ 10 id twice"
[[step]]
at = "10s"
do = "alice buys 2 LPJ-KRW @ 10 id twice"
[check]
rejects_at_most = 7
lost_acknowledged_orders = 0
overfilled = 0
"#,
    );
    let expected = [
        ("CLIENT_ORDER_ID_REUSED", 1),
        ("INSUFFICIENT_FUNDS", 2),
        ("INSUFFICIENT_HOLDINGS", 1),
        ("MALFORMED", 1),
        ("NO_REFERENCE_PRICE", 1),
        ("ORDER_NOT_FOUND", 1),
        ("PRICE_NOT_ON_TICK", 1),
    ];
    let rejects: Vec<(&str, u64)> =
        report.rejects.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!(rejects, expected);
    assert_eq!(report.open_orders, 1, "a retry places nothing");
    assert!(!report.ok, "eight are more than seven");
}

#[test]
fn the_report_is_the_documented_json() {
    let json = serde_json::to_value(play(HUNDRED)).expect("a report is JSON");
    for (key, value) in [
        ("scenario", serde_json::json!("hundred-at-one-price")),
        ("seed", serde_json::json!(50)),
        ("virtual_seconds", serde_json::json!(60.0)),
        ("wall_seconds", serde_json::json!(0.0)),
        ("orders", serde_json::json!(101)),
        ("trades", serde_json::json!(50)),
        ("rejects", serde_json::json!({})),
        ("ok", serde_json::json!(true)),
    ] {
        assert_eq!(json[key], value, "{key}");
    }
    assert_eq!(json["digest"].as_str().map(str::len), Some(16));
    let first =
        serde_json::json!({"name": "trades_at_least", "expected": 50, "actual": 50, "ok": true});
    assert_eq!(json["checks"][0], first);
}

/// What waits for its trigger, its hours or its call is as little lost as what rests.
#[test]
fn orders_that_wait_are_not_lost() {
    let stop = quiet(
        r#"
[[accounts]]
name = "alice"
deposit = { LPJ = "10" }
[[step]]
at = "1s"
do = "alice sells 10 LPJ-KRW @ 700 stop 710"
[check]
lost_acknowledged_orders = 0
"#,
    );
    assert!(stop.ok && stop.open_orders == 1, "{stop}");
    let reserved = play(
        r#"
[scenario]
name = "overnight"
seed = 1
length = "9h"
[market]
rules = "krx"
date = "2026-01-08"
[[accounts]]
name = "alice"
deposit = { KRW = "1000000" }
[[step]]
at = "8h"
do = "alice buys 1 005930 @ 70000"
[check]
lost_acknowledged_orders = 0
"#,
    );
    assert!(reserved.ok && reserved.open_orders == 1, "{reserved}");
}

/// What is malformed is refused before the log: nobody remembers its id.
#[test]
fn the_id_of_a_malformed_order_is_free() {
    let report = quiet(
        r#"
[[accounts]]
name = "alice"
deposit = { KRW = "10000" }
[[step]]
at = "1s"
do = "alice buys 0 LPJ-KRW @ 700 id x"
[[step]]
at = "2s"
do = "alice buys 1 LPJ-KRW @ 700 id x"
"#,
    );
    assert_eq!(report.rejects, [("MALFORMED".to_owned(), 1)].into());
    assert_eq!(report.open_orders, 1);
}
