use super::*;
use crate::file;

fn listed(rules: &str, market_lines: &str) -> Result<Market, ListingError> {
    let text = format!(
        "[scenario]\nname = \"t\"\nseed = 1\nlength = \"1m\"\n\
         [market]\nrules = \"{rules}\"\n{market_lines}"
    );
    let read = file::parse("t.toml", &text);
    let scenario = read.unwrap_or_else(|mistakes| panic!("{:#?}", mistakes.lines()));
    market(&scenario.market, &Topology::default())
}

fn refusal(rules: &str, market_lines: &str) -> String {
    listed(rules, market_lines).expect_err("the rule cannot be kept").to_string()
}

#[test]
fn lpj_in_ticks_and_lots() {
    let market = listed("lpj", "").expect("lpj is served");
    let [krw, lpj] = &market.assets[..] else { panic!("two assets") };
    assert_eq!((&*krw.code, krw.scale, krw.shown_scale, &krw.faucet), ("KRW", 8, 0, &None));
    assert_eq!(lpj.faucet.as_deref(), Some("faucet"));
    let [lpj_krw] = &market.instruments[..] else { panic!("one instrument") };
    assert_eq!((lpj_krw.tick, lpj_krw.lot), (100_000_000, 100_000_000));
    assert_eq!((lpj_krw.quantity_min, lpj_krw.quantity_max), (Lots(1), Lots(1_000_000)));
    assert_eq!(lpj_krw.base_price, Some(Ticks(777)));
    assert_eq!((lpj_krw.band, lpj_krw.collar), (None, Rate(100_000_000)));
    assert_eq!((lpj_krw.fees.maker, lpj_krw.fees.taker), (Rate(200_000), Rate(500_000)));
    let supply = 100_000_000 * 100_000_000;
    let issue = Issue { asset: lpj.id, faucet: "faucet".into(), amount: supply };
    assert_eq!(market.issues, [issue]);
}

#[test]
fn a_stock_has_its_bands_and_steps() {
    let market = listed("krx-simple", "").expect("krx-simple is served");
    let samsung = &market.instruments[0];
    assert_eq!(samsung.band, Some((Ticks(49_000), Ticks(91_000))));
    assert_eq!(samsung.collar, NO_COLLAR);
    assert_eq!(samsung.collared(true, Ticks(70_000)), Ticks(91_000), "the upper limit");
    assert_eq!(samsung.ticks.step(Ticks(70_000)), 100);
    assert_eq!(samsung.ticks.step(Ticks(4_999)), 5);
    assert_eq!(samsung.fees.sell_tax, Rate(2_000_000));
    let table = samsung.schedule.as_ref().expect("it has hours");
    assert_eq!((table.zone_minutes, table.spans.len()), (540, 1));
}

#[test]
fn a_coin_has_fractional_lots_and_steps_that_fit_a_book() {
    let market = listed("crypto", "").expect("crypto is served");
    let bitcoin = &market.instruments[0];
    assert_eq!(bitcoin.base_price, Some(Ticks(2_000_000)), "in steps of 50");
    assert_eq!(bitcoin.ticks.step(Ticks(2_000_000)), 20);
    assert_eq!(bitcoin.lot, 10_000);
    assert_eq!(bitcoin.notional_min, 5_000 * 100_000_000);
    assert_eq!(market.assets[1].shown_scale, 4);
}

#[test]
fn a_rule_that_cannot_be_kept_is_named_with_its_value() {
    for (rules, lines, said) in [
        (
            "lpj",
            "base_price = \"100000000\"",
            "LPJ-KRW: the rule `base_price` cannot be kept: 100000000 is 100000000 times the \
             smallest tick 1, a book counts to 67108862; start the tick table with a larger tick",
        ),
        (
            "lpj",
            "collar_percent = \"none\"",
            "LPJ-KRW: the rule `collar_percent` cannot be kept: without a price band nothing \
             else bounds a market order",
        ),
        (
            "lpj",
            "maker_fee = \"0.00000000001\"",
            "LPJ-KRW: the rule `maker_fee` cannot be kept: 0.00000000001 is finer than a billionth",
        ),
        (
            "lpj",
            "base_price = \"775\"\n\
             ticks = [{ from = \"0\", tick = \"2\" }, { from = \"10\", tick = \"5\" }]",
            "LPJ-KRW: the rule `ticks` cannot be kept: 5 is no multiple of the tick 2",
        ),
    ] {
        assert_eq!(refusal(rules, lines), said);
    }
}
