//! Icebergs as their owners see them: held whole, shown in part.

use super::*;
use crate::amount::{Lots, Ticks};
use crate::order::Status;
use crate::pit::tests::market::LPJ_KRW;
use crate::terms::TermsAsked;

/// The order, of which so much is shown.
fn showing(display: Amount, order: OrderRequest) -> OrderRequest {
    let terms = TermsAsked { stop: None, display: Some(display), other: None, expires: None };
    OrderRequest { terms: Some(Box::new(terms)), ..order }
}

fn shown(pit: &Pit, price: u32) -> u64 {
    let listing = pit.listing(LPJ_KRW).expect("it is listed");
    listing.book().quantity_at(Side::Sell, Ticks(price)).0
}

#[test]
fn an_iceberg_is_held_whole_and_shown_in_part() {
    let mut pit = street();
    place(&mut pit, "alice", "i", showing(20, sell(90, 100)));
    assert_eq!(balance(&pit, "alice", LPJ), (910, 90));
    assert_eq!((shown(&pit, 100), order(&pit, "alice", 1).remaining()), (20, Lots(90)));
    sound(&pit);
    place(&mut pit, "bob", "b", ioc(buy(50, 100)));
    assert_eq!((shown(&pit, 100), order(&pit, "alice", 1).remaining()), (10, Lots(40)));
    assert_eq!(balance(&pit, "alice", LPJ), (910, 40));
    sound(&pit);
    pit.amend("alice", no(1), Some(200), None);
    assert_eq!((shown(&pit, 100), order(&pit, "alice", 1).remaining()), (20, Lots(150)));
    sound(&pit);
    pit.cancel("alice", no(1));
    assert_eq!(shown(&pit, 100), 0);
    assert_eq!(order(&pit, "alice", 1).status, Status::Cancelled);
    assert_eq!(balance(&pit, "alice", LPJ), (950, 0));
    sound(&pit);
}

#[test]
fn what_cannot_be_shown_in_part_is_refused() {
    let mut pit = street();
    let cases = [
        ("nothing", showing(0, buy(10, 100)), "MALFORMED"),
        ("at-once", showing(5, ioc(buy(10, 100))), "MALFORMED"),
        ("market", showing(5, OrderRequest { price: None, ..buy(10, 1) }), "MALFORMED"),
        ("too-many-parts", showing(1, buy(101, 100)), "MALFORMED"),
        ("too-large", showing(1_000_001, buy(10, 100)), "QUANTITY_TOO_LARGE"),
    ];
    for (id, asked, reason) in cases {
        let request = place(&mut pit, "alice", id, asked);
        assert_eq!(refusal(&pit, request), Some(reason), "{id}");
    }
    place(&mut pit, "alice", "i", showing(1, buy(100, 100)));
    let request = pit.amend("alice", no(1), Some(101), None);
    assert_eq!(refusal(&pit, request), Some("MALFORMED"));
    sound(&pit);
}
