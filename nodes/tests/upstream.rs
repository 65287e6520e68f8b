//! An outside market that is followed live, by the real binary: one node, then three of which one
//! is killed.

mod rig;
#[path = "rig/venue.rs"]
mod venue;

use rig::{Exchange, Ran, hoga};
use serde_json::Value;
use std::fmt::Debug;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use venue::{Mood, Venue};

/// How long a test waits for what comes by itself.
const SOON: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const BUY: [&str; 7] = ["buy", "0.0001", "BTC-KRW", "at", "market", "--as", "alice"];

/// Looks again and again until it is as wanted.
#[track_caller]
fn until<T: Debug>(look: impl Fn() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let start = Instant::now();
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(start.elapsed() < SOON, "it stays {seen:#?}");
        std::thread::sleep(LOOK_EVERY);
    }
}

fn up(venue: &Venue, more: &[&str]) -> Exchange {
    let feed = format!("upbit={}", venue.url);
    let args = [&["--rules", "follow", "--feed", &feed], more].concat();
    Exchange::up_with(TempDir::new().expect("a directory"), &args)
}

/// A command against one node.
fn at(url: &str, args: &[&str]) -> Ran {
    hoga(&[&["--server", url], args].concat())
}

#[track_caller]
fn until_trades(url: &str) {
    until(|| at(url, &BUY), |ran| ran.out.contains("filled"));
}

fn status(url: &str) -> Value {
    at(url, &["--json", "feed", "status"]).ended(0).json()["venues"][0].clone()
}

/// How many connections there are, each with what it hears.
fn heard(venue: &Venue) -> Vec<Vec<String>> {
    venue.heard().into_iter().map(|codes| codes.into_iter().collect()).collect()
}

#[test]
fn a_live_market_is_followed_left_and_followed_again() {
    let venue = Venue::open();
    let exchange = up(&venue, &["--metrics", "127.0.0.1:0"]);
    let url = &exchange.url;
    until_trades(url);
    let shown = exchange.hoga(&["feed", "status"]).ended(0);
    let shown = shown.said("heard by n1").said("KRW-BTC");
    assert!(shown.out.contains(&venue.url), "{shown:#?}");
    let seen = status(url);
    assert_eq!((&seen["keeper"], &seen["here"]), (&"nodes/n1".into(), &true.into()), "{seen}");

    exchange.hoga(&["feed", "unsubscribe", "BTC-KRW"]).ended(0).said("no live market");
    until(|| heard(&venue), Vec::is_empty);
    exchange.hoga(&["feed", "subscribe", "BTC-KRW", "upbit", "KRW-XRP"]).ended(0).said("KRW-XRP");
    until(|| heard(&venue), |heard| *heard == [["KRW-XRP"]]);
    exchange.hoga(&["feed", "subscribe", "BTC-KRW", "upbit"]).ended(0).said("KRW-BTC of upbit");
    until(|| heard(&venue), |heard| *heard == [["KRW-BTC"]]);
    until_trades(url);
    let quoted = ["feed", "subscribe", "BTC-KRW", "upbit", "KRW\"BTC"];
    exchange.hoga(&quoted).ended(4).complained("is none of 1 to 32");

    exchange.hoga(&["halt", "BTC-KRW"]).ended(0);
    until(|| heard(&venue), Vec::is_empty);
    exchange.hoga(&["resume", "BTC-KRW"]).ended(0);
    until_trades(url);

    venue.be(Mood::Mute);
    until(|| at(url, &BUY), |ran| ran.err.contains("(FEED_STALE)"));
    exchange.hoga(&["feed", "status"]).ended(0).said("stale");
    let page = exchange.metrics();
    for line in [
        "hoga_upstream_connected{venue=\"upbit\"} 1",
        "hoga_followed_stale{symbol=\"BTC-KRW\"} 1",
        "hoga_upstream_books_total{venue=\"upbit\",became=\"taken\"}",
        "hoga_upstream_reconnects_total{venue=\"upbit\"} 2",
    ] {
        assert!(page.contains(line), "no {line} in {page}");
    }
    venue.be(Mood::Trades);
    until_trades(url);

    exchange.hoga(&["feed", "subscribe", "BTC-KRW", "elsewhere"]).ended(0);
    exchange.hoga(&["feed", "status"]).ended(0).said("the node was not told where it is");
}

#[test]
fn another_node_takes_over_when_the_one_that_hears_is_killed() {
    let venue = Venue::open();
    let exchange = up(&venue, &["--nodes", "3"]);
    let addresses = exchange.announced["addresses"].as_array().expect("three of them");
    let urls: Vec<&str> = addresses.iter().filter_map(Value::as_str).collect();
    until(|| heard(&venue), |heard| *heard == [["KRW-BTC"]]);
    urls.iter().for_each(|url| until_trades(url));
    let seen = status(urls[0]);
    let keeper = seen["keeper"].as_str().and_then(|name| name.strip_prefix("nodes/"));
    let keeper = keeper.expect("somebody leads").to_owned();
    let is_other = |at: usize| format!("n{}", at + 1) != keeper;
    let others: Vec<&str> = (0..3).filter(|at| is_other(*at)).map(|at| urls[at]).collect();

    let before = venue.connects();
    at(others[0], &["cluster", "kill", &keeper]).ended(0);
    until(
        || (venue.connects(), heard(&venue)),
        |(connects, heard)| *connects > before && *heard == [["KRW-BTC"]],
    );
    for url in &others {
        until_trades(url);
        assert_eq!(heard(&venue).len(), 1, "one connection of the whole cluster");
    }
    let seen = until(|| status(others[1]), |seen| seen["here"] == true);
    assert_ne!(seen["keeper"], format!("nodes/{keeper}").as_str(), "{seen}");
    assert_eq!(seen["instruments"][0]["stale"], false, "{seen}");
}
