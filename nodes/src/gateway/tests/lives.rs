//! Orders that go by themselves.

use super::{Rig, buy, refused, text};
use hoga_proto::v1::{self, OrderState, TimeInForce};
use std::time::{Duration, SystemTime};

/// The same order, gone so long from now.
fn lasting(
    mut request: v1::CreateOrderRequest,
    time: Option<SystemTime>,
) -> v1::CreateOrderRequest {
    let order = request.order.as_mut().expect("it asks for an order");
    order.set_time_in_force(TimeInForce::Gtd);
    order.expire_time = time.map(Into::into);
    request
}

#[tokio::test]
async fn an_order_goes_at_its_time_though_nobody_does_anything() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let soon = SystemTime::now() + Duration::from_millis(400);
    let asked = lasting(buy("10", "777"), Some(soon));
    let order = alice.orders().create_order(asked).await.unwrap().into_inner().order.unwrap();
    assert_eq!((order.state(), order.time_in_force()), (OrderState::Open, TimeInForce::Gtd));
    let get = v1::GetOrderRequest { name: order.name, ..Default::default() };
    let gone = loop {
        let read = alice.orders().get_order(get.clone()).await.unwrap().into_inner().order.unwrap();
        // Its account may hear of the book's answer after the client did.
        if !matches!(read.state(), OrderState::Pending | OrderState::Open) {
            break read;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((gone.state(), gone.reason.as_str()), (OrderState::Expired, "EXPIRED"));
    assert_eq!(text(&gone.cancelled_quantity), "10");
    assert_eq!(gone.expire_time, Some(soon.into()));
    assert!(gone.update_time.unwrap().seconds >= gone.expire_time.unwrap().seconds);
}

#[tokio::test]
async fn a_time_belongs_to_orders_that_have_one_and_lies_ahead() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let past = lasting(buy("10", "777"), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1)));
    refused(alice.orders().create_order(past).await, "MALFORMED");
    let none =
        refused(alice.orders().create_order(lasting(buy("10", "777"), None)).await, "MALFORMED");
    assert_eq!(none.field.as_deref(), Some("order.expire_time"));
    let mut foreign = lasting(buy("10", "777"), Some(SystemTime::now()));
    foreign.order.as_mut().unwrap().set_time_in_force(TimeInForce::Day);
    refused(alice.orders().create_order(foreign).await, "MALFORMED");
}

#[tokio::test]
async fn an_order_of_the_day_rests_while_the_market_is_open() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut asked = buy("10", "777");
    asked.order.as_mut().unwrap().set_time_in_force(TimeInForce::Day);
    let order = alice.orders().create_order(asked).await.unwrap().into_inner().order.unwrap();
    assert_eq!((order.state(), order.time_in_force()), (OrderState::Open, TimeInForce::Day));
}
