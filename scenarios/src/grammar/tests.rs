use super::*;

/// Each sentence reads, and prints as the second column (the same where that is empty).
fn reads(table: &[(&str, &str)]) {
    for (text, canonical) in table {
        let sentence = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let expected = if canonical.is_empty() { text } else { canonical };
        assert_eq!(sentence.to_string(), *expected, "{text}");
        assert_eq!(parse(expected), Ok(sentence), "{text}");
    }
}

/// Each sentence is refused with this message, this help and the blame on this word.
fn refused(table: &[(&str, &str, &str, &str)]) {
    for (text, blamed, message, help) in table {
        let error = parse(text).expect_err(text);
        assert_eq!(error.to_string(), *message, "{text}");
        assert_eq!(error.help().unwrap_or_default(), *help, "{text}");
        assert_eq!(&text[error.place()], *blamed, "{text}");
    }
}

#[test]
fn accounts_act() {
    reads(&[
        ("alice buys 10 LPJ-KRW @ 777", ""),
        ("alice  sells 0.50 BTC-KRW @71500000 ioc", "alice sells 0.5 BTC-KRW @ 71500000 ioc"),
        ("alice buys 10 LPJ-KRW at market", ""),
        ("alice buys 1000 KRW of LPJ-KRW at market", ""),
        ("alice buys 1000 KRW of LPJ-KRW at market fok", ""),
        ("alice sells 5 LPJ-KRW @ 780 post-only gtc", "alice sells 5 LPJ-KRW @ 780 gtc post-only"),
        ("alice buys 5 LPJ-KRW @ 800 stop 790", ""),
        (
            "alice sells 5 LPJ-KRW at market stop 700 ioc",
            "alice sells 5 LPJ-KRW at market ioc stop 700",
        ),
        ("alice sells 5 LPJ-KRW at market trail 2.5% step 1", ""),
        ("alice sells 5 LPJ-KRW at market trail 10", ""),
        ("alice sells 50 LPJ-KRW @ 780 post-only show 5", ""),
        ("alice sells 50 LPJ-KRW @ 780 for 10m post-only", ""),
        ("alice sells 50 LPJ-KRW at market for 10m stop 700", ""),
        ("alice sells 50 LPJ-KRW @ 780 at-close", ""),
        ("alice buys 5 LPJ-KRW @ 1 day self-match cancel-both id morning:1", ""),
        ("alice buys 5 005930 @ 70000 at-open", ""),
        ("each user buys 1 LPJ-KRW @ 777", ""),
        ("alice cancels all", ""),
        ("alice cancels 17", ""),
        ("each user cancels morning:1", ""),
        ("maker-1 amends 17 to 5 @ 778", ""),
        ("alice deposits 100000 KRW", ""),
        ("alice withdraws 0.5 LPJ", ""),
    ]);
}

#[test]
fn the_market_is_run() {
    reads(&[
        ("halt LPJ-KRW", ""),
        ("resume LPJ-KRW", ""),
        ("open the market", ""),
        ("close the market", ""),
        ("feed ticks.jsonl into LPJ-KRW", ""),
        ("feed 'my ticks, all.jsonl' into LPJ-KRW", ""),
    ]);
}

#[test]
fn things_break() {
    reads(&[
        ("kill the node that leads LPJ-KRW", ""),
        ("freeze n1", ""),
        ("thaw any node", ""),
        ("restart n1", ""),
        ("wipe n1", ""),
        ("cut n1 from n2", ""),
        ("cut n1 from n2 n3 and n4", "cut n1 from n2, n3, n4"),
        ("cut the node that leads LPJ-KRW from any node, n3", ""),
        ("cut n1 to n2 one way", ""),
        ("cut the power of n2", ""),
        ("heal", ""),
        ("delay n1-n2 by 200ms", ""),
        (
            "delay the node that leads LPJ-KRW-n2 by 90s",
            "delay the node that leads LPJ-KRW - n2 by 1m30s",
        ),
        ("lose 5% on n1-any node", "lose 5% on n1 - any node"),
        ("lose 0.5% on n1 - n2", "lose 0.5% on n1-n2"),
        (
            "reset any node-the node that leads LPJ-KRW",
            "reset any node - the node that leads LPJ-KRW",
        ),
        ("fill the disk of n1", ""),
        ("stall the disk of any node", ""),
        ("fail the fsync of n1", ""),
        ("step the clock of n1 by -2s", ""),
        ("slow a subscriber", ""),
        ("add a node", ""),
        ("drain n1", ""),
        ("remove n1", ""),
    ]);
}

