//! Every scenario that ships plays to its end, its checks hold, and they bite: with the rule that
//! it shows lifted, they do not.

use super::*;

const LISTING: &str = include_str!("../../../lpj-listing.toml");
const DAY: &str = include_str!("../../../lpj-day-with-bots.toml");
const LIMIT_UP: &str = include_str!("../../../krx-limit-up.toml");
const INTERRUPTION: &str = include_str!("../../../volatility-interruption.toml");
const OVERNIGHT: &str = include_str!("../../../reserved-overnight.toml");
const BREAKER: &str = include_str!("../../../circuit-breaker.toml");
const CRASH: &str = include_str!("../../../flash-crash.toml");

fn failed(report: &Report) -> Vec<&str> {
    let failed = report.checks.iter().filter(|check| !check.ok);
    failed.map(|check| check.name.as_str()).collect()
}

#[track_caller]
fn holds(text: &str) {
    let first = play(text);
    assert!(first.ok, "{first}");
    assert_eq!(first.warnings, Vec::<String>::new());
    assert_eq!(play(text).digest, first.digest);
}

/// The same with another rule in its market.
fn without(text: &str, rule: &str, instead: &str) -> Report {
    assert!(text.contains("[market]\n"), "{text}");
    let text: String =
        text.lines().filter(|line| !line.starts_with(rule)).map(|l| format!("{l}\n")).collect();
    play(&text.replace("[market]\n", &format!("[market]\n{rule} = {instead}\n")))
}

#[test]
fn a_listing_opens_at_one_price() {
    holds(LISTING);
    let report = without(LISTING, "opening_call", "\"none\"");
    assert!(failed(&report).contains(&"lowest.LPJ-KRW"), "{report}");
}

#[test]
fn a_day_of_bots_begins_with_a_price_that_people_made() {
    holds(DAY);
    let report = without(DAY, "opening_call", "\"none\"");
    assert!(failed(&report).contains(&"owns.alice"), "{report}");
}

#[test]
fn an_opening_at_the_limit_goes_by_size() {
    holds(LIMIT_UP);
    let report = without(LIMIT_UP, "limit_opening_first", "\"none\"");
    assert!(failed(&report).contains(&"owns.large"), "{report}");
}

#[test]
fn a_stock_is_interrupted_three_times_a_day() {
    holds(INTERRUPTION);
    let report = without(INTERRUPTION, "volatility_interruption", "\"none\"");
    assert!(failed(&report).contains(&"interruptions.005930"), "{report}");
}

#[test]
fn orders_wait_overnight() {
    holds(OVERNIGHT);
    let report = without(OVERNIGHT, "reservation", "{ trading_days = 2 }");
    assert!(failed(&report).contains(&"owns.erin"), "{report}");
}

#[test]
fn an_interruption_ends_a_crash() {
    holds(CRASH);
    let report = without(CRASH, "volatility_interruption", "\"none\"");
    assert!(failed(&report).contains(&"lowest.005930"), "{report}");
}

#[test]
fn a_market_that_falls_stops_three_times() {
    holds(BREAKER);
    assert_eq!(play(BREAKER).rejects, [("INSTRUMENT_HALTED".to_string(), 1)].into());
    let report = without(BREAKER, "circuit_breaker", "\"none\"");
    assert!(failed(&report).contains(&"open_orders_at_most"), "{report}");
}
