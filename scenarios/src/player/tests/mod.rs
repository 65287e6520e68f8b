//! Whole plays of small scenarios, and of those that ship.

mod candles;
mod catalogue;
mod checks;
mod day;
mod follow;
mod market;
mod recorded;
mod same;
mod tapes;

use super::*;
use crate::file;

const MORNING: &str = include_str!("../../../lpj-morning.toml");
const HUNDRED: &str = include_str!("../../../hundred-at-one-price.toml");

/// A minute of a small crowd.
const MINUTE: &str = r#"
[scenario]
name = "minute"
seed = 7
length = "1m"
[market]
rules = "lpj"
[[accounts]]
name = "alice"
deposit = { KRW = "1000000", LPJ = "500" }
[[bots]]
kind = "maker"
count = 5
deposit = { KRW = "5000000", LPJ = "5000" }
every = "2s"
[[bots]]
kind = "noise"
count = 60
deposit = { KRW = "1000000", LPJ = "1000" }
market_percent = 15
[[bots]]
kind = "momentum"
count = 3
deposit = { KRW = "3000000", LPJ = "3000" }
every = "5s"
threshold_ticks = 1
[[bots]]
kind = "taker"
count = 10
deposit = { KRW = "2000000", LPJ = "2000" }
[[step]]
at = "20s"
do = "alice buys 10 LPJ-KRW @ 760 id patience"
[[step]]
at = "30s"
do = "alice amends patience to 20 @ 762"
[[step]]
at = "40s"
do = "alice buys 10000 KRW of LPJ-KRW at market"
[[step]]
at = "50s"
do = "alice cancels all"
[check]
trades_at_least = 100
overfilled = 0
lost_acknowledged_orders = 0
conserved = true
holds_released = true
"#;

fn read(text: &str) -> Scenario {
    let read = file::parse("t.toml", text);
    read.unwrap_or_else(|mistakes| panic!("{:#?}", mistakes.lines()))
}

fn play(text: &str) -> Report {
    play_seeded(text, None)
}

fn play_seeded(text: &str, seed: Option<u64>) -> Report {
    let (scenario, folder, wall) = (&read(text), Path::new("."), &mut NoWall);
    let options = PlayOptions { scenario, seed, folder, record: None, wall };
    run(options, &mut |_| {}).expect("the scenario plays to its end")
}

fn failure(text: &str) -> String {
    let played = play_in(Path::new("."), &read(text));
    played.expect_err("the scenario cannot be played").to_string()
}

/// Plays a scenario that names its files from a folder.
fn play_in(folder: &Path, scenario: &Scenario) -> Result<Report, PlayError> {
    let wall = &mut NoWall;
    let options = PlayOptions { scenario, seed: None, folder, record: None, wall };
    run(options, &mut |_| {})
}

/// A minute of LPJ with these accounts, steps and checks and nobody else.
fn quiet(lines: &str) -> Report {
    play(&format!(
        "[scenario]\nname = \"quiet\"\nseed = 1\nlength = \"1m\"\n\
         [market]\nrules = \"lpj\"\n{lines}"
    ))
}
