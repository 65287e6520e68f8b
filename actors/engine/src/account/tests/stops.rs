//! Stops as their owners see them: what they hold, when they are told, what becomes of them.

use super::*;
use crate::amount::{Rate, Ticks};
use crate::order::{CancelReason, Size, Status};
use crate::terms::{Distance, StopAsked, TermsAsked};

/// The order, waiting for this.
fn stop(asked: StopAsked, order: OrderRequest) -> OrderRequest {
    let terms = TermsAsked { stop: Some(asked), display: None, other: None, expires: None };
    OrderRequest { terms: Some(Box::new(terms)), ..order }
}

fn at_market(order: OrderRequest) -> OrderRequest {
    OrderRequest { price: None, ..order }
}

fn trailing(offset: Amount, step: Amount) -> StopAsked {
    StopAsked::Trailing { offset: Distance::Price(offset), step: Distance::Price(step) }
}

/// Bob and carol print a price.
fn print(pit: &mut Pit, price: Amount) {
    let id = format!("print-{}", pit.tap().answers.len());
    place(pit, "bob", &id, sell(1, price));
    place(pit, "carol", &id, ioc(buy(1, price)));
}

fn trigger(pit: &Pit, number: u64) -> Ticks {
    let terms = order(pit, "alice", number).terms.expect("a stop has terms");
    terms.stop.expect("it is a stop").trigger
}

#[test]
fn a_stop_limit_holds_its_limit_until_it_fires() {
    let mut pit = street();
    print(&mut pit, 100);
    place(&mut pit, "alice", "s", stop(StopAsked::At(110), buy(10, 115)));
    // 1,150 and 2.875 of fee.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 1153, 1153));
    assert_eq!(order(&pit, "alice", 1).status, Status::Untriggered);
    place(&mut pit, "bob", "offer", sell(4, 112));
    assert_eq!(order(&pit, "alice", 1).filled.0, 0);
    sound(&pit);
    print(&mut pit, 110);
    let fired = order(&pit, "alice", 1);
    assert_eq!((fired.status, fired.filled.0), (Status::PartiallyFilled, 4));
    assert!(fired.last_arrival > fired.arrival);
    pit.cancel("alice", no(1));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 448 - 1, 0));
    sound(&pit);
}

#[test]
fn a_stop_at_market_holds_its_trigger_and_the_collar_and_never_rests() {
    let mut pit = street();
    print(&mut pit, 100);
    place(&mut pit, "alice", "s", at_market(stop(StopAsked::At(110), buy(10, 1))));
    // The collar is 10 %: 10 x 121 = 1,210 and 3.025 of fee.
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 1214, 1214));
    place(&mut pit, "bob", "far", sell(4, 122));
    place(&mut pit, "bob", "near", sell(4, 121));
    print(&mut pit, 110);
    let fired = order(&pit, "alice", 1);
    assert_eq!((fired.status, fired.filled.0, fired.cancelled.0), (Status::Cancelled, 4, 6));
    assert_eq!(fired.reason, Some(CancelReason::NoLiquidity));
    assert_eq!(balance(&pit, "alice", KRW).1, 0);
    sound(&pit);
}

#[test]
fn a_stop_sell_holds_its_quantity() {
    let mut pit = street();
    print(&mut pit, 100);
    place(&mut pit, "alice", "s", at_market(stop(StopAsked::At(90), sell(10, 1))));
    assert_eq!(balance(&pit, "alice", LPJ), (990, 10));
    place(&mut pit, "bob", "bid", buy(20, 85));
    print(&mut pit, 89);
    assert_eq!(order(&pit, "alice", 1).status, Status::Filled);
    assert_eq!(balance(&pit, "alice", LPJ), (990, 0));
    sound(&pit);
}

#[test]
fn a_stop_that_the_last_price_has_passed_is_refused() {
    let mut pit = street();
    // Without a last price it waits.
    place(&mut pit, "alice", "early", stop(StopAsked::At(90), buy(1, 95)));
    assert_eq!(order(&pit, "alice", 1).status, Status::Untriggered);
    pit.cancel("alice", no(1));
    print(&mut pit, 100);
    for (id, price) in [("at", 100), ("through", 99)] {
        let request = place(&mut pit, "alice", id, stop(StopAsked::At(price), buy(1, 120)));
        assert_eq!(refusal(&pit, request), Some("STOP_WOULD_TRIGGER"));
    }
    let request = place(&mut pit, "alice", "sell", stop(StopAsked::At(100), sell(1, 90)));
    assert_eq!(refusal(&pit, request), Some("STOP_WOULD_TRIGGER"));
    assert_eq!((balance(&pit, "alice", KRW).1, balance(&pit, "alice", LPJ).1), (0, 0));
    sound(&pit);
}

