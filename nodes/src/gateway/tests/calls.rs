//! Phases of a day over the wire: a call, and orders outside the hours.

use super::{Client, Rig, buy, number, refused, sell, text};
use hoga_proto::v1::{self, OrderState, PlannedPhase};
use std::time::{SystemTime, UNIX_EPOCH};

const NAME: &str = "instruments/LPJ-KRW";

/// Gives the instrument this table, or none.
async fn set(rig: &Rig, schedule: Option<v1::Schedule>) -> v1::Instrument {
    let request = v1::UpdateInstrumentRequest {
        instrument: Some(v1::Instrument { name: NAME.into(), schedule, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["schedule".into()] }),
        ..Default::default()
    };
    rig.operator().admin().update_instrument(request).await.unwrap();
    let get = v1::GetInstrumentRequest { name: NAME.into(), min_index: None };
    rig.operator().market().get_instrument(get).await.unwrap().into_inner().instrument.unwrap()
}

fn table(phase: PlannedPhase, from_minute: u32, to_minute: u32) -> Option<v1::Schedule> {
    Some(v1::Schedule {
        weekends: true,
        phases: vec![v1::SchedulePhase { phase: phase.into(), from_minute, to_minute }],
        reservation: Some(prost_types::Duration { seconds: 86_400, nanos: 0 }),
        ..Default::default()
    })
}

async fn order(client: &Client, name: &str) -> v1::Order {
    let get = v1::GetOrderRequest { name: name.into(), ..Default::default() };
    client.orders().get_order(get).await.unwrap().into_inner().order.unwrap()
}

