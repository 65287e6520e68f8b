//! Stops: they wait, say what they wait for, and fire.

use super::{Rig, buy, number, refused, sell, text};
use hoga_proto::v1::{self, OrderState, OrderType};

/// The same order, waiting for a last price.
fn stop(mut request: v1::CreateOrderRequest, trigger: &str) -> v1::CreateOrderRequest {
    let order = request.order.as_mut().expect("it asks for an order");
    let is_limit = order.price.is_some();
    order.set_type(if is_limit { OrderType::StopLimit } else { OrderType::Stop });
    order.trigger_price = Some(number(trigger));
    request
}

fn at_market(mut request: v1::CreateOrderRequest) -> v1::CreateOrderRequest {
    let order = request.order.as_mut().expect("it asks for an order");
    order.price = None;
    order.set_type(OrderType::Market);
    request
}

#[tokio::test]
async fn a_stop_waits_and_fires_at_a_print() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let asked = stop(at_market(buy("4", "1")), "777");
    let placed = alice.orders().create_order(asked.clone()).await.unwrap().into_inner();
    let order = placed.order.unwrap();
    assert_eq!((order.state(), text(&order.trigger_price)), (OrderState::Untriggered, "777"));
    assert_eq!(text(&order.remaining_quantity), "4");

    bob.orders().create_order(sell("1", "777")).await.unwrap();
    bob.orders().create_order(sell("9", "780")).await.unwrap();
    alice.orders().create_order(buy("1", "777")).await.unwrap();
    let get = v1::GetOrderRequest { name: order.name, ..Default::default() };
    let fired = loop {
        let read = alice.orders().get_order(get.clone()).await.unwrap().into_inner().order.unwrap();
        if read.state() != OrderState::Untriggered && read.state() != OrderState::PartiallyFilled {
            break read;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((fired.state(), fired.r#type()), (OrderState::Filled, OrderType::Stop));
    assert_eq!((text(&fired.notional), text(&fired.trigger_price)), ("3120", "777"));

    let refusal = refused(alice.orders().create_order(asked).await, "STOP_WOULD_TRIGGER");
    assert_eq!(refusal.code, tonic::Code::FailedPrecondition);
}

#[tokio::test]
async fn a_trailing_stop_shows_where_its_trigger_stands() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(buy("1", "700")).await.unwrap();
    let mut asked = at_market(sell("4", "1"));
    let order = asked.order.as_mut().unwrap();
    order.set_type(OrderType::TrailingStop);
    order.trailing_offset_percent = Some(number("10"));
    let placed = bob.orders().create_order(asked).await.unwrap().into_inner();
    let name = placed.order.unwrap().name;
    alice.orders().create_order(buy("1", "720")).await.unwrap();
    let get = v1::GetOrderRequest { name, ..Default::default() };
    loop {
        let read = bob.orders().get_order(get.clone()).await.unwrap().into_inner().order.unwrap();
        assert_eq!(read.state(), OrderState::Untriggered);
        assert_eq!(text(&read.trailing_offset_percent), "10");
        if text(&read.trigger_price) == "648" {
            break;
        }
        assert_eq!(text(&read.trigger_price), "630");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_of_two_orders_cancels_the_other() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(sell("1", "777")).await.unwrap();
    alice.orders().create_order(buy("1", "777")).await.unwrap();
    let mut asked = sell("10", "800");
    asked.oco_order = Some(v1::Order {
        client_order_id: "down".into(),
        r#type: OrderType::Stop.into(),
        trigger_price: Some(number("700")),
        ..Default::default()
    });
    let placed = bob.orders().create_order(asked).await.unwrap().into_inner();
    assert_eq!(placed.order.unwrap().state(), OrderState::Open);
    let name = placed.oco_order.unwrap().name;
    assert_eq!(name, "accounts/bob/orders/3");
    alice.orders().create_order(buy("4", "800")).await.unwrap();
    let get = v1::GetOrderRequest { name, ..Default::default() };
    let gone = loop {
        let read = bob.orders().get_order(get.clone()).await.unwrap().into_inner().order.unwrap();
        if read.state() == OrderState::Cancelled {
            break read;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((gone.reason.as_str(), gone.client_order_id.as_str()), ("OTHER_LEG", "down"));
}

#[tokio::test]
async fn a_refused_number_is_named_by_the_field_that_has_it() {
    let rig = Rig::start().await;
    let (_, bob) = rig.two().await;
    bob.orders().create_order(buy("1", "700")).await.unwrap();
    let trailing = |offset: &str| {
        let mut asked = at_market(sell("4", "1"));
        let order = asked.order.as_mut().unwrap();
        order.set_type(OrderType::TrailingStop);
        order.trailing_offset = Some(number(offset));
        asked
    };
    let mut iceberg = sell("40", "800");
    iceberg.order.as_mut().unwrap().display_quantity = Some(number("0.5"));
    let cases = [
        (stop(sell("4", "600"), "650.5"), "PRICE_NOT_ON_TICK", "order.trigger_price"),
        (stop(sell("4", "600.5"), "650"), "PRICE_NOT_ON_TICK", "order.price"),
        (trailing("7.5"), "PRICE_NOT_ON_TICK", "order.trailing_offset"),
        (iceberg, "QUANTITY_NOT_ON_LOT", "order.display_quantity"),
        (sell("0.5", "800"), "QUANTITY_NOT_ON_LOT", "order.quantity"),
    ];
    for (asked, reason, field) in cases {
        let shown = format!("{asked:?}");
        let refusal = refused(bob.orders().create_order(asked).await, reason);
        assert_eq!(refusal.field.as_deref(), Some(field), "{shown}");
    }
}
