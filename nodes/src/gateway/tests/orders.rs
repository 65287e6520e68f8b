//! Orders: placed, answered, read, amended, cancelled, sent again.

use super::{Rig, buy, number, sell, text};
use hoga_proto::v1::{self, OrderState};

#[tokio::test]
async fn an_order_rests_trades_and_settles() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;

    let placed = alice.orders().create_order(buy("10", "777")).await.unwrap().into_inner();
    let order = placed.order.unwrap();
    assert_eq!(order.name, "accounts/alice/orders/1");
    assert_eq!(order.state(), OrderState::Open);
    assert_eq!(text(&order.remaining_quantity), "10");
    assert!(!order.client_order_id.is_empty(), "an order without an id was given one");
    assert!(placed.book_position.is_some() && !placed.repeated_answer);

    let mut sold = sell("4", "770");
    sold.ack = v1::Ack::Full.into();
    let sold = bob.orders().create_order(sold).await.unwrap().into_inner();
    let order = sold.order.unwrap();
    assert_eq!((order.state(), text(&order.filled_quantity)), (OrderState::Filled, "4"));
    assert_eq!((sold.fills.len(), text(&sold.fills[0].price)), (1, "777"));
    assert_eq!(sold.fills[0].client_order_id, order.client_order_id);
    assert!(!sold.fills[0].is_maker && sold.settled_position.is_some());
    assert_eq!(text(&order.notional), "3108");

    let get = v1::GetOrderRequest { name: "accounts/me/orders/1".into(), ..Default::default() };
    let read = alice.orders().get_order(get).await.unwrap().into_inner().order.unwrap();
    assert!(matches!(read.state(), OrderState::Open | OrderState::PartiallyFilled));
}

#[tokio::test]
async fn a_read_that_passes_settles_sees_the_fills() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(sell("5", "700")).await.unwrap();
    let bought = alice.orders().create_order(buy("5", "700")).await.unwrap().into_inner();
    let after = bought.settles;
    assert!(after.is_some());

    let get = v1::GetPortfolioRequest { name: "accounts/me".into(), after, ..Default::default() };
    let mine = alice.accounts().get_portfolio(get).await.unwrap().into_inner();
    let holding = &mine.holdings[0];
    assert_eq!((text(&holding.quantity), text(&holding.average_price)), ("5", "700"));
    assert_eq!((text(&holding.mark), text(&holding.unrealised)), ("700", "0"));
    assert_eq!(mine.asset, "KRW");

    let name = bought.order.unwrap().name;
    let get = v1::GetOrderRequest { name, after, ..Default::default() };
    let read = alice.orders().get_order(get).await.unwrap().into_inner().order.unwrap();
    assert_eq!((read.state(), text(&read.notional)), (OrderState::Filled, "3500"));
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_a_reused_id_none() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut first = buy("10", "777");
    first.order.as_mut().unwrap().client_order_id = "mine".into();
    let placed = alice.orders().create_order(first.clone()).await.unwrap().into_inner();

    // The same again, written otherwise: the id counts, and what is asked.
    let mut again = first.clone();
    again.request_id = "mine".into();
    again.ack = v1::Ack::Full.into();
    again.order.as_mut().unwrap().quantity = Some(number("10.000"));
    let repeated = alice.orders().create_order(again).await.unwrap().into_inner();
    assert!(repeated.repeated_answer);
    assert_eq!(repeated.order.unwrap().name, placed.order.unwrap().name);

    let mut other = first;
    other.order.as_mut().unwrap().quantity = Some(number("11"));
    let refused =
        super::refused(alice.orders().create_order(other).await, "CLIENT_ORDER_ID_REUSED");
    assert_eq!(refused.code, tonic::Code::AlreadyExists);
}

#[tokio::test]
async fn an_order_is_cancelled_and_amended_by_number_or_id() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut mine = buy("10", "777");
    mine.order.as_mut().unwrap().client_order_id = "mine".into();
    alice.orders().create_order(mine).await.unwrap();

    let amend = v1::AmendOrderRequest {
        name: "accounts/alice/orders/-".into(),
        client_order_id: "mine".into(),
        quantity: Some(number("6")),
        ..Default::default()
    };
    let amended = alice.orders().amend_order(amend).await.unwrap().into_inner().order.unwrap();
    assert_eq!((text(&amended.quantity), text(&amended.remaining_quantity)), ("6", "6"));
    assert_eq!(text(&amended.price), "777");

    let cancel = v1::CancelOrderRequest {
        name: "accounts/me/orders/1".into(),
        request_id: "off".into(),
        ..Default::default()
    };
    let gone = alice.orders().cancel_order(cancel.clone()).await.unwrap().into_inner();
    let order = gone.order.unwrap();
    assert_eq!((order.state(), text(&order.cancelled_quantity)), (OrderState::Cancelled, "6"));
    assert_eq!((&*order.reason, text(&order.remaining_quantity)), ("REQUESTED", "0"));

    let again = alice.orders().cancel_order(cancel).await.unwrap().into_inner();
    assert!(again.repeated_answer, "a retry of a cancel gets the first answer");
    let other = v1::CancelOrderRequest { name: order.name, ..Default::default() };
    let refusal = super::refused(alice.orders().cancel_order(other).await, "ORDER_NOT_OPEN");
    assert_eq!(refusal.code, tonic::Code::FailedPrecondition);
}

