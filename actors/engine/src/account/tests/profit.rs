//! Average price and realised profit.

use super::*;
use crate::account::Position;
use crate::pit::tests::market::LPJ_KRW;

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
