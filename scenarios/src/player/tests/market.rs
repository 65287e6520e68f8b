//! Halts, hours, supplies, and what is not served.

use super::*;

const HALT: &str = r#"
[[accounts]]
name = "alice"
deposit = { KRW = "100000", LPJ = "100" }
[[accounts]]
name = "bob"
deposit = { KRW = "100000" }
[[step]]
at = "1s"
do = "alice sells 10 LPJ-KRW @ 777 id ask"
[[step]]
at = "10s"
do = "halt LPJ-KRW"
[[step]]
at = "20s"
do = "bob buys 1 LPJ-KRW @ 777"
[[step]]
at = "21s"
do = "alice amends ask to 5 @ 777"
[[step]]
at = "22s"
do = "alice sells 1 LPJ-KRW @ 900 id other"
[[step]]
at = "30s"
do = "resume LPJ-KRW"
[[step]]
at = "40s"
do = "bob buys 1 LPJ-KRW @ 777"
"#;

#[test]
fn nothing_new_enters_a_halted_book() {
    let report = quiet(HALT);
    assert_eq!(report.rejects, [("INSTRUMENT_HALTED".to_string(), 3)].into());
    assert_eq!((report.trades, report.open_orders), (1, 1));
}

#[test]
fn a_closed_market_reopens() {
    let closed = HALT.replace("halt LPJ-KRW", "close the market");
    let report = quiet(&closed.replace("resume LPJ-KRW", "open the market"));
    assert_eq!(report.rejects, [("MARKET_CLOSED".to_string(), 3)].into());
    assert_eq!(report.trades, 1);
    let halted = quiet(&HALT.replace("resume LPJ-KRW", "open the market"));
    assert_eq!(halted.trades, 0, "a halt outlasts an opening");
}

#[test]
fn bots_wait_while_their_book_is_halted() {
    let halted = MINUTE.replace(
        "[check]",
        "[[step]]\nat = \"15s\"\ndo = \"halt LPJ-KRW\"\n[[step]]\nat = \"55s\"\n\
         do = \"resume LPJ-KRW\"\n[check]",
    );
    let report = play(&halted);
    assert!(report.ok, "{report}");
    // Alice alone tries: an order refused, an amend of it, an order at market.
    let rejects = [("INSTRUMENT_HALTED".to_string(), 2), ("ORDER_NOT_FOUND".to_string(), 1)];
    assert_eq!(report.rejects, rejects.into(), "{report}");
    assert!(report.trades < play(MINUTE).trades);
}

#[test]
fn a_fixed_supply_comes_out_of_the_faucet() {
    let report = quiet(
        r#"
supply = [{ asset = "LPJ", total = "100", faucet = "well" }]
[[accounts]]
name = "alice"
deposit = { LPJ = "70" }
[[step]]
at = "1s"
do = "alice deposits 30 LPJ"
[[step]]
at = "2s"
do = "alice deposits 1 LPJ"
[[step]]
at = "3s"
do = "alice withdraws 10 LPJ"
[check]
conserved = true
"#,
    );
    assert!(report.ok, "{report}");
    assert_eq!(report.rejects, [("INSUFFICIENT_FUNDS".to_string(), 1)].into(), "the well is dry");
}

#[test]
fn a_stock_trades_in_its_hours_on_trading_days() {
    // Friday: open from 09:00, which is virtual time zero, to 15:30; then Monday.
    let stock = |at: &str| {
        format!("[[step]]\nat = \"{at}\"\ndo = \"alice buys 1 005930 @ 70000 id at-{at}\"\n")
    };
    let steps: String = ["6h29m59s", "6h30m", "24h", "71h59m59s", "72h"].map(stock).concat();
    let report = play(&format!(
        "[scenario]\nname = \"stock\"\nseed = 1\nlength = \"80h\"\n\
         [market]\nrules = \"krx-simple\"\n\
         date = \"2026-01-09\"\n[[accounts]]\nname = \"alice\"\n\
         deposit = {{ KRW = \"1000000\" }}\n{steps}"
    ));
    // What came on Friday evening and on Saturday gave up waiting after a day; what came on
    // Sunday night is in the book on Monday.
    assert_eq!(report.rejects, Default::default(), "{report}");
    assert_eq!(report.open_orders, 3);
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[test]
fn coins_of_fractional_lots_trade_exactly() {
    let report = play(
        &MINUTE
            .replace("rules = \"lpj\"", "rules = \"crypto\"")
            .replace("LPJ-KRW @ 760", "BTC-KRW @ 90000000")
            .replace("20 @ 762", "20 @ 91000000")
            .replace("LPJ-KRW", "BTC-KRW")
            .replace("LPJ", "BTC")
            .replace("KRW = \"", "KRW = \"1000000"),
    );
    assert!(report.ok, "{report}");
    assert!(report.trades > 100, "{report}");
}

#[test]
fn bots_ask_for_no_less_than_the_market_takes() {
    let report = play(
        "[scenario]\nname = \"coins\"\nseed = 3\nlength = \"1m\"\n[market]\nrules = \"crypto\"\n\
         [[bots]]\nkind = \"maker\"\nsymbol = \"ETH-KRW\"\ncount = 5\n\
         deposit = { KRW = \"1000000000\", ETH = \"100\" }\n\
         [[bots]]\nkind = \"noise\"\nsymbol = \"ETH-KRW\"\ncount = 20\n\
         deposit = { KRW = \"1000000000\", ETH = \"100\" }\n\
         [[bots]]\nkind = \"taker\"\nsymbol = \"ETH-KRW\"\ncount = 5\n\
         deposit = { KRW = \"1000000000\", ETH = \"100\" }\n",
    );
    assert!(report.trades > 50, "{report}");
    assert_eq!(report.rejects.get("NOTIONAL_TOO_SMALL"), None, "{report}");
}

#[test]
fn what_is_not_served_is_refused_before_the_play() {
    let scenario = |market: &str, step: &str| {
        format!(
            "[scenario]\nname = \"t\"\nseed = 1\nlength = \"1m\"\n[market]\nrules = \"{market}\"\n\
             [[accounts]]\nname = \"alice\"\n[[step]]\nat = \"1s\"\ndo = \"{step}\"\n"
        )
    };
    let fed = file::parse("t.toml", &scenario("lpj", "feed book.jsonl into LPJ-KRW"));
    let mistakes = fed.expect_err("LPJ-KRW follows nothing").lines();
    assert!(mistakes[0].contains("LPJ-KRW follows no outside book"), "{mistakes:?}");
    let lost = failure(
        "[scenario]\nname = \"t\"\nseed = 1\nlength = \"1m\"\n[market]\nrules = \"lpj\"\n\
         [tape]\nfile = \"nowhere.jsonl\"\n",
    );
    assert_eq!(lost, "the tape ./nowhere.jsonl");
}
