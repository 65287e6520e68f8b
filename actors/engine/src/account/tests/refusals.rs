//! Refusals come in a fixed order: mending what was refused reveals what comes next.

use super::*;
use crate::amount::{Lots, Ticks};
use crate::client_id::ClientId;
use crate::effect::Effect;
use crate::ids::{AssetId, InstrumentId, Origin};
use crate::instrument::{Instrument, Phase};
use crate::message::BookMessage;
use crate::order::Size;
use crate::pit::tests::market::{LPJ_KRW, instruments};
use crate::reject::Reject;
use crate::request::Envelope;
use crate::tick_table::{Band, TickTable};

/// Ticks and lots of 10, orders of 20 to 1,000 worth at least 30,000, between 900 and 1,100.
fn strict() -> Instrument {
    let [lpj, _] = instruments();
    Instrument {
        ticks: TickTable::new(vec![Band { from: Ticks(0), step: 10 }]).expect("a sound table"),
        lot: 10,
        quantity_min: Lots(2),
        quantity_max: Lots(100),
        notional_min: 30_000,
        band: Some((Ticks(900), Ticks(1100))),
        open_orders_max: 1,
        ..lpj
    }
}

#[test]
fn mending_one_refusal_reveals_the_next() {
    let mut pit = prompt();
    pit.list(&strict());
    for (name, money) in [("alice", 60_150), ("bob", 40_000)] {
        pit.open(name);
        pit.deposit(name, KRW, money);
        pit.deposit(name, LPJ, 1000);
    }
    place(&mut pit, "alice", "used", buy(60, 1000));
    place(&mut pit, "bob", "ask", sell(40, 1050));
    pit.change(&Instrument { phase: Phase::Halted, ..strict() });
    let nowhere = OrderRequest { instrument: InstrumentId(99), ..buy(0, 1505) };
    let mut asked = 0;
    let mut expect = |pit: &mut Pit, id: &str, order: OrderRequest, reason: &str| {
        asked += 1;
        let id = if id.is_empty() { format!("new-{asked}") } else { id.to_owned() };
        let request = place(pit, "alice", &id, post_only(order));
        assert_eq!(refusal(pit, request), Some(reason));
    };
    expect(&mut pit, "used", nowhere.clone(), "MALFORMED");
    let nowhere = OrderRequest { size: Size::Quantity(15), ..nowhere };
    expect(&mut pit, "used", nowhere, "UNKNOWN_INSTRUMENT");
    expect(&mut pit, "used", buy(15, 1505), "CLIENT_ORDER_ID_REUSED");
    expect(&mut pit, "", buy(15, 1505), "INSTRUMENT_HALTED");
    pit.change(&Instrument { phase: Phase::Closed, ..strict() });
    expect(&mut pit, "", buy(15, 1505), "MARKET_CLOSED");
    pit.change(&strict());
    expect(&mut pit, "", buy(15, 1505), "PRICE_NOT_ON_TICK");
    expect(&mut pit, "", buy(15, 1500), "QUANTITY_NOT_ON_LOT");
    expect(&mut pit, "", buy(15, 1 << 80), "QUANTITY_NOT_ON_LOT");
    expect(&mut pit, "", buy(10, 1500), "QUANTITY_TOO_SMALL");
    expect(&mut pit, "", buy(1010, 1500), "QUANTITY_TOO_LARGE");
    expect(&mut pit, "", buy(10 << 80, 1500), "QUANTITY_TOO_LARGE");
    expect(&mut pit, "", buy(20, 1490), "NOTIONAL_TOO_SMALL");
    expect(&mut pit, "", buy(40, 1500), "PRICE_OUT_OF_BAND");
    expect(&mut pit, "", buy(40, 1 << 80), "PRICE_OUT_OF_BAND");
    expect(&mut pit, "", buy(40, 1100), "TOO_MANY_OPEN_ORDERS");
    pit.change(&Instrument { open_orders_max: 2, ..strict() });
    expect(&mut pit, "", buy(40, 1100), "INSUFFICIENT_FUNDS");
    pit.deposit("alice", KRW, 100_000);
    expect(&mut pit, "", buy(40, 1100), "POST_ONLY_WOULD_TRADE");
    let request = place(&mut pit, "alice", "last", post_only(buy(40, 1040)));
    assert_eq!(refusal(&pit, request), None);
    sound(&pit);
}

#[test]
fn a_market_order_needs_a_price_to_start_from() {
    let mut pit = street();
    let market = OrderRequest { price: None, ..buy(10, 1) };
    let request = place(&mut pit, "alice", "a", market.clone());
    assert_eq!(refusal(&pit, request), Some("NO_REFERENCE_PRICE"));
    place(&mut pit, "bob", "b", sell(5, 100));
    place(&mut pit, "alice", "a2", market.clone());
    // Nothing is offered any more, but there is a last price: it waits for nobody.
    let request = place(&mut pit, "alice", "a3", market);
    assert_eq!(refusal(&pit, request), None);
    assert_eq!(order(&pit, "alice", 2).cancelled.0, 10);
}

