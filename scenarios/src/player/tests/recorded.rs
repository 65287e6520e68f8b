//! Recorded days of another venue, as tapes.

use super::*;
use crate::document::Mistakes;
use crate::file::check_all;
use crate::player::course::play_and;
use hoga_engine::amount::Lots;
use hoga_engine::order::Side;

/// The levels of a side, best first, in the exchange's own ticks and lots.
type Levels = Vec<(u32, u64)>;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Plays a file; what its book shows at the end, bids first.
fn played(path: &Path) -> (Report, [Levels; 2]) {
    let scenario = check_all(path).expect("the scenario has no mistakes");
    let folder = path.parent().expect("a folder");
    let wall = &mut NoWall;
    let options = PlayOptions { scenario: &scenario, seed: None, folder, record: None, wall };
    let mut shown = [Vec::new(), Vec::new()];
    let report = play_and(options, &mut |_| {}, |floor| {
        let listing = floor.pit.listing(floor.market.instruments[0].id).expect("it is listed");
        let levels = |side| listing.levels(side).map(|(price, Lots(open))| (price.0, open));
        shown = [Side::Buy, Side::Sell].map(|side| levels(side).collect());
    });
    (report.expect("the scenario plays"), shown)
}

/// What the venue published last: `ask price, ask size, bid price, bid size` a level, in
/// ten-thousandths, of which a hundred are a tick here.
fn published(books: &Path) -> [Levels; 2] {
    let text = std::fs::read_to_string(books).expect("the books of the day");
    let last = text.lines().last().expect("a row");
    let fields: Vec<u64> = last.split(',').map(|field| field.parse().expect("a number")).collect();
    let level = |at: usize| (fields[at] as u32 / 100, fields[at + 1]);
    let levels = |first: usize| (first..fields.len()).step_by(4).map(level).collect();
    [levels(2), levels(0)]
}

fn mistakes(file: &Path) -> String {
    let found = check_all(file).expect_err("the scenario has mistakes");
    found.downcast_ref::<Mistakes>().expect("mistakes of the file").lines().join("\n")
}

#[test]
fn the_shipped_day_ends_as_the_venue_published_it() {
    let scenario = shipped("recorded-day.toml");
    let (report, shown) = played(&scenario);
    assert!(report.ok, "{report}");
    assert_eq!(report.warnings, Vec::<String>::new());
    let day = "data/lobster-small/ACME_2026-01-05_34200000_57600000_orderbook_5.csv";
    // The last published level comes into sight without a message.
    for (ours, theirs) in shown.iter().zip(&published(&shipped(day))) {
        assert_eq!(ours[..4], theirs[..4]);
    }
    assert_eq!(played(&scenario).0.digest, report.digest);
}

#[test]
fn a_day_is_played_at_its_times_into_the_instrument_that_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let day = folder.path().join("day");
    std::fs::create_dir(&day).expect("room");
    let rows = [
        // An offer, a bid, less of it, a deal: 0 s, 1.5 s, 2 s and 3 s after the first.
        ("34200.0,1,1,100,1000200,-1", "1000200,100,9999999999,0"),
        ("34201.5,1,2,50,1000000,1", "1000200,100,1000000,50"),
        ("34202.0,2,2,20,1000000,1", "1000200,100,1000000,30"),
        ("34203.0,4,1,40,1000200,-1", "1000200,60,1000000,30"),
    ];
    for (part, pick) in [("message", 0), ("orderbook", 1)] {
        let lines = rows.map(|(message, book)| if pick == 0 { message } else { book });
        std::fs::write(day.join(format!("X_{part}_1.csv")), lines.join("\n")).expect("room");
    }
    let text = r#"