#[test]
fn a_slip_is_named_with_what_was_meant() {
    refused(&[
        (
            "alice byes 10 LPJ-KRW @ 777",
            "byes",
            "`byes` does not fit here: expected `buys`, `sells`, `cancels`, `amends`, `deposits` \
             or `withdraws`",
            "did you mean `buys`?",
        ),
        (
            "kil n1",
            "kil",
            "`kil` does not fit here: expected an account, or what to do",
            "did you mean `kill`?",
        ),
        ("alice buys 10 LPJ-KRW 777", "777", "`777` does not fit here: expected `@` or `at`", ""),
        (
            "alice buys 10 LPJ-KRW @ 777 icc",
            "icc",
            "`icc` does not fit here: expected ioc, fok, gtc, day, at-open, at-close, for, \
             post-only, stop, trail, show, self-match or id",
            "did you mean `ioc`?",
        ),
        (
            "alice buys 10",
            "10",
            "the sentence ends too soon: expected a symbol, such as LPJ-KRW",
            "",
        ),
        (
            "alice buys ten LPJ-KRW @ 777",
            "ten",
            "`ten` is not a number: only digits and one point, such as 1000 or 0.25",
            "",
        ),
        ("alice buys -1 LPJ-KRW @ 777", "-1", "`-1` is below zero, and this must not be", ""),
        ("heal now", "now", "`now` does not fit here: expected the end of the sentence", ""),
        (
            "lose 101% on n1-n2",
            "101%",
            "`101%` does not fit here: expected a percentage, such as 5%",
            "",
        ),
        ("feed 'x into LPJ-KRW", "'x into LPJ-KRW", "the quote is never closed", ""),
    ]);
}

#[test]
fn what_cannot_be_is_refused() {
    for (text, why) in [
        ("alice sells 5 KRW of LPJ-KRW at market", "only a buy goes by amount"),
        ("alice buys 5 LPJ-KRW at market gtc", "a market order never rests"),
        ("alice buys 5 LPJ-KRW at market post-only", "a market order never rests"),
        ("alice buys 5 LPJ-KRW at market for 10m", "a market order never rests"),
        ("alice buys 5 LPJ-KRW @ 7 for 10m day", "what goes after a while"),
        ("alice buys 5 LPJ-KRW @ 7 ioc post-only", "post-only must rest"),
        ("alice buys 5 LPJ-KRW @ 7 post-only stop 6", "a stop takes when it fires"),
        ("alice buys 5 LPJ-KRW @ 7 ioc show 2", "only what rests"),
        ("alice buys 5 LPJ-KRW @ 7 trail 6", "what trails goes at market"),
        ("alice buys 5 LPJ-KRW @ 7 stop 6 stop 6", "`stop` says again"),
        ("alice buys 5 LPJ-KRW @ 7 ioc fok", "`fok` says again"),
        ("alice buys 5 LPJ-KRW @ 7 id a id b", "`id` says again"),
        ("each heal buys 5 LPJ-KRW @ 7", "`heal` opens a sentence"),
    ] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.starts_with(why), "{text}: {error}");
    }
    assert!(parse("").is_err() && parse("   ").is_err());
    assert!(parse(&"a ".repeat(1_000)).is_err());
}

#[test]
fn the_cli_shares_the_tail() {
    let order = parse_order_tail(Side::Buy, &["10", "LPJ-KRW", "@", "777", "ioc"]);
    let Ok(Sentence::Account { act: Act::Place(said), .. }) =
        parse("alice buys 10 LPJ-KRW @ 777 ioc")
    else {
        panic!("the sentence places an order");
    };
    assert_eq!(order, Ok(said));
    let amend = parse_amend_tail(&["17", "to", "5", "@", "778"]).expect("an amend");
    assert_eq!(amend.to_string(), "amends 17 to 5 @ 778");
}

mod round_trip;