#[test]
fn a_trailing_buy_holds_its_first_trigger_and_its_owner_is_told_of_each_move() {
    let mut pit = street();
    place(&mut pit, "bob", "ask", sell(5, 200));
    place(&mut pit, "alice", "t", at_market(stop(trailing(20, 5), buy(10, 1))));
    // It starts at 220; the collar of 10 % makes that 242.
    assert_eq!(trigger(&pit, 1), Ticks(220));
    let held = 2420 + 7;
    assert_eq!(balance(&pit, "alice", KRW).1, held);
    place(&mut pit, "bob", "nearer", sell(5, 196));
    assert_eq!(trigger(&pit, 1), Ticks(220), "less than a step");
    place(&mut pit, "bob", "near", sell(5, 150));
    assert_eq!(trigger(&pit, 1), Ticks(170));
    assert_eq!(balance(&pit, "alice", KRW).1, held);
    sound(&pit);
    // It fires at 170 and takes up to the collar around that: 187.
    place(&mut pit, "bob", "there", sell(1, 170));
    place(&mut pit, "carol", "take", ioc(buy(6, 170)));
    let fired = order(&pit, "alice", 1);
    assert_eq!((fired.status, fired.filled.0, fired.limit), (Status::Cancelled, 0, Ticks(187)));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    sound(&pit);
}

#[test]
fn a_trailing_stop_needs_a_market_to_follow() {
    let mut pit = street();
    let ask = at_market(stop(trailing(10, 1), sell(1, 1)));
    let request = place(&mut pit, "alice", "a", ask.clone());
    assert_eq!(refusal(&pit, request), Some("NO_REFERENCE_PRICE"));
    place(&mut pit, "bob", "bid", buy(5, 100));
    place(&mut pit, "alice", "b", ask);
    assert_eq!(trigger(&pit, 1), Ticks(90));
    sound(&pit);
}

#[test]
fn a_stop_that_waits_is_amended_and_cancelled_like_an_order() {
    let mut pit = street();
    print(&mut pit, 100);
    place(&mut pit, "alice", "s", stop(StopAsked::At(110), buy(10, 115)));
    pit.amend("alice", no(1), Some(4), Some(112));
    let amended = order(&pit, "alice", 1);
    assert_eq!((amended.status, amended.ordered.0), (Status::Untriggered, 4));
    assert_eq!(balance(&pit, "alice", KRW).1, 448 + 2);
    sound(&pit);
    place(&mut pit, "alice", "m", at_market(stop(StopAsked::At(110), buy(10, 1))));
    let request = pit.amend("alice", no(2), Some(4), None);
    assert_eq!(refusal(&pit, request), Some("MALFORMED"));
    pit.cancel_all("alice", None);
    assert_eq!(order(&pit, "alice", 1).status, Status::Cancelled);
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    print(&mut pit, 110);
    assert_eq!(order(&pit, "alice", 1).filled.0, 0);
    sound(&pit);
}

#[test]
fn what_a_stop_must_not_say_is_refused() {
    let mut pit = street();
    let by_amount = OrderRequest { size: Size::QuoteAmount(500), price: None, ..buy(1, 1) };
    let share = |billionths| Distance::Share(Rate(billionths));
    let whole = StopAsked::Trailing { offset: share(1_000_000_000), step: share(0) };
    let cases = [
        ("by amount", stop(StopAsked::At(90), by_amount), "MALFORMED"),
        ("passive", stop(StopAsked::At(90), post_only(buy(1, 90))), "MALFORMED"),
        ("no trigger", stop(StopAsked::At(0), buy(1, 90)), "MALFORMED"),
        ("no offset", stop(trailing(0, 0), buy(1, 90)), "MALFORMED"),
        ("all of it", stop(whole, sell(1, 90)), "MALFORMED"),
        ("too much", stop(StopAsked::At(90), buy(1_000_000, 90)), "INSUFFICIENT_FUNDS"),
    ];
    for (id, asked, reason) in cases {
        let id = id.replace(' ', "-");
        let request = place(&mut pit, "alice", &id, asked);
        assert_eq!(refusal(&pit, request), Some(reason), "{id}");
    }
    sound(&pit);
}