#[test]
fn fields_that_contradict_one_another_are_malformed() {
    let by_amount = Size::QuoteAmount(1000);
    let cases = [
        ("no price", OrderRequest { size: by_amount, ..buy(1, 100) }),
        ("a sell by amount", OrderRequest { size: by_amount, price: None, ..sell(1, 1) }),
        (
            "an amount of nothing",
            OrderRequest { size: Size::QuoteAmount(0), price: None, ..buy(1, 1) },
        ),
        (
            "an enormous amount",
            OrderRequest { size: Size::QuoteAmount(i128::MAX), price: None, ..buy(1, 1) },
        ),
        ("the whole of an amount", fok(OrderRequest { size: by_amount, price: None, ..buy(1, 1) })),
        ("a negative quantity", buy(-1, 100)),
        ("a negative price", buy(1, -100)),
        ("a price of nothing", buy(1, 0)),
        ("a passive ioc", post_only(ioc(buy(1, 100)))),
        ("a passive market order", post_only(OrderRequest { price: None, ..buy(1, 1) })),
    ];
    for (nth, (name, asked)) in cases.into_iter().enumerate() {
        let mut pit = street();
        let request = place(&mut pit, "alice", &format!("a{nth}"), asked);
        assert_eq!(refusal(&pit, request), Some("MALFORMED"), "{name}");
        assert_eq!(balance(&pit, "alice", KRW), (RICH, 0), "{name}");
    }
}

#[test]
fn enormous_numbers_are_refused_and_overflow_nothing() {
    let mut pit = street();
    let [lpj, _] = instruments();
    let unbounded = Instrument { quantity_max: Lots::MAX, tick: 1 << 40, ..lpj };
    pit.change(&unbounded);
    let price = ((1 << 26) - 2) << 40;
    let request = place(&mut pit, "alice", "a", buy(1 << 44, price));
    assert_eq!(refusal(&pit, request), Some("NOTIONAL_TOO_LARGE"));
    let request = place(&mut pit, "alice", "a2", sell(i128::MAX, i128::MAX));
    assert_eq!(refusal(&pit, request), Some("QUANTITY_TOO_LARGE"));
    let request = pit.deposit("alice", KRW, i128::MAX);
    assert_eq!(refusal(&pit, request), Some("MALFORMED"));
    let request = pit.deposit("alice", LPJ, 1 << 90);
    assert_eq!(refusal(&pit, request), None);
    sound(&pit);
}

#[test]
fn a_sell_needs_the_goods() {
    let mut pit = street();
    let request = place(&mut pit, "alice", "a", sell(1001, 100));
    let Answer::Rejected { order, reject } = answer(&pit, request) else {
        panic!("sold what was not there");
    };
    assert_eq!(order, None);
    assert_eq!(reject.to_string(), "this sells 1001 LPJ; 1000 LPJ is available");
    assert_eq!(account(&pit, "alice").orders(), OrderNo(0));
}

#[test]
fn refusals_of_money_say_what_is_missing() {
    let mut pit = street();
    let nothing = AssetId(77);
    let cases = [
        (pit.withdraw("alice", KRW, RICH + 1), "INSUFFICIENT_FUNDS"),
        (pit.withdraw("alice", KRW, 0), "MALFORMED"),
        (pit.withdraw("alice", nothing, 1), "UNKNOWN_ASSET"),
        (pit.deposit("alice", KRW, -1), "MALFORMED"),
        (pit.transfer("alice", "alice", KRW, 1), "MALFORMED"),
        (pit.transfer("alice", "bob", KRW, RICH + 1), "INSUFFICIENT_FUNDS"),
        (pit.cancel("alice", no(1)), "ORDER_NOT_FOUND"),
        (pit.amend("alice", no(1), Some(1), None), "ORDER_NOT_FOUND"),
        (pit.reset("alice", &[(nothing, 1)]), "UNKNOWN_ASSET"),
    ];
    for (request, reason) in cases {
        assert_eq!(refusal(&pit, request), Some(reason));
    }
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
}

