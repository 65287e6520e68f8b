//! What an order holds, and what it lets go.

use super::*;
use crate::order::{Size, Status};

#[test]
fn a_buy_holds_its_price_and_the_larger_fee_rounded_up() {
    let mut pit = street();
    // 10 x 777 = 7,770; the taker fee of 0.25 % on it is 19.425.
    place(&mut pit, "alice", "a", buy(10, 777));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 7790, 7790));
    assert_eq!(balance(&pit, "alice", LPJ), (1000, 0));
}

#[test]
fn a_sell_holds_its_quantity_and_no_money() {
    let mut pit = street();
    place(&mut pit, "alice", "a", sell(10, 777));
    assert_eq!(balance(&pit, "alice", LPJ), (990, 10));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
}

#[test]
fn a_better_price_releases_what_was_not_needed() {
    let mut pit = street();
    place(&mut pit, "bob", "b", sell(10, 700));
    place(&mut pit, "alice", "a", buy(10, 777));
    // 7,000 and a taker fee of 17.5, rounded half up.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 7018, 0));
    assert_eq!(balance(&pit, "alice", LPJ), (1010, 0));
    // The maker fee is 7, the tax 12.6.
    assert_eq!(balance(&pit, "bob", KRW), (RICH + 7000 - 7 - 13, 0));
    sound(&pit);
}

#[test]
fn a_partial_fill_keeps_what_the_rest_can_cost() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 777));
    place(&mut pit, "bob", "b", sell(4, 777));
    // 3,108 with a maker fee of 3.108 is paid. Left are 4,662; their taker fee would be 11.655,
    // so that the order would have cost 14.763 in fees: 15, of which 3 are charged.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 3111 - 4674, 4674));
    assert_eq!(order(&pit, "alice", 1).status, Status::PartiallyFilled);
    sound(&pit);
}

#[test]
fn a_cancel_releases_all_that_is_left() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 777));
    place(&mut pit, "bob", "b", sell(4, 777));
    pit.cancel("alice", no(1));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 3111, 0));
    assert_eq!(order(&pit, "alice", 1).status, Status::Cancelled);
    sound(&pit);
}

#[test]
fn what_does_not_rest_holds_nothing_afterwards() {
    // Orders against 5 offered at 100: what is bought, and the status in the end.
    let cases = [
        ("ioc", ioc(buy(8, 100)), 5, Status::Cancelled),
        ("fok that fits", fok(buy(5, 100)), 5, Status::Filled),
        ("fok that does not", fok(buy(8, 100)), 0, Status::Cancelled),
        ("post-only that would trade", post_only(buy(8, 100)), 0, Status::Rejected),
        ("market", OrderRequest { price: None, ..buy(8, 100) }, 5, Status::Cancelled),
    ];
    for (name, asked, bought, status) in cases {
        let mut pit = street();
        place(&mut pit, "bob", "b", sell(5, 100));
        place(&mut pit, "alice", "a", asked);
        let (available, held) = balance(&pit, "alice", KRW);
        let spent = if bought == 0 { 0 } else { 501 };
        assert_eq!((available, held), (RICH - spent, 0), "{name}");
        assert_eq!(balance(&pit, "alice", LPJ), (1000 + bought, 0), "{name}");
        assert_eq!(order(&pit, "alice", 1).status, status, "{name}");
        sound(&pit);
    }
}

#[test]
fn a_market_buy_holds_up_to_the_collar_until_it_is_decided() {
    let mut pit = slow_street();
    place(&mut pit, "bob", "b", sell(5, 100));
    pit.settle_down();
    place(&mut pit, "alice", "a", OrderRequest { price: None, ..buy(10, 100) });
    // The collar is 10 %: 10 x 110 = 1,100 and 2.75 of fee.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 1103, 1103));
    pit.settle_down();
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 501, 0));
}

#[test]
fn a_market_buy_by_amount_spends_at_most_the_amount_with_its_fee() {
    let mut pit = slow_street();
    place(&mut pit, "bob", "b1", sell(5, 100));
    place(&mut pit, "bob", "b2", sell(50, 103));
    pit.settle_down();
    let size = Size::QuoteAmount(1000);
    place(&mut pit, "alice", "a", OrderRequest { price: None, size, ..buy(1, 1) });
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 1000, 1000));
    pit.settle_down();
    // 997 can be spent: 5 x 100 and 4 x 103 = 912, with a fee of 2.28.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 914, 0));
    let done = order(&pit, "alice", 1);
    assert_eq!((done.ordered.0, done.filled.0, done.status), (9, 9, Status::Filled));
    sound(&pit);
}

#[test]
fn an_amount_that_one_more_lot_would_meet_exactly_is_spent_exactly() {
    let mut pit = street();
    place(&mut pit, "bob", "b", sell(50, 100));
    // 4 x 100 and a fee of 1.
    let size = Size::QuoteAmount(401);
    place(&mut pit, "alice", "a", OrderRequest { price: None, size, ..buy(1, 1) });
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 401, 0));
    // A unit less buys a lot less.
    let size = Size::QuoteAmount(400);
    place(&mut pit, "alice", "a2", OrderRequest { price: None, size, ..buy(1, 1) });
    assert_eq!(order(&pit, "alice", 2).filled.0, 3);
}
