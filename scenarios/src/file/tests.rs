use super::*;
use crate::bots::BotKind;
use crate::grammar::Who;
use crate::numbers::PerSecond;
use crate::time::Millis;

const MORNING: &str = include_str!("../../lpj-morning.toml");
const HUNDRED: &str = include_str!("../../hundred-at-one-price.toml");

fn read(text: &str) -> Scenario {
    parse("t.toml", text).unwrap_or_else(|mistakes| panic!("{:#?}", mistakes.lines()))
}

fn mistakes(text: &str) -> Vec<String> {
    parse("t.toml", text).err().map_or_else(Vec::new, |mistakes| mistakes.lines())
}

/// A sound file of twelve lines; what a test adds starts at line 14.
const SMALL: &str = r#"[scenario]
name = "small"
seed = 1
length = "1m"
[market]
rules = "lpj"
[[accounts]]
name = "alice"
[[accounts]]
name = "user"
count = 3
deposit = { KRW = "10" }

"#;

#[test]
fn the_morning_reads() {
    let morning = read(MORNING);
    assert_eq!((morning.name.as_str(), morning.seed), ("lpj-morning", 7));
    assert_eq!(morning.length, Millis(600_000));
    assert_eq!(morning.every_account().count(), 2 + 20 + 1_000 + 40 + 10);
    let BotKind::Noise(noise) = morning.bots[1].kind else { panic!("noise comes second") };
    assert_eq!((noise.rate, noise.lots_max), (PerSecond { millionths: 500_000 }, 10));
    let every_minute = morning.step_times().iter().filter(|step| step.index == 5).count();
    assert_eq!(every_minute, 10, "from 30s on, until 9m30s");
    assert_eq!(morning.faults.len(), 1);
    assert_eq!(morning.checks[0], Check::TradesAtLeast(1_000));
    assert_eq!(morning.checks[6].name(), "recovered_within");
    assert_eq!(morning.checks[6].to_string(), "2s");
}

#[test]
fn the_hundred_read() {
    let hundred = read(HUNDRED);
    let StepAct::Account { who, .. } = &hundred.steps[1].what else { panic!("users act") };
    assert_eq!(*who, Who::Each("user".parse().expect("a name")));
    let users = hundred.accounts_of(who);
    assert_eq!((users.len(), users[0].as_str(), users[99].as_str()), (100, "user-1", "user-100"));
}

#[test]
fn small_is_sound() {
    assert_eq!(mistakes(SMALL), Vec::<String>::new());
}