#[test]
fn what_would_be_refused_is_told_without_placing_anything() {
    let mut pit = street();
    place(&mut pit, "alice", "used", sell(1, 900));
    let desk = pit.desks().find(|desk| desk.find("alice").is_some()).expect("her partition");
    let topology = topology();
    let (catalogue, at) = (desk.catalogue(), pit.now());
    let context = crate::account::Context { catalogue, topology: &topology, at };
    let alice = account(&pit, "alice");
    let origin = Origin { node: 1, incarnation: 1, request: 1 };
    let named = |name: &str| {
        let id = ClientId::parse(name).expect("it keeps the rule");
        Envelope { origin, id, body_hash: 7, sent_at: None }
    };
    let fresh = named("fresh");
    let asked = alice.validate(&fresh, &buy(10, 777), None, &context).expect("nothing is wrong");
    assert!(matches!(asked, Some(BookMessage::Submit(submit)) if submit.quantity.0 == 10));
    let reject = alice.validate(&fresh, &buy(10_000, 777), None, &context);
    assert!(matches!(reject, Err(Reject::InsufficientFunds { .. })));
    let reject = alice.validate(&named("used"), &buy(10, 777), None, &context);
    assert!(matches!(reject, Err(Reject::ClientOrderIdReused { .. })));
    let by_amount = OrderRequest { size: Size::QuoteAmount(RICH + 1), price: None, ..buy(1, 1) };
    let reject = alice.validate(&fresh, &by_amount, Some(Ticks(100)), &context);
    assert!(matches!(reject, Err(Reject::InsufficientFunds { .. })));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
}

#[test]
fn a_book_that_learned_of_a_halt_first_refuses_and_the_hold_is_released() {
    let mut pit = slow_street();
    let [lpj, _] = instruments();
    pit.change(&Instrument { phase: Phase::Halted, ..lpj });
    let request = place(&mut pit, "alice", "a", buy(10, 100));
    assert_eq!(balance(&pit, "alice", KRW).1, 1003);
    pit.settle_down();
    assert_eq!(refusal(&pit, request), Some("INSTRUMENT_HALTED"));
    assert_eq!(balance(&pit, "alice", KRW), (RICH, 0));
    assert_eq!(order(&pit, "alice", 1).cancelled.0, 10);
    sound(&pit);
}

#[test]
fn a_suspended_book_releases_what_it_is_asked() {
    let mut pit = slow_street();
    place(&mut pit, "alice", "a", buy(10, 100));
    let sent: Vec<_> = pit.under_way().cloned().collect();
    let [crate::message::Message::ToBook(id, message)] = &sent[..] else {
        panic!("one submit is under way");
    };
    assert_eq!(*id, LPJ_KRW);
    let declined = crate::book::decline(*id, message);
    let Effect::Send(_, crate::message::Message::ToAccount(_, message)) = &declined[0] else {
        panic!("the account hears first");
    };
    let mut alice = account(&pit, "alice").clone();
    let topology = topology();
    let desk = pit.desks().find(|desk| desk.find("alice").is_some()).expect("her partition");
    let (catalogue, at) = (desk.catalogue(), pit.now());
    let context = crate::account::Context { catalogue, topology: &topology, at };
    alice.hear(message, &context, &mut Vec::new());
    assert_eq!(alice.balance(KRW), Balance { available: RICH, held: 0 });
}

#[test]
fn an_order_at_market_is_measured_where_the_market_is() {
    let mut pit = street();
    let narrow = |notional_min, notional_max| {
        let [lpj, _] = instruments();
        Instrument { notional_min, notional_max, band: Some((Ticks(50), Ticks(200))), ..lpj }
    };
    let at_market = |order| OrderRequest { price: None, ..ioc(order) };
    place(&mut pit, "bob", "bid", buy(100, 100));
    pit.change(&narrow(3_000, 5_000));
    let request = place(&mut pit, "alice", "s30", at_market(sell(30, 1)));
    assert_eq!(refusal(&pit, request), None, "it comes to 3,000, though at worst to less");
    let request = place(&mut pit, "alice", "s29", at_market(sell(29, 1)));
    assert_eq!(refusal(&pit, request), Some("NOTIONAL_TOO_SMALL"));
    let spend = |amount| OrderRequest { size: Size::QuoteAmount(amount), ..at_market(buy(1, 1)) };
    let request = place(&mut pit, "alice", "spend", spend(6_000));
    assert_eq!(refusal(&pit, request), Some("NOTIONAL_TOO_LARGE"));
    let request = place(&mut pit, "alice", "less", spend(5_000));
    assert_eq!(refusal(&pit, request), None);
}

#[test]
fn open_orders_are_counted_by_instrument() {
    let mut pit = street();
    let [lpj, btc] = instruments();
    pit.change(&Instrument { open_orders_max: 2, ..lpj.clone() });
    pit.change(&Instrument { open_orders_max: 2, ..btc.clone() });
    for id in ["a", "b"] {
        let request = place(&mut pit, "alice", id, buy(1, 100));
        assert_eq!(refusal(&pit, request), None);
    }
    let request = place(&mut pit, "alice", "c", buy(1, 100));
    assert_eq!(refusal(&pit, request), Some("TOO_MANY_OPEN_ORDERS"));
    let elsewhere = OrderRequest { instrument: btc.id, ..buy(btc.lot, btc.tick) };
    let request = place(&mut pit, "alice", "d", elsewhere);
    assert_ne!(refusal(&pit, request), Some("TOO_MANY_OPEN_ORDERS"));
}