async fn until(client: &Client, name: &str, state: OrderState) -> v1::Order {
    loop {
        let order = order(client, name).await;
        if order.state() == state {
            return order;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_is_shown_while_it_goes_on_and_makes_one_price() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let listed = set(&rig, table(PlannedPhase::OpeningCall, 0, 1440)).await;
    assert_eq!(listed.phase(), v1::Phase::CallAuction);
    assert_eq!(listed.schedule.unwrap().phases.len(), 1);
    alice.orders().create_order(buy("10", "790")).await.unwrap();
    let sold = bob.orders().create_order(sell("4", "770")).await.unwrap().into_inner();
    assert_eq!(sold.order.unwrap().state(), OrderState::Open, "it collects");
    let mut immediate = buy("1", "790");
    immediate.order.as_mut().unwrap().set_time_in_force(v1::TimeInForce::Ioc);
    refused(alice.orders().create_order(immediate).await, "NOT_IN_THIS_PHASE");
    let get = v1::GetBookRequest { name: NAME.into(), ..Default::default() };
    let indication = loop {
        let book = alice.market().get_book(get.clone()).await.unwrap().into_inner().book.unwrap();
        let indication = book.indication.expect("there is a call");
        if text(&indication.quantity) == "4" {
            break indication;
        }
        tokio::task::yield_now().await;
    };
    // Anything from 770 to 790 is as good; the base is 777.
    assert_eq!(text(&indication.price), "777");
    assert_eq!((text(&indication.buy_surplus), text(&indication.sell_surplus)), ("6", "0"));

    // Whoever comes now sees it in the first snapshot.
    let topic = v1::Topic { channel: v1::Channel::Book.into(), name: NAME.into(), interval: 0 };
    let subscriptions = vec![v1::Subscribe { topic: Some(topic), ..Default::default() }];
    let watch = v1::WatchRequest { subscriptions };
    let mut frames = alice.streams().watch(watch).await.unwrap().into_inner();
    let snapshot = loop {
        let heard = frames.message().await.unwrap().unwrap();
        if let Some(v1::server_frame::Frame::Snapshot(snapshot)) = heard.frame.unwrap().frame {
            break snapshot;
        }
    };
    let Some(v1::content::Content::Book(book)) = snapshot.content.unwrap().content else {
        panic!("no book");
    };
    assert_eq!(book.indication, Some(indication));

    let open = set(&rig, None).await;
    assert_eq!(open.phase(), v1::Phase::Continuous);
    let filled = until(&bob, "accounts/bob/orders/1", OrderState::Filled).await;
    assert_eq!(text(&filled.notional), "3108");
    let left = until(&alice, "accounts/alice/orders/1", OrderState::PartiallyFilled).await;
    assert_eq!(text(&left.filled_quantity), "4");
    let list = v1::ListTradesRequest { parent: NAME.into(), ..Default::default() };
    let trades = alice.market().list_trades(list).await.unwrap().into_inner().trades;
    assert_eq!(trades[0].taker_side(), v1::Side::Unspecified);
}

#[tokio::test]
async fn an_order_outside_the_hours_is_reserved_until_they_come() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let far = ((now / 60 + 720) % 1440) as u32;
    let closed = set(&rig, table(PlannedPhase::Continuous, far, far + 1)).await;
    assert_eq!(closed.phase(), v1::Phase::Closed);
    let placed = alice.orders().create_order(buy("10", "777")).await.unwrap().into_inner();
    assert_eq!(placed.order.unwrap().state(), OrderState::Reserved);
    let amend = v1::AmendOrderRequest {
        name: "accounts/alice/orders/1".into(),
        quantity: Some(number("8")),
        ..Default::default()
    };
    let amended = alice.orders().amend_order(amend).await.unwrap().into_inner().order.unwrap();
    assert_eq!((amended.state(), text(&amended.remaining_quantity)), (OrderState::Reserved, "8"));
    let mut at_close = buy("1", "777");
    at_close.order.as_mut().unwrap().set_time_in_force(v1::TimeInForce::AtClose);
    refused(alice.orders().create_order(at_close).await, "NO_CALL_AUCTION");

    set(&rig, None).await;
    let open = until(&alice, "accounts/alice/orders/1", OrderState::Open).await;
    assert_eq!(text(&open.remaining_quantity), "8");
}

#[tokio::test]
async fn a_table_that_contradicts_itself_is_refused() {
    let rig = Rig::start().await;
    for (from, to) in [(600, 600), (0, 1441)] {
        let schedule = table(PlannedPhase::Continuous, from, to);
        let instrument = Some(v1::Instrument { name: NAME.into(), schedule, ..Default::default() });
        let request = v1::UpdateInstrumentRequest {
            instrument,
            update_mask: Some(prost_types::FieldMask { paths: vec!["schedule".into()] }),
            ..Default::default()
        };
        refused(rig.operator().admin().update_instrument(request).await, "MALFORMED");
    }
}

/// Makes the instrument's rule of interruptions this one, or lifts it.
fn interrupted(rule: Option<v1::VolatilityInterruption>) -> v1::UpdateInstrumentRequest {
    let instrument =
        v1::Instrument { name: NAME.into(), volatility_interruption: rule, ..Default::default() };
    let paths = vec!["volatility_interruption".into()];
    v1::UpdateInstrumentRequest {
        instrument: Some(instrument),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_interruption_is_shown_with_its_end_and_ends_by_itself() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let rule = v1::VolatilityInterruption {
        dynamic_rate: Some(number("0.03")),
        static_rate: None,
        call: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
    };
    let changed = rig.operator().admin().update_instrument(interrupted(Some(rule))).await.unwrap();
    let listed = changed.into_inner().instrument.unwrap();
    assert_eq!(text(&listed.volatility_interruption.unwrap().dynamic_rate), "0.03");
    bob.orders().create_order(sell("1", "777")).await.unwrap();
    alice.orders().create_order(buy("1", "777")).await.unwrap();
    bob.orders().create_order(sell("1", "801")).await.unwrap();
    let placed = alice.orders().create_order(buy("1", "801")).await.unwrap().into_inner();
    assert_eq!(placed.order.unwrap().state(), OrderState::Open, "no print");
    let get = v1::GetBookRequest { name: NAME.into(), ..Default::default() };
    let book = alice.market().get_book(get.clone()).await.unwrap().into_inner().book.unwrap();
    assert_eq!(book.phase(), v1::Phase::CallAuction);
    assert_eq!(book.call_kind(), v1::CallKind::Interruption);
    assert!(book.phase_end_time.is_some(), "{book:?}");
    let filled = until(&alice, "accounts/alice/orders/2", OrderState::Filled).await;
    assert_eq!(text(&filled.notional), "801");
    let book = alice.market().get_book(get).await.unwrap().into_inner().book.unwrap();
    assert_eq!((book.phase(), book.phase_end_time), (v1::Phase::Continuous, None));
    // Lifted again, trades may leap.
    rig.operator().admin().update_instrument(interrupted(None)).await.unwrap();
    bob.orders().create_order(sell("1", "900")).await.unwrap();
    let placed = alice.orders().create_order(buy("1", "900")).await.unwrap().into_inner();
    assert_eq!(placed.order.unwrap().state(), OrderState::Filled);
}

#[tokio::test]
async fn a_rule_of_interruptions_that_says_nothing_is_refused() {
    let rig = Rig::start().await;
    let none = v1::VolatilityInterruption {
        call: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..Default::default()
    };
    refused(rig.operator().admin().update_instrument(interrupted(Some(none))).await, "MALFORMED");
}
