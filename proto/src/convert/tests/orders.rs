//! Orders: what a client may write, and what comes back.

use super::{Spoil, listed, written};
use crate::convert::{BadField, order};
use crate::status::Refusal;
use crate::v1;
use hoga_engine::amount::Rate;
use hoga_engine::order::{OrderRequest, SelfMatch, Side, Size, TimeInForce};
use hoga_engine::terms::{Distance, StopAsked, TermsAsked};
use hoga_engine::time::Time;
use proptest::prelude::*;

fn limit_buy() -> v1::Order {
    v1::Order {
        side: v1::Side::Buy.into(),
        r#type: v1::OrderType::Limit.into(),
        quantity: Some(written("10")),
        price: Some(written("777")),
        ..v1::Order::default()
    }
}

#[test]
fn a_limit_order_is_read_in_minor_units() {
    let read = order::request(&limit_buy(), &listed()).expect("well formed");
    assert_eq!((read.size, read.price), (Size::Quantity(1_000), Some(77_700_000_000)));
    assert_eq!((read.time_in_force, read.self_match), (TimeInForce::Gtc, None));
}

#[test]
fn a_field_that_contradicts_another_is_named() {
    let cases: [(Spoil<v1::Order>, &str); 9] = [
        (|order| order.side = 0, "order.side"),
        (|order| order.side = 9, "order.side"),
        (|order| order.r#type = 0, "order.type"),
        (|order| order.price = None, "order.price"),
        (|order| order.quantity = None, "order.quantity"),
        (|order| order.quote_amount = Some(written("5")), "order.quote_amount"),
        (|order| order.trigger_price = Some(written("5")), "order.trigger_price"),
        (|order| order.r#type = v1::OrderType::Market.into(), "order.price"),
        (|order| order.quantity = Some(written("0.001")), "order.quantity"),
    ];
    for (spoil, field) in cases {
        let mut order = limit_buy();
        spoil(&mut order);
        match order::request(&order, &listed()) {
            Err(BadField::Malformed { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn a_market_order_never_rests() {
    let mut order = limit_buy();
    (order.r#type, order.price) = (v1::OrderType::Market.into(), None);
    let read = order::request(&order, &listed()).expect("well formed");
    assert_eq!(read.time_in_force, TimeInForce::Ioc);
    order.time_in_force = v1::TimeInForce::Gtc.into();
    assert!(order::request(&order, &listed()).is_err());
}

#[test]
fn a_stop_says_what_it_waits_for() {
    let mut order = limit_buy();
    order.r#type = v1::OrderType::StopLimit.into();
    assert!(order::request(&order, &listed()).is_err(), "without a trigger");
    order.trigger_price = Some(written("770"));
    let read = order::request(&order, &listed()).expect("well formed");
    assert_eq!(read.stop(), Some(&StopAsked::At(77_000_000_000)));
    order.trailing_step = Some(written("1"));
    assert!(order::request(&order, &listed()).is_err(), "it does not trail");
    order = v1::Order { price: None, trigger_price: None, ..order };
    order.r#type = v1::OrderType::TrailingStop.into();
    assert!(order::request(&order, &listed()).is_err(), "without an offset");
    order.trailing_offset_percent = Some(written("2.5"));
    let read = order::request(&order, &listed()).expect("well formed");
    let (offset, step) = (Distance::Share(Rate(25_000_000)), Distance::Price(100_000_000));
    assert_eq!(read.stop(), Some(&StopAsked::Trailing { offset, step }));
    assert_eq!((read.price, read.time_in_force), (None, TimeInForce::Ioc));
    order.trailing_offset = Some(written("1"));
    assert!(order::request(&order, &listed()).is_err(), "two offsets");
}

fn any_stop() -> impl Strategy<Value = StopAsked> {
    let distance = || {
        prop_oneof![
            (0i128..1 << 80).prop_map(Distance::Price),
            (0i64..1_000_000_000).prop_map(|rate| Distance::Share(Rate(rate))),
        ]
    };
    prop_oneof![
        (1i128..1 << 80).prop_map(StopAsked::At),
        // Nothing is what an offset is when it is left out, and that is refused.
        (distance(), distance())
            .prop_filter("an offset", |(offset, _)| *offset != Distance::Price(0))
            .prop_map(|(offset, step)| StopAsked::Trailing { offset, step }),
    ]
}

fn any_request() -> impl Strategy<Value = OrderRequest> {
    let sizes = prop_oneof![
        (1i128..1 << 80).prop_map(Size::Quantity),
        (1i128..1 << 80).prop_map(Size::QuoteAmount),
    ];
    let lives = prop_oneof![
        Just(TimeInForce::Gtc),
        Just(TimeInForce::Ioc),
        Just(TimeInForce::Fok),
        Just(TimeInForce::Day),
        Just(TimeInForce::Gtd),
        Just(TimeInForce::AtOpen),
        Just(TimeInForce::AtClose),
    ];
    let modes = proptest::option::of(prop_oneof![
        Just(SelfMatch::None),
        Just(SelfMatch::CancelTaker),
        Just(SelfMatch::CancelMaker),
        Just(SelfMatch::CancelBoth),
        Just(SelfMatch::Decrement),
    ]);
    let prices = proptest::option::of(1i128..1 << 80);
    let terms = (proptest::option::of(any_stop()), proptest::option::of(1i128..1 << 80));
    let terms = (terms, any::<u64>());
    (any::<bool>(), sizes, prices, lives, any::<bool>(), modes, terms).prop_map(
        |(is_buy, size, price, force, post_only, self_match, ((stop, display), time))| {
            let time_in_force = force_as_written(price, stop, force);
            let expires = (time_in_force == TimeInForce::Gtd).then_some(Time(time));
            let is_rare = stop.is_some() || display.is_some() || expires.is_some();
            OrderRequest {
                instrument: listed().id,
                side: if is_buy { Side::Buy } else { Side::Sell },
                size,
                // What trails goes at market.
                price: price.filter(|_| !stop.is_some_and(|stop: StopAsked| stop.is_trailing())),
                time_in_force,
                post_only,
                self_match,
                terms: is_rare
                    .then(|| Box::new(TermsAsked { stop, display, other: None, expires })),
            }
        },
    )
}

/// A market order that rests cannot be written; a stop that waits for a day can.
fn force_as_written(
    price: Option<i128>,
    stop: Option<StopAsked>,
    force: TimeInForce,
) -> TimeInForce {
    let is_market = price.is_none() || stop.is_some_and(|stop| stop.is_trailing());
    match force {
        TimeInForce::Gtc if is_market => TimeInForce::Ioc,
        TimeInForce::Day | TimeInForce::Gtd if is_market && stop.is_none() => TimeInForce::Ioc,
        other => other,
    }
}

proptest! {
    #[test]
    fn a_request_comes_back(request in any_request()) {
        let wire = order::asked(&request, &listed());
        prop_assert_eq!(order::request(&wire, &listed()), Ok(request));
    }
}

#[test]
fn a_second_leg_takes_over_what_it_does_not_say() {
    let of = limit_buy();
    let first = order::request(&of, &listed()).expect("well formed");
    let stop = v1::Order {
        client_order_id: "second".into(),
        r#type: v1::OrderType::Stop.into(),
        trigger_price: Some(written("800")),
        ..v1::Order::default()
    };
    let paired = |stop: &v1::Order| order::paired(first.clone(), stop, &of, &listed());
    let other = paired(&stop).expect("well formed").terms.and_then(|terms| terms.other);
    let other = other.expect("it has another leg");
    assert_eq!((other.id.as_str(), other.price), ("second", None));
    assert_eq!(other.stop, StopAsked::At(80_000_000_000));
    let cases: [(&str, Spoil<v1::Order>); 5] = [
        ("oco_order.client_order_id", |stop| stop.client_order_id = String::new()),
        ("oco_order", |stop| stop.side = v1::Side::Sell.into()),
        ("oco_order", |stop| stop.quantity = Some(written("11"))),
        ("oco_order.trigger_price", |stop| stop.trigger_price = Some(written("8e2"))),
        ("oco_order.type", |stop| {
            stop.r#type = v1::OrderType::Market.into();
            stop.trigger_price = None;
        }),
    ];
    for (field, spoil) in cases {
        let mut bad = stop.clone();
        spoil(&mut bad);
        let refusal = Refusal::from(paired(&bad).expect_err("not well formed"));
        assert_eq!(refusal.field.as_deref(), Some(field), "{refusal}");
    }
}
