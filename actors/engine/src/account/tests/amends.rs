//! Amends: what is held while they are unanswered, and what stands when they are.

use super::*;
use crate::order::Status;

fn held(pit: &Pit) -> Amount {
    balance(pit, "alice", KRW).1
}

/// Alice bids for 10 at 100, and it rests.
fn bidding() -> Pit {
    let mut pit = slow_street();
    place(&mut pit, "alice", "a", buy(10, 100));
    pit.settle_down();
    pit
}

#[test]
fn the_larger_need_is_held_until_the_book_answers() {
    // New total and price, what is held meanwhile, what is held afterwards. The fee bound of
    // 0.25 % rounds up: 1,000 hold 1,003.
    let cases = [
        ("more", 20, 100, 2005, 2005),
        ("less", 5, 100, 1003, 502),
        ("dearer", 10, 120, 1203, 1203),
        ("cheaper", 10, 80, 1003, 802),
        ("more and dearer", 20, 110, 2206, 2206),
        // The old 10 may fill at 100 before the amend arrives, and 2 more at 90 after it.
        ("more and cheaper", 12, 90, 1183, 1083),
        ("less and dearer", 5, 150, 1003, 752),
        // 5 may go at 200 once it arrived, but if the amend is refused the old 10 stand.
        ("half for twice the price", 5, 200, 1003, 1003),
    ];
    for (name, total, price, meanwhile, afterwards) in cases {
        let mut pit = bidding();
        pit.amend("alice", no(1), Some(total), Some(price));
        assert_eq!(held(&pit), meanwhile, "{name}, meanwhile");
        pit.settle_down();
        assert_eq!(held(&pit), afterwards, "{name}, afterwards");
        assert_eq!(order(&pit, "alice", 1).ordered.0 as Amount, total, "{name}");
        sound(&pit);
    }
}

#[test]
fn more_for_less_can_always_be_paid_whatever_came_first() {
    let mut filled_before = 0;
    // Somebody of another partition, whose order may overtake her amend.
    let hers = topology().account_partition("alice");
    let names = ["bob", "carol", "dave", "erin"].into_iter();
    let [first, second] = [0, 1].map(|nth| {
        let mut others = names.clone().filter(|name| topology().account_partition(name) != hers);
        others.nth(nth).expect("two who live elsewhere")
    });
    for seed in 0..32 {
        let mut pit = furnish(Pit::delayed(topology(), Record::default(), seed));
        for name in ["alice", first, second] {
            pit.open(name);
        }
        pit.deposit("alice", KRW, 1183);
        pit.deposit(first, LPJ, 100);
        pit.deposit(second, LPJ, 100);
        place(&mut pit, "alice", "a", buy(10, 100));
        pit.settle_down();
        // All she has is held now. 9 may go at 100 and then 3 at 90, or 12 at 90.
        pit.amend("alice", no(1), Some(12), Some(90));
        assert_eq!(balance(&pit, "alice", KRW), (0, 1183));
        place(&mut pit, first, "b", ioc(sell(9, 100)));
        pit.settle_down();
        filled_before += usize::from(order(&pit, "alice", 1).filled.0 == 9);
        place(&mut pit, second, "c", sell(12, 90));
        pit.settle_down();
        assert_eq!(order(&pit, "alice", 1).status, Status::Filled);
        sound(&pit);
    }
    assert!((1..32).contains(&filled_before), "both orders of arrival: {filled_before} of 32");
}

/// Alice has so much money and bids for 10 at 100.
fn prompt_and_poor(money: Amount) -> Pit {
    let mut pit = prompt();
    for name in ["alice", "bob"] {
        pit.open(name);
    }
    pit.deposit("alice", KRW, money);
    pit.deposit("bob", LPJ, 100);
    place(&mut pit, "alice", "a", buy(10, 100));
    pit
}

#[test]
fn an_amend_that_nothing_is_left_to_pay_for_is_refused_and_changes_nothing() {
    let mut pit = prompt_and_poor(1010);
    let request = pit.amend("alice", no(1), Some(11), None);
    assert_eq!(refusal(&pit, request), Some("INSUFFICIENT_FUNDS"));
    assert_eq!(balance(&pit, "alice", KRW), (7, 1003));
    assert_eq!(account(&pit, "alice").open_order(OrderNo(1)).map(|o| o.hold()), Some(1003));
    sound(&pit);
}

#[test]
fn several_amends_hold_for_the_dearest_way_through_them() {
    let mut pit = bidding();
    pit.amend("alice", no(1), Some(12), Some(90));
    pit.amend("alice", no(1), Some(15), Some(80));
    // 10 at 100, 2 at 90, 3 at 80: 1,420 and a fee bound of 3.55.
    assert_eq!(held(&pit), 1424);
    pit.settle_down();
    assert_eq!(held(&pit), 1203);
    sound(&pit);
}

#[test]
fn amends_beyond_the_bound_wait_for_an_answer() {
    let mut pit = bidding();
    for nth in 0..8 {
        pit.amend("alice", no(1), Some(11 + nth), None);
    }
    let request = pit.amend("alice", no(1), Some(50), None);
    assert_eq!(refusal(&pit, request), Some("MALFORMED"));
    pit.settle_down();
    assert_eq!(order(&pit, "alice", 1).ordered.0, 18);
    let request = pit.amend("alice", no(1), Some(50), None);
    pit.settle_down();
    assert_eq!(refusal(&pit, request), None);
    sound(&pit);
}

#[test]
fn a_total_at_or_below_what_is_filled_is_refused_and_the_order_stands() {
    let mut pit = street();
    place(&mut pit, "alice", "a", buy(10, 100));
    place(&mut pit, "bob", "b", sell(4, 100));
    let request = pit.amend("alice", no(1), Some(4), None);
    assert_eq!(refusal(&pit, request), Some("AMEND_BELOW_FILLED"));
    let stands = order(&pit, "alice", 1);
    assert_eq!((stands.ordered.0, stands.filled.0), (10, 4));
    sound(&pit);
}

#[test]
fn an_amend_of_a_passive_order_stays_passive() {
    let mut pit = street();
    place(&mut pit, "bob", "b", sell(5, 105));
    place(&mut pit, "alice", "a", post_only(buy(10, 100)));
    let request = pit.amend("alice", no(1), None, Some(105));
    assert_eq!(refusal(&pit, request), Some("POST_ONLY_WOULD_TRADE"));
    assert_eq!(order(&pit, "alice", 1).limit.0, 100);
    let request = pit.amend("alice", no(1), None, Some(104));
    assert_eq!(refusal(&pit, request), None);
    sound(&pit);
}

#[test]
fn an_amend_that_crosses_trades_as_a_taker() {
    let mut pit = street();
    place(&mut pit, "bob", "b", sell(4, 105));
    place(&mut pit, "alice", "a", buy(10, 100));
    let request = pit.amend("alice", no(1), Some(12), Some(106));
    let Answer::Decided { outcome, .. } = answer(&pit, request) else {
        panic!("decided");
    };
    assert_eq!((outcome.filled.0, outcome.remaining.0), (4, 8));
    // 420 and a taker fee of 1.05; 8 at 106 are left with a bound of 2.12: 3.17 in all, less 1.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 421 - 851, 851));
    sound(&pit);
}

#[test]
fn an_amend_meets_an_order_that_was_cancelled_before() {
    let mut pit = bidding();
    pit.cancel("alice", no(1));
    let request = pit.amend("alice", no(1), Some(20), None);
    assert_eq!(held(&pit), 2005);
    pit.settle_down();
    assert_eq!(refusal(&pit, request), Some("ORDER_NOT_OPEN"));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
}