/// What is added to the small file, and how its one mistake reads.
const MISTAKES: &[(&str, &str)] = &[
    ("[chek]", "14:2: the file has no key `chek`; did you mean `check`?"),
    (
        "[[step]]\nat = \"1s\"\ndo = \"alice byes 1 LPJ-KRW @ 777\"",
        "16:13: `byes` does not fit here: expected `buys`, `sells`, `cancels`, `amends`, \
             `deposits` or `withdraws`; did you mean `buys`?",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = '''alice buys 1 LPK-KRW @ 777'''",
        "16:22: the market has no instrument LPK-KRW; did you mean `LPJ-KRW`?",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"alce cancels all\"",
        "16:7: there is no account `alce`; did you mean `alice`?",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"user cancels all\"",
        "16:7: `user` is a group of accounts, not one; \
             say `each user`, or `user-1` for the first of them",
    ),
    ("[[step]]\nat = \"1s\"\ndo = \"user-4 cancels all\"", "16:7: there is no account `user-4`"),
    (
        "[[step]]\nat = \"1s\"\ndo = \"each alice cancels all\"",
        "16:7: `alice` is one account, not a group; \
             leave out `each`, or give the account a `count`",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"heal\"",
        "16:7: this is a fault, not a step; move it to a [[fault]]",
    ),
    (
        "[[fault]]\nat = \"1s\"\ndo = \"open the market\"",
        "16:7: this is a step, not a fault; move it to a [[step]]",
    ),
    (
        "[[fault]]\nat = \"1s\"\ndo = \"kill the node that leads LPJ\"",
        "16:32: the market has no instrument LPJ",
    ),
    (
        "[[step]]\nat = \"61s\"\ndo = \"alice cancels all\"",
        "15:6: 1m1s is after the end of the scenario, 1m",
    ),
    (
        "[[step]]\ndo = \"alice cancels all\"",
        "14:1: this happens never: `at` or `every` is missing",
    ),
    ("[[step]]\nevery = \"0s\"\ndo = \"alice cancels all\"", "15:9: `every` must be above zero"),
    (
        "[[step]]\nat = \"1 min\"\ndo = \"alice cancels all\"",
        "15:6: `1 min` is not a duration: write 500ms, 90s, 10m, 24h or 1h30m",
    ),
    (
        "[[step]]\nat = \"1s\"\ndo = \"alice buys 5 USD of LPJ-KRW at market\"",
        "16:20: LPJ-KRW is paid for in KRW, not in USD",
    ),
    ("[[bots]]\nkind = \"makr\"", "15:8: there is no bot `makr`; did you mean `maker`?"),
    (
        "[[bots]]\nkind = \"taker\"\nspread_ticks = 4",
        "16:1: [[bots]] has no key `spread_ticks`; known keys: kind, name, count, deposit, \
             symbol, orders_per_second, market_percent, quantity",
    ),
    (
        "[[bots]]\nkind = \"maker\"\nquantity = \"1.5\"",
        "16:12: quantity 1.5 is no multiple of the lot 1",
    ),
    (
        "[[bots]]\nkind = \"maker\"\nname = \"user\"",
        "14:1: the name `user` is taken; give this group a `name` of its own",
    ),
    (
        "[[bots]]\nkind = \"maker\"\ndeposit = { KRW = 5000 }",
        "16:19: `KRW` must be a string, and this is an integer; \
             put it in quotes so that it stays exact: \"5000\"",
    ),
    (
        "[[bots]]\nkind = \"maker\"\ndeposit = { USD = \"5\" }",
        "16:13: the market has no asset USD; assets: KRW, LPJ",
    ),
    (
        "[[bots]]\nkind = \"noise\"\norders_per_second = 0",
        "16:21: `orders_per_second` must be above zero",
    ),
    (
        "[[bots]]\nkind = \"maker\"\ncount = 2\ndeposit = { LPJ = \"60000000\" }",
        "5:1: the deposits need more LPJ than the supply of 100000000; \
             deposit less, or raise the `supply` in [market]",
    ),
    (
        "[check]\ntrades_at_lest = 1",
        "15:1: [check] has no key `trades_at_lest`; \
             did you mean `trades_at_least`?",
    ),
    (
        "[check]\nconserved = \"yes\"",
        "15:13: `conserved` must be true or false, \
             and this is a string",
    ),
    ("[check]\noverfilled = -1", "15:14: `overfilled` must lie between 0 and"),
    ("[check]\ntraded = { LPX-KRW = \"1\" }", "15:12: the market has no instrument LPX-KRW"),
    (
        "[tape]\nfile = \"a.jsonl\"\nformat = \"csv\"",
        "16:10: a scenario plays no tape of the format `csv`; a tape is written as jsonl or as",
    ),
    (
        "[tape]\nfile = \"day.zip\"\nformat = \"lobster\"\ninto = \"LPK-KRW\"",
        "17:8: the market has no instrument LPK-KRW; did you mean `LPJ-KRW`?",
    ),
    (
        "[tape]\nfile = \"a.jsonl\"\ninto = \"LPJ-KRW\"",
        "16:8: each line of a tape names its instrument: `into` is for lobster",
    ),
    (
        "[[accounts]]\nname = \"rich\"\ndeposit = { KRW = \"99999999999999999999999999\" }",
        "16:13: 99999999999999999999999999 KRW is more than an account holds",
    ),
    ("[check]\nowns = { alcie = \"1\" }", "15:10: there is no account `alcie`"),
    (
        "[[instruments]]\nsymbol = \"A-KRW\"\nbase = \"A\"\nquote = \"KRW\"",
        "5:1: A-KRW: A is none of the market's assets",
    ),
];

