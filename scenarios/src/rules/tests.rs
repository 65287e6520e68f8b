use super::*;

fn shipped(name: &str) -> RuleBook {
    let book = RuleBook::shipped(name).expect("the book ships");
    book.unwrap_or_else(|mistakes| panic!("{:?}", mistakes.lines()))
}

fn amount(text: &str) -> Amount {
    text.parse().expect(text)
}

fn mistakes(text: &str) -> Vec<String> {
    RuleBook::parse("t.toml", text).err().map_or_else(Vec::new, |mistakes| mistakes.lines())
}

const SMALL: &str = r#"
name = "small"
about = "for tests"
assets = [{ name = "KRW", scale = 2 }, { name = "A", scale = 0 }]
[[instruments]]
symbol = "A-KRW"
base = "A"
quote = "KRW"
"#;

#[test]
fn every_shipped_book_is_sound_and_silent_about_nothing() {
    for (name, text) in SHIPPED {
        assert_eq!(shipped(name).name, name);
        for key in [
            "lot",
            "min_quantity",
            "max_quantity",
            "min_notional",
            "max_notional",
            "base_price",
            "price_band_percent",
            "collar_percent",
            "maker_fee",
            "taker_fee",
            "sell_tax",
            "self_match",
            "open_orders_max",
            "volatility_interruption",
            "limit_opening_first",
            "opening_call",
            "circuit_breaker",
            "reservation",
            "supply",
            "assets",
        ] {
            assert!(text.contains(&format!("\n{key} = ")), "{name} does not state {key}");
        }
    }
}

#[test]
fn lpj_is_always_open_with_a_fixed_supply() {
    let book = shipped("lpj");
    assert_eq!(book.session.hours, Hours::Always);
    let [instrument] = &book.instruments[..] else { panic!("one instrument") };
    assert_eq!(instrument.rules.base_price, amount("777"));
    assert_eq!(instrument.rules.taker_fee.to_string(), "0.0005");
    assert_eq!(instrument.band(amount("777")), None);
    assert_eq!(book.supply[0].faucet.as_str(), "faucet");
}

#[test]
fn krx_ticks_depend_on_date_and_board() {
    let book = shipped("krx");
    let tick = |date: &str, board, price: &str| {
        let date = date.parse().expect(date);
        let table = ticks::on(&book.tick_tables, date, Some(board)).expect("a table holds");
        table.tick_at(amount(price)).to_string()
    };
    use VenueBoard::{Konex, Kosdaq, Kospi};
    for (date, board, price, expected) in [
        ("2023-01-24", Kospi, "999", "1"),
        ("2023-01-24", Kospi, "1000", "5"),
        ("2023-01-24", Kospi, "14950", "50"),
        ("2023-01-24", Kospi, "150000", "500"),
        ("2023-01-24", Kosdaq, "150000", "100"),
        ("2023-01-24", Konex, "600000", "100"),
        ("2023-01-25", Kospi, "1999", "1"),
        ("2023-01-25", Kosdaq, "2000", "5"),
        ("2023-01-25", Kospi, "14950", "10"),
        ("2023-01-25", Kospi, "150000", "100"),
        ("2023-01-25", Kosdaq, "500000", "1000"),
    ] {
        assert_eq!(tick(date, board, price), expected, "{date} {board:?} {price}");
    }
}

#[test]
fn a_board_has_its_own_limit_unless_the_instrument_says_one() {
    let percent = |more: &str| {
        let text = SMALL.replace("[[instruments]]", "price_band_percent = \"30\"\n[[instruments]]");
        let book = RuleBook::parse("t.toml", &format!("{text}{more}")).expect("no mistakes");
        book.instruments[0].rules.price_band_percent.expect("a band").to_string()
    };
    assert_eq!(percent("board = \"KOSDAQ\""), "30");
    assert_eq!(percent("board = \"KONEX\""), "15");
    assert_eq!(percent("board = \"KONEX\"\nprice_band_percent = \"20\""), "20");
}

#[test]
fn the_days_limits_are_cut_to_ticks() {
    let book = shipped("krx");
    let instrument = &book.instruments[0];
    for (base, lower, upper) in [
        // 30 % of 70,000 is 21,000, on every tick around.
        ("70000", "49000", "91000"),
        // 30 % of 1,995 is 598.5: 598 by the tick of the base; 2,593 goes down to 2,590.
        ("1995", "1397", "2590"),
        // 30 % of 2,005 is 601.5: 600 by the 5 won tick; 1,405 and 2,605 are on theirs.
        ("2005", "1405", "2605"),
    ] {
        let band = instrument.band(amount(base)).expect("a band");
        assert_eq!((band.lower, band.upper), (amount(lower), amount(upper)), "{base}");
    }
}

#[test]
fn phases_follow_the_clock() {
    let session = shipped("krx").session;
    for (time, phase) in [
        ("08:29", None),
        ("08:30", Some(PhaseKind::OpeningCall)),
        ("09:00", Some(PhaseKind::Continuous)),
        ("15:20", Some(PhaseKind::ClosingCall)),
        ("15:30", None),
    ] {
        assert_eq!(session.phase_at(time.parse().expect(time)), phase, "{time}");
    }
    assert_eq!(session.zone, ZoneOffset { minutes: 540 });
}

#[test]
fn an_instrument_overrides_the_book() {
    let text = SMALL.to_string() + "lot = \"10\"\nmin_quantity = \"20\"\nmax_quantity = \"30\"\n";
    let book = RuleBook::parse("t.toml", &text).expect("sound");
    assert_eq!(book.instruments[0].rules.lot, amount("10"));
    assert_eq!(book.defaults.lot, amount("1"));
}

#[test]
fn unsound_rules_are_refused() {
    for (line, complaint) in [
        ("base_price = \"0\"", "A-KRW: base_price must be above zero"),
        ("base_price = \"0.5\"", "A-KRW: base_price 0.5 is not on the 1 tick"),
        ("max_quantity = \"0\"", "min_quantity must lie above zero"),
        ("min_notional = \"9999999999999\"", "min_notional must not lie above max_notional"),
        ("maker_fee = \"-0.001\"", "A-KRW: a rebate may not exceed the taker fee"),
        ("sell_tax = \"1.5\"", "must lie between -1 and 1"),
        ("ticks = [{ from = \"0\", tick = \"0.001\" }]", "no whole number of KRW's minor units"),
        ("ticks = [{ from = \"1\", tick = \"1\" }]", "starts at \"0\""),
        ("ticks = []", "a tick table needs a band"),
        (
            "ticks = [{ from = \"0\", tick = \"2\" }, { from = \"5\", tick = \"5\" }]",
            "5 is on no tick of the bands it divides",
        ),
        ("lot = 1", "`lot` must be a string, and this is an integer"),
        ("self_match = \"cancel-takr\"", "`cancel-takr` is not a self-match mode"),
        ("taker_fe = \"0\"", "no key `taker_fe`; did you mean `taker_fee`?"),
        ("volatility_interuption = \"none\"", "did you mean `volatility_interruption`?"),
        ("circuit_braker = \"none\"", "did you mean `circuit_breaker`?"),
    ] {
        let top = SMALL.replace("\n[[inst", &format!("\n{line}\n[[inst"));
        let found = mistakes(&top);
        assert!(found.iter().any(|mistake| mistake.contains(complaint)), "{line}: {found:?}");
    }
}
