use super::*;
use hoga_cluster::runtime::ExchangeOptions;
use hoga_scenarios::listing;
use hoga_scenarios::rules::{RuleBook, SHIPPED};

fn lpj(exchange: &Exchange) -> Market {
    let book = RuleBook::shipped("lpj").expect("it ships").expect("it is sound");
    listing::market(&book, &exchange.topology()).expect("a market")
}

async fn has(exchange: &Exchange, account: &str, code: &str) -> Amount {
    let asset = exchange.catalogue().asset_by_code(code).expect("an asset").id;
    let looked =
        exchange.account(account, None, Vec::new(), move |a, _, _| a.balance(asset).total());
    looked.await.expect("an account")
}

#[test]
fn the_order_to_try_first_is_one_that_the_first_accounts_can_place() {
    for (name, _) in SHIPPED {
        let book = RuleBook::shipped(name).expect("it ships").expect("it is sound");
        let topology = ExchangeOptions::new("").topology;
        let market = listing::market(&book, &topology).expect("a market");
        for instrument in &market.instruments {
            let (lots, price) = quantity_and_price(instrument);
            instrument.check_tick(price).expect(name);
            instrument.check_band(price).expect(name);
            instrument.check_size(lots).expect(name);
            let cost = instrument.unit() * Amount::from(price.0) * Amount::from(lots.0);
            assert!(cost >= instrument.notional_min, "{name}: {}", first_order(instrument));
            let money = Amount::from(FIRST_MONEY) * 10_i128.pow(instrument.quote_scale.into());
            assert!(cost < money, "{name}: {}", first_order(instrument));
        }
        let said = first_order(&market.instruments[0]);
        if name == "lpj" {
            assert_eq!(said, "10 LPJ-KRW @ 777");
        }
    }
}

const UNIT: Amount = 100_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_market_is_founded_once() {
    let data = tempfile::tempdir().expect("a directory");
    let exchange = Exchange::start(ExchangeOptions::new(data.path())).await.expect("a start");
    let market = lpj(&exchange);
    for _ in 0..2 {
        found(&exchange, &market, &first_seeds(&market)).await.expect("founded");
    }
    for account in ["alice", "bob"] {
        assert_eq!(has(&exchange, account, "KRW").await, 10_000_000 * UNIT);
    }
    let supply = has(&exchange, "faucet", "LPJ").await;
    assert_eq!(supply, (100_000_000 - 2 * 10_000) * UNIT, "all there is, less what was given");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founding_that_was_cut_short_goes_on() {
    let data = tempfile::tempdir().expect("a directory");
    let exchange = Exchange::start(ExchangeOptions::new(data.path())).await.expect("a start");
    let whole = lpj(&exchange);
    let mut half = whole.clone();
    half.instruments.clear();
    found(&exchange, &half, &[]).await.expect("half of it");
    found(&exchange, &whole, &first_seeds(&whole)).await.expect("the rest");
    assert!(exchange.catalogue().instrument_by_symbol("LPJ-KRW").is_some());
    // What alice spends she does not get again.
    let krw = exchange.catalogue().asset_by_code("KRW").expect("an asset").id;
    let all = AccountRequest::Withdraw { asset: krw, amount: 10_000_000 * UNIT };
    let founding = Founding { exchange: &exchange };
    founding.ask("alice", "spend", all).await.expect("a withdrawal");
    found(&exchange, &whole, &first_seeds(&whole)).await.expect("nothing to do");
    assert_eq!(has(&exchange, "alice", "KRW").await, 0);
    exchange.stop().await;
}