#[test]
fn each_mistake_has_its_place_and_its_remedy() {
    for (added, expected) in MISTAKES {
        let found = mistakes(&format!("{SMALL}{added}\n"));
        let starts = found.first().is_some_and(|m| m.starts_with(&format!("t.toml:{expected}")));
        assert!(starts && found.len() == 1, "{added}\nfound {found:#?}");
    }
}

#[test]
fn a_market_says_who_cannot_trade_in_it_and_when() {
    let follow = SMALL.replace("rules = \"lpj\"", "rules = \"follow\"");
    let house = follow.replace("name = \"alice\"", "name = \"house\"");
    let found = mistakes(&house);
    assert!(found[0].contains("the name `house` is taken"), "{found:#?}");
    let late = SMALL.replace("rules = \"lpj\"", "rules = \"lpj\"\ndate = \"2501-01-01\"");
    let found = mistakes(&late);
    assert!(found[0].contains("2501-01-01 is not in the years 1971 to 2500"), "{found:#?}");
}

#[test]
fn several_mistakes_come_at_once() {
    let text = SMALL
        .replace("rules = \"lpj\"", "rules = \"lpq\"")
        .replace("seed = 1", "sed = 1")
        .replace("count = 3", "count = \"3\"");
    let found = mistakes(&(text + "[[step]]\nat = \"1s\"\ndo = \"alice jumps\"\n"));
    let places: Vec<&str> = found.iter().map(|line| &line[..line.len().min(11)]).collect();
    assert_eq!(places.len(), 5, "{found:#?}");
    assert!(found[0].contains("[scenario] needs `seed`"), "{found:#?}");
    assert!(found[2].contains("did you mean `lpj`?"), "{found:#?}");
}

#[test]
fn a_market_overrides_its_book() {
    let text = SMALL.replace(
        "rules = \"lpj\"",
        "rules = \"lpj\"\ntaker_fee = \"0.001\"\nprice_band_percent = \"30\"",
    );
    let market = read(&text).market;
    let instrument = &market.instruments[0];
    assert_eq!(instrument.rules.taker_fee.to_string(), "0.001");
    assert_eq!(instrument.rules.maker_fee.to_string(), "0.0002");
    assert!(instrument.rules.price_band_percent.is_some());
    let bad = SMALL.replace("rules = \"lpj\"", "rules = \"lpj\"\nbase_price = 777");
    assert!(mistakes(&bad)[0].contains("put it in quotes so that it stays exact: \"777\""));
}

#[test]
fn the_date_chooses_the_tick_table() {
    let krx = SMALL.replace("rules = \"lpj\"", "rules = \"krx\"\ndate = \"2023-01-24\"");
    let tick = |text: &str| {
        let rules = read(text).market.instruments[0].rules.clone();
        rules.ticks.tick_at("15000".parse().expect("a price")).to_string()
    };
    assert_eq!(tick(&krx), "50");
    assert_eq!(tick(&krx.replace("2023-01-24", "2023-01-25")), "10");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nowhere.toml");
    let report = check(&path).expect_err("nothing there");
    assert!(report.to_string().contains("nowhere.toml cannot be read"), "{report}");
    std::fs::write(&path, MORNING).expect("written");
    assert_eq!(check(&path).expect("it reads").name, "lpj-morning");
    std::fs::write(&path, "[scenario]\n").expect("written");
    let report = check(&path).expect_err("mistakes");
    assert!(report.downcast_ref::<crate::document::Mistakes>().is_some());
    std::fs::write(&path, "#".repeat(crate::document::FILE_BYTES_MAX + 1)).expect("written");
    let report = check(&path).expect_err("too long");
    let mistakes = report.downcast_ref::<crate::document::Mistakes>().expect("a mistake");
    assert!(mistakes.lines()[0].contains("the file is too long"), "{:?}", mistakes.lines());
}
