//! Plays against an outside book: nothing over-filled, however many ask.

use super::*;
use std::path::PathBuf;

const FOLLOW: &str = include_str!("../../../follow-upbit.toml");

fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn fed(text: &str) -> Result<Report, PlayError> {
    play_in(&shipped(), &read(text))
}

#[test]
fn the_shipped_scenario_holds() {
    let report = fed(FOLLOW).expect("it plays");
    assert!(report.ok, "{report}");
    assert_eq!(report.rejects.get("FEED_STALE"), Some(&1_000), "{report}");
    assert_eq!(report.digest, fed(FOLLOW).expect("it plays again").digest);
}

/// One book with 73 lots at the best ask, and as many users as are wanted.
fn crowd(users: u64) -> String {
    format!(
        r#"
[scenario]
name = "crowd"
seed = 1
length = "10s"
[market]
rules = "follow"
follow = {{ house = "house", levels = 15, stale_after = "1m", base = "100000", quote = "1000000000000" }}
[[accounts]]
name = "user"
count = {users}
deposit = {{ KRW = "1000000000" }}
[[step]]
at = "1s"
do = "feed {{FILE}} into BTC-KRW"
[[step]]
at = "2s"
do = "each user buys 1 BTC-KRW @ 100000000 ioc"
[check]
overfilled = 0
conserved = true
holds_released = true
lost_acknowledged_orders = 0
"#
    )
}

fn capture(displayed: u64) -> tempfile::NamedTempFile {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(
        file,
        "1700000000.5: b'{{\"ty\":\"orderbook\",\"cd\":\"KRW-BTC\",\"tms\":1700000000000,\"obu\":\
         [{{\"ap\":100000000.0,\"bp\":99999000.0,\"as\":{displayed}.0,\"bs\":1.0}}]}}'"
    )
    .expect("it is written");
    file
}

/// As many as are displayed, exactly, where more is asked for.
fn all_at_one_price(users: u64) {
    let displayed = users * 73 / 100;
    let file = capture(displayed);
    let text = crowd(users).replace("{FILE}", &file.path().display().to_string());
    let report = fed(&text).expect("it plays");
    assert!(report.ok, "{report}");
    assert_eq!(report.trades, displayed, "each of the first takes one");
}

#[test]
fn a_hundred_users_at_one_price() {
    all_at_one_price(100);
}

#[test]
fn a_thousand_users_at_one_price() {
    all_at_one_price(1_000);
}

#[test]
fn ten_thousand_users_at_one_price() {
    all_at_one_price(10_000);
}

#[test]
fn only_what_follows_can_be_fed() {
    let own = FOLLOW.replace("rules = \"follow\"", "rules = \"crypto\"");
    let mistakes = file::parse("t.toml", &own).expect_err("it makes its own price").lines();
    assert!(mistakes[0].contains("follows no outside book"), "{mistakes:?}");
    let missing = FOLLOW.replace("upbit-small.capture", "nowhere.capture");
    let error = fed(&missing).expect_err("there is no such file");
    assert!(error.to_string().contains("nowhere.capture"), "{error}");
}

/// The recorded capture itself, where there is one.
#[test]
#[allow(clippy::disallowed_methods)]
fn the_recorded_capture_is_followed() {
    let folder = std::env::var_os("HOGA_DATA").map(PathBuf::from);
    let found = folder.map(|folder| folder.join("upbit_ws_20210417/UPBIT.ws.62.0"));
    let Some(capture) = found.filter(|path| path.exists()) else {
        eprintln!("SKIPPED: HOGA_DATA leads to no Upbit capture");
        return;
    };
    let text = r#"
[scenario]
name = "lamb"
seed = 1
length = "2m"
[market]
rules = "follow"
assets = [ { name = "KRW", scale = 8 }, { name = "LAMB", scale = 8 } ]
ticks = [ { from = "0", tick = "1" } ]
base_price = "127"
[[instruments]]
symbol = "LAMB-KRW"
base = "LAMB"
quote = "KRW"
follow = { house = "house", levels = 15, stale_after = "30s", base = "100000000", quote = "100000000000" }
[[accounts]]
name = "user"
count = 500
deposit = { KRW = "10000000", LAMB = "10000" }
[[step]]
at = "1s"
do = "feed FILE into LAMB-KRW"
[[step]]
at = "10s"
do = "each user buys 5000 LAMB-KRW @ 128 ioc"
[[step]]
at = "20s"
do = "each user sells 2000 LAMB-KRW @ 125"
[check]
trades_at_least = 50
overfilled = 0
conserved = true
holds_released = true
"#;
    let text = text.replace("FILE", &capture.display().to_string());
    let report = fed(&text).expect("it plays");
    assert!(report.ok, "{report}");
}