#[tokio::test]
async fn everything_open_is_cancelled_at_once() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    for price in ["700", "701", "702"] {
        alice.orders().create_order(buy("1", price)).await.unwrap();
    }
    let all = v1::CancelAllOrdersRequest {
        parent: "accounts/me".into(),
        request_id: "all".into(),
        ..Default::default()
    };
    for is_again in [false, true] {
        let gone = alice.orders().cancel_all_orders(all.clone()).await.unwrap().into_inner();
        assert_eq!((gone.order_count, gone.repeated_answer), (3, is_again));
    }
}

#[tokio::test]
async fn an_order_shows_its_places_among_the_commands_of_its_book() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let mut first = buy("10", "777");
    first.order.as_mut().unwrap().client_order_id = "mine".into();
    for _ in 0..2 {
        let placed = alice.orders().create_order(first.clone()).await.unwrap().into_inner();
        let order = placed.order.unwrap();
        assert_eq!((order.arrival, order.last_arrival), (1, 1), "also when it is asked again");
    }
    // A refusal has its number, too, and nothing else shows it.
    let mut passive = sell("1", "777");
    passive.order.as_mut().unwrap().post_only = true;
    super::refused(bob.orders().create_order(passive).await, "POST_ONLY_WOULD_TRADE");
    let sold = bob.orders().create_order(sell("4", "777")).await.unwrap().into_inner();
    assert_eq!(sold.order.unwrap().arrival, 3);
    let amend = v1::AmendOrderRequest {
        name: "accounts/alice/orders/1".into(),
        quantity: Some(number("6")),
        request_id: "less".into(),
        ..Default::default()
    };
    for _ in 0..2 {
        let amended = alice.orders().amend_order(amend.clone()).await.unwrap().into_inner();
        assert_eq!(amended.order.unwrap().last_arrival, 4);
    }
    let all = v1::CancelAllOrdersRequest { parent: "accounts/me".into(), ..Default::default() };
    alice.orders().cancel_all_orders(all).await.unwrap();
    let get = v1::GetOrderRequest { name: "accounts/me/orders/1".into(), ..Default::default() };
    let read = alice.orders().get_order(get).await.unwrap().into_inner().order.unwrap();
    assert_eq!((read.arrival, read.last_arrival), (1, 5));
}

#[tokio::test]
async fn a_market_order_takes_what_there_is() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(sell("2", "1000")).await.unwrap();
    let mut market = buy("5", "1");
    let order = market.order.as_mut().unwrap();
    (order.r#type, order.price) = (v1::OrderType::Market.into(), None);
    let bought = alice.orders().create_order(market.clone()).await.unwrap().into_inner();
    let order = bought.order.unwrap();
    assert_eq!((order.state(), &*order.reason), (OrderState::Cancelled, "NO_LIQUIDITY"));
    assert_eq!((text(&order.filled_quantity), text(&order.cancelled_quantity)), ("2", "3"));
    assert!(order.worst_price.is_some());

    bob.orders().create_order(sell("10", "1000")).await.unwrap();
    let order = market.order.as_mut().unwrap();
    (order.quantity, order.quote_amount) = (None, Some(number("5010")));
    let bought = alice.orders().create_order(market).await.unwrap().into_inner();
    assert_eq!(text(&bought.order.unwrap().filled_quantity), "5");
}

#[tokio::test]
async fn validate_only_checks_everything_and_places_nothing() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut check = buy("10", "777");
    check.validate_only = true;
    // What only the exchange says is ignored.
    check.order.as_mut().unwrap().name = "accounts/alice/orders/9".into();
    let fine = alice.orders().create_order(check.clone()).await.unwrap().into_inner();
    assert!(fine.order.unwrap().name.is_empty());
    check.order.as_mut().unwrap().quantity = Some(number("10000"));
    super::refused(alice.orders().create_order(check).await, "INSUFFICIENT_FUNDS");
    let placed = alice.orders().create_order(buy("1", "777")).await.unwrap().into_inner();
    assert_eq!(placed.order.unwrap().name, "accounts/alice/orders/1", "nothing was placed before");
}

