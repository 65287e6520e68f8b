//! Two orders of which one cancels the other: held once, and only one of them trades.

use super::*;
use crate::client_id::ClientId;
use crate::order::{CancelReason, Status};
use crate::terms::{OtherAsked, StopAsked, TermsAsked};

/// The limit order with a stop as its other leg.
fn or_stop(order: OrderRequest, id: &str, trigger: Amount, price: Option<Amount>) -> OrderRequest {
    let id = ClientId::parse(id).expect("a good id");
    let other = Some(OtherAsked { id, stop: StopAsked::At(trigger), price });
    let terms = TermsAsked { other, ..TermsAsked::default() };
    OrderRequest { terms: Some(Box::new(terms)), ..order }
}

/// A street where 100 was traded last, by bob and carol.
fn traded() -> Pit {
    let mut pit = street();
    place(&mut pit, "bob", "s", sell(1, 100));
    place(&mut pit, "carol", "b", buy(1, 100));
    pit
}

#[test]
fn a_sell_and_its_stop_hold_the_quantity_once() {
    let mut pit = traded();
    place(&mut pit, "alice", "up", or_stop(sell(10, 120), "down", 90, None));
    assert_eq!(balance(&pit, "alice", LPJ), (990, 10));
    let statuses = [1, 2].map(|no| order(&pit, "alice", no).status);
    assert_eq!(statuses, [Status::Open, Status::Untriggered]);
    sound(&pit);
    place(&mut pit, "bob", "take", buy(4, 120));
    let stop = order(&pit, "alice", 2);
    assert_eq!((stop.status, stop.reason), (Status::Cancelled, Some(CancelReason::OtherLeg)));
    assert_eq!(order(&pit, "alice", 1).status, Status::PartiallyFilled);
    assert_eq!(balance(&pit, "alice", LPJ), (990, 6));
    sound(&pit);
}

#[test]
fn a_trigger_cancels_the_limit_and_the_stop_trades() {
    let mut pit = traded();
    place(&mut pit, "alice", "up", or_stop(sell(10, 120), "down", 90, Some(80)));
    place(&mut pit, "bob", "deep", buy(20, 85));
    place(&mut pit, "carol", "print", sell(20, 85));
    let [limit, stop] = [1, 2].map(|no| order(&pit, "alice", no));
    assert_eq!((limit.status, limit.reason), (Status::Cancelled, Some(CancelReason::OtherLeg)));
    assert_eq!((stop.status, stop.filled.0), (Status::Open, 0));
    assert_eq!(balance(&pit, "alice", LPJ), (990, 10));
    sound(&pit);
    place(&mut pit, "bob", "lift", buy(10, 80));
    assert_eq!(order(&pit, "alice", 2).status, Status::Filled);
    sound(&pit);
}

#[test]
fn a_buy_and_its_stop_hold_the_larger_need_of_the_two() {
    let mut pit = traded();
    // 10 at 90 need 900 and a fee of 2.25; 10 at up to 115 need 1,150 and 2.875.
    place(&mut pit, "alice", "low", or_stop(buy(10, 90), "high", 110, Some(115)));
    assert_eq!(balance(&pit, "alice", KRW), (RICH - 1153, 1153));
    sound(&pit);
    // A first fill leaves what the rest of the limit order needs.
    place(&mut pit, "bob", "hit", sell(4, 90));
    assert_eq!(order(&pit, "alice", 2).status, Status::Cancelled);
    assert_eq!(balance(&pit, "alice", KRW).1, 540 + 2);
    sound(&pit);
}

#[test]
fn a_cancelled_leg_leaves_the_other_to_itself() {
    for (gone, left, held) in [(1, 2, 1153), (2, 1, 903)] {
        let mut pit = traded();
        place(&mut pit, "alice", "low", or_stop(buy(10, 90), "high", 110, Some(115)));
        let request = pit.amend("alice", no(left), Some(5), None);
        assert_eq!(refusal(&pit, request), Some("MALFORMED"));
        pit.cancel("alice", no(gone));
        assert_eq!(order(&pit, "alice", gone).status, Status::Cancelled);
        assert!(!order(&pit, "alice", left).status.is_final());
        assert_eq!(balance(&pit, "alice", KRW).1, held, "order {left} is left");
        pit.amend("alice", no(left), Some(5), None);
        assert_eq!(order(&pit, "alice", left).ordered.0, 5);
        sound(&pit);
    }
}

#[test]
fn a_limit_that_trades_at_once_never_lets_its_stop_wait() {
    let mut pit = traded();
    place(&mut pit, "bob", "bid", buy(3, 120));
    place(&mut pit, "alice", "up", or_stop(sell(10, 120), "down", 90, None));
    let [limit, stop] = [1, 2].map(|no| order(&pit, "alice", no));
    assert_eq!((limit.status, limit.filled.0), (Status::PartiallyFilled, 3));
    assert_eq!((stop.status, stop.reason), (Status::Cancelled, Some(CancelReason::OtherLeg)));
    assert_eq!(balance(&pit, "alice", LPJ), (990, 7));
    sound(&pit);
}

#[test]
fn both_are_refused_or_neither() {
    let mut pit = traded();
    place(&mut pit, "bob", "bid", buy(3, 95));
    let passive = post_only(sell(10, 95));
    let cases = [
        ("trigger", or_stop(sell(10, 120), "x", 100, None), "STOP_WOULD_TRIGGER"),
        ("passive", or_stop(passive, "x", 90, None), "POST_ONLY_WOULD_TRADE"),
        ("at-once", or_stop(ioc(sell(10, 120)), "x", 90, None), "MALFORMED"),
        ("same-id", or_stop(sell(10, 120), "same-id", 90, None), "CLIENT_ORDER_ID_REUSED"),
        ("too-much", or_stop(sell(1001, 120), "x", 90, None), "INSUFFICIENT_HOLDINGS"),
    ];
    for (id, asked, reason) in cases {
        // What a book refused is remembered under both its ids.
        let fresh = id.replace('-', ".");
        let mut asked = asked;
        if let Some(other) = asked.terms.as_mut().and_then(|terms| terms.other.as_mut())
            && other.id.as_str() == "x"
        {
            other.id = ClientId::parse(&format!("x:{fresh}")).expect("a good id");
        }
        let request = place(&mut pit, "alice", id, asked);
        assert_eq!(refusal(&pit, request), Some(reason), "{id}");
        assert_eq!(balance(&pit, "alice", LPJ), (1000, 0), "{id}");
        sound(&pit);
    }
}

#[test]
fn a_retry_gets_the_first_answer_and_the_second_id_names_the_stop() {
    let mut pit = traded();
    let asked = || or_stop(sell(10, 120), "down", 90, None);
    let first = place(&mut pit, "alice", "up", asked());
    let again = place(&mut pit, "alice", "up", asked());
    assert_eq!(answer(&pit, first), answer(&pit, again));
    assert_eq!(balance(&pit, "alice", LPJ), (990, 10));
    let id = OrderRef::ClientId(ClientId::parse("down").expect("a good id"));
    pit.cancel("alice", id);
    assert_eq!(order(&pit, "alice", 2).status, Status::Cancelled);
    pit.cancel_all("alice", None);
    assert_eq!(balance(&pit, "alice", LPJ), (1000, 0));
    sound(&pit);
}