[scenario]
name = "day"
seed = 1
length = "LENGTH"
[market]
rules = "crypto"
assets = [{ name = "USD", scale = 8 }, { name = "X", scale = 0 }]
ticks = [{ from = "0", tick = "0.01" }]
lot = "1"
min_quantity = "1"
min_notional = "0"
base_price = "100"
[[instruments]]
symbol = "BTC-KRW"
base = "BTC"
quote = "KRW"
[[instruments]]
symbol = "X-USD"
base = "X"
quote = "USD"
[tape]
file = "day"
format = "lobster"
INTO
"#;
    let file = folder.path().join("day.toml");
    let write = |length: &str, into: &str| {
        let text = text.replace("LENGTH", length).replace("INTO", into);
        std::fs::write(&file, text).expect("room");
    };
    let play = || {
        let scenario = check_all(&file).expect("the scenario has no mistakes");
        play_in(folder.path(), &scenario).expect("the scenario plays")
    };

    write("3s", "into = \"X-USD\"");
    let whole = play();
    assert_eq!((whole.trades, whole.rejects.len(), whole.open_orders), (1, 0, 2), "{whole}");
    write("2s500ms", "into = \"X-USD\"");
    let cut = play();
    assert_eq!((cut.trades, cut.open_orders), (0, 2), "{cut}");
    assert_eq!(cut.warnings, ["the tape goes on after the end of the scenario, 2s500ms"]);

    write("3s500ms", "into = \"X-USD\"\nat = \"1s\"");
    let later = play();
    assert_eq!((later.trades, later.open_orders), (0, 2), "{later}");

    write("3s", "into = \"X-USD\"\n[[accounts]]\nname = \"lobster-maker\"");
    assert!(self::mistakes(&file).contains("the name `lobster-maker` is taken"));
    let text = std::fs::read_to_string(&file).expect("it was written");
    std::fs::write(&file, text.replace("tick = \"0.01\"", "tick = \"0.05\"")).expect("room");
    assert!(self::mistakes(&file).contains("100.02 is not on the tick of 0.05"));
    let messages = day.join("X_message_1.csv");
    let rows = std::fs::read_to_string(&messages).expect("it was written");
    std::fs::write(&messages, rows.replace("34202.0", "34201.0")).expect("room");
    write("3s", "into = \"X-USD\"");
    assert!(self::mistakes(&file).contains("day:3: the time of this message goes back"));
    std::fs::write(&messages, rows).expect("room");

    write("3s", "");
    let mistakes = self::mistakes(&file);
    assert!(mistakes.contains("name it with `into`"), "{mistakes}");
    std::fs::remove_file(day.join("X_orderbook_1.csv")).expect("it was there");
    write("3s", "into = \"X-USD\"");
    let mistakes = self::mistakes(&file);
    assert!(mistakes.contains("no file *_orderbook_N.csv"), "{mistakes}");
}

#[test]
fn what_a_tape_names_has_to_be_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.toml");
    let text = "[scenario]\nname = \"t\"\nseed = 1\nlength = \"1m\"\n[market]\nrules = \"lpj\"\n\
                [tape]\nfile = \"t.jsonl\"\n";
    std::fs::write(&file, text).expect("room");
    let write = |said: &str| {
        let line = format!("{{\"at_ms\":1,\"do\":\"{said}\"}}\n");
        std::fs::write(folder.path().join("t.jsonl"), line).expect("room");
    };
    write("alice buys 10 LPJ-KRW @ 777");
    check_all(&file).expect("it is listed");
    for (said, why) in [
        ("alice buys 10 LPK-KRW @ 777", "the market has no instrument LPK-KRW; did you mean"),
        ("alice deposits 10 USD", "the market has no asset USD"),
        ("alice buys 100 LPJ of LPJ-KRW at market", "LPJ-KRW is paid for in KRW, not in LPJ"),
        ("halt BTC-KRW", "the market has no instrument BTC-KRW"),
    ] {
        write(said);
        let mistakes = mistakes(&file);
        assert!(mistakes.contains(&format!("`{said}`: {why}")), "{mistakes}");
    }
}