#[tokio::test]
async fn validate_only_asks_the_book_and_the_memory_of_ids_too() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(sell("5", "790")).await.unwrap();
    let checked = async |order: v1::Order| {
        let parent = "accounts/me".into();
        let check = v1::CreateOrderRequest {
            parent,
            order: Some(order),
            validate_only: true,
            ..Default::default()
        };
        alice.orders().create_order(check).await
    };
    let order = |quantity, price| buy(quantity, price).order.unwrap();
    let crossing = v1::Order { post_only: true, ..order("1", "790") };
    super::refused(checked(crossing).await, "POST_ONLY_WOULD_TRADE");

    let mut mine = buy("5", "790");
    mine.order.as_mut().unwrap().client_order_id = "mine".into();
    alice.orders().create_order(mine.clone()).await.unwrap();
    let stop = v1::Order {
        r#type: v1::OrderType::Stop.into(),
        price: None,
        trigger_price: Some(number("600")),
        ..order("1", "790")
    };
    super::refused(checked(stop).await, "STOP_WOULD_TRIGGER");
    let other = v1::Order { quantity: Some(number("6")), ..mine.order.clone().unwrap() };
    super::refused(checked(other).await, "CLIENT_ORDER_ID_REUSED");
    let same = checked(mine.order.unwrap()).await.unwrap().into_inner().order.unwrap();
    assert!(same.name.is_empty(), "a retry would be answered, and this is none");
}

#[tokio::test]
async fn everybody_reads_what_he_was_answered() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut orders = alice.orders();
    for round in 0..50 {
        let placed = orders.create_order(buy("10", "777")).await.unwrap().into_inner();
        let name = placed.order.unwrap().name;
        let get = || v1::GetOrderRequest { name: name.clone(), ..Default::default() };
        let read = orders.get_order(get()).await.unwrap().into_inner().order.unwrap();
        assert_eq!(read.state(), OrderState::Open, "round {round}");
        let amend = v1::AmendOrderRequest {
            name: name.clone(),
            quantity: Some(number("4")),
            price: Some(number("776")),
            ..Default::default()
        };
        orders.amend_order(amend).await.unwrap();
        let read = orders.get_order(get()).await.unwrap().into_inner().order.unwrap();
        assert_eq!((text(&read.quantity), text(&read.price)), ("4", "776"), "round {round}");
        let cancel = v1::CancelOrderRequest { name: name.clone(), ..Default::default() };
        orders.cancel_order(cancel).await.unwrap();
        let read = orders.get_order(get()).await.unwrap().into_inner().order.unwrap();
        assert_eq!(read.state(), OrderState::Cancelled, "round {round}");
    }
}

#[tokio::test]
async fn a_full_answer_that_is_repeated_has_its_fills_again() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    for price in ["770", "771"] {
        bob.orders().create_order(sell("2", price)).await.unwrap();
    }
    let mut full = buy("5", "777");
    full.ack = v1::Ack::Full.into();
    full.order.as_mut().unwrap().client_order_id = "mine".into();
    let first = alice.orders().create_order(full.clone()).await.unwrap().into_inner();
    assert_eq!((first.fills.len(), first.repeated_answer), (2, false));
    // What it trades later is none of the answer.
    bob.orders().create_order(sell("1", "777")).await.unwrap();
    let again = alice.orders().create_order(full).await.unwrap().into_inner();
    assert!(again.repeated_answer && again.settled_position.is_some());
    assert_eq!((again.fills, again.order), (first.fills, first.order));
}

#[tokio::test]
async fn accepted_answers_before_the_book() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut quick = buy("10", "777");
    quick.ack = v1::Ack::Accepted.into();
    let taken = alice.orders().create_order(quick).await.unwrap().into_inner();
    let order = taken.order.unwrap();
    assert_eq!((order.state(), text(&order.remaining_quantity)), (OrderState::Pending, "10"));
    assert!(taken.position.is_some() && taken.book_position.is_none());
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    let mut first = buy("10", "777");
    first.order.as_mut().unwrap().client_order_id = "mine".into();
    alice.orders().create_order(first.clone()).await.unwrap();
    let mut sold = sell("10", "777");
    sold.ack = v1::Ack::Full.into();
    bob.orders().create_order(sold).await.unwrap();
    rig.operator().admin().take_snapshot(v1::TakeSnapshotRequest::default()).await.unwrap();

    let rig = rig.restart().await;
    let alice = rig.client("alice");
    let again = alice.orders().create_order(first).await.unwrap().into_inner();
    assert!(again.repeated_answer);
    let list = v1::ListOrdersRequest { parent: "accounts/me".into(), ..Default::default() };
    let orders = alice.orders().list_orders(list).await.unwrap().into_inner().orders;
    assert_eq!((orders.len(), orders[0].state()), (1, OrderState::Filled));
}
