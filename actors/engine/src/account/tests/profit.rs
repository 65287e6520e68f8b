//! Average price and realised profit.

use super::*;
use crate::account::Position;
use crate::ids::InstrumentId;
use crate::instrument::Instrument;
use crate::pit::tests::market::{BTC, BTC_KRW, LPJ_KRW, instruments};

/// A trader with money alone, and somebody who takes the other side of everything.
fn trading(trades: &[(Side, Amount, Amount)]) -> Pit {
    let mut pit = street();
    pit.open("dave");
    pit.deposit("dave", KRW, RICH);
    for (nth, &(side, quantity, price)) in trades.iter().enumerate() {
        place(&mut pit, "bob", &format!("b{nth}"), limit(side.opposite(), quantity, price));
        place(&mut pit, "dave", &format!("d{nth}"), limit(side, quantity, price));
    }
    sound(&pit);
    pit
}

fn position(pit: &Pit) -> Position {
    let mut positions = account(pit, "dave").positions();
    *positions.find(|(id, _)| *id == LPJ_KRW).expect("a position").1
}

#[test]
fn a_buy_adds_its_cost_and_a_sell_removes_it_in_proportion() {
    let (buy, sell) = (Side::Buy, Side::Sell);
    let pit = trading(&[(buy, 10, 100), (buy, 10, 200), (sell, 5, 300)]);
    // 3,000 for 20: an average of 150, so that 5 sold at 300 bring 750 more than they cost.
    let Position { quantity, cost, realised, .. } = position(&pit);
    assert_eq!((quantity, cost, realised), (15, 2250, 750));
}

#[test]
fn what_rounding_leaves_goes_with_the_last_of_a_position() {
    let (buy, sell) = (Side::Buy, Side::Sell);
    let buys = [(buy, 2, 33), (buy, 1, 34)];
    let sells = [(sell, 1, 50), (sell, 1, 50), (sell, 1, 50)];
    let pit = trading(&[&buys[..], &sells[..]].concat());
    let Position { quantity, cost, realised, .. } = position(&pit);
    assert_eq!((quantity, cost, realised), (0, 0, 150 - 100));
}

#[test]
fn fees_and_taxes_are_booked_on_their_own() {
    let pit = trading(&[(Side::Buy, 10, 1000), (Side::Sell, 10, 1000)]);
    let Position { realised, fees, taxes, .. } = position(&pit);
    assert_eq!((realised, fees, taxes), (0, 25 + 25, 18));
    let performance = account(&pit, "dave").performance();
    assert_eq!((performance.turnover, performance.wins, performance.losses), (20_000, 0, 1));
}

#[test]
fn wins_and_losses_count_the_sells() {
    let (buy, sell) = (Side::Buy, Side::Sell);
    let pit = trading(&[(buy, 10, 100), (sell, 4, 120), (sell, 4, 90), (sell, 2, 101)]);
    let performance = account(&pit, "dave").performance();
    assert_eq!((performance.wins, performance.losses), (2, 1));
    assert_eq!(position(&pit).realised, 80 - 40 + 2);
}

#[test]
fn goods_count_once_wherever_they_trade() {
    let mut pit = street();
    let lpj_btc = Instrument {
        id: InstrumentId(3),
        symbol: "LPJ-BTC".into(),
        partition: topology().book_partition(InstrumentId(3)),
        quote: BTC,
        quote_code: "BTC".into(),
        quote_scale: 4,
        ..instruments()[0].clone()
    };
    pit.list(&lpj_btc);
    pit.deposit("bob", BTC, RICH);
    let elsewhere = |order| OrderRequest { instrument: lpj_btc.id, ..order };
    place(&mut pit, "alice", "a", elsewhere(sell(10, 120)));
    place(&mut pit, "bob", "b", elsewhere(buy(10, 120)));
    let held = |pit: &Pit, who: &str| -> Vec<(u32, Amount, Amount)> {
        let positions = account(pit, who).positions();
        let of_lpj = positions.filter(|(id, _)| *id != BTC_KRW);
        of_lpj.map(|(id, it)| (id.0, it.quantity, it.cost)).collect()
    };
    // What alice had of LPJ-KRW, at 100 each, was sold in LPJ-BTC.
    assert_eq!(held(&pit, "alice"), [(1, 990, 99_000), (3, 0, 0)]);
    let realised: Amount = account(&pit, "alice").positions().map(|(_, it)| it.realised).sum();
    assert_eq!(realised, 1200 - 1000);
    assert_eq!(held(&pit, "bob"), [(1, 1000, 100_000), (3, 10, 1200)]);
    // What leaves is taken from both.
    pit.withdraw("bob", LPJ, 1004);
    assert_eq!(held(&pit, "bob"), [(1, 0, 0), (3, 6, 720)]);
    assert_eq!(balance(&pit, "bob", LPJ), (6, 0));
    sound(&pit);
}
