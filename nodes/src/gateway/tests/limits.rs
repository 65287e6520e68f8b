//! What is bounded for every caller, and what whoever goes beyond it hears.

use super::{Rig, anywhere, buy, refused};
use crate::gateway::GatewayOptions;
use crate::gateway::connections::{Bounds, incoming};
use futures::StreamExt;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Request};

#[tokio::test]
async fn a_message_of_more_than_64_kib_is_refused_in_our_words() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut order = buy("1", "700");
    order.order.as_mut().unwrap().client_order_id = "x".repeat(64 << 10);
    let refusal = refused(alice.orders().create_order(order).await, "MESSAGE_TOO_LARGE");
    assert_eq!(refusal.code, Code::InvalidArgument);
    assert!(refusal.message.contains("65536"), "{refusal}");
    alice.orders().create_order(buy("1", "700")).await.expect("the connection lives on");
}

#[tokio::test]
async fn an_account_has_so_many_orders_a_second_and_no_bound_on_cancels() {
    let rig = Rig::start().await;
    rig.two().await;
    let options = GatewayOptions { orders_per_second_max: 2, ..anywhere() };
    let (slow, channel) = rig.beside(options).await;
    let rig = Rig { channel, ..rig };
    let (alice, bob) = (rig.client("alice"), rig.client("bob"));
    let mut refusals = Vec::new();
    for number in 0..20 {
        let mut order = buy("1", "700");
        order.order.as_mut().unwrap().client_order_id = format!("a{number}");
        if let Err(status) = alice.orders().create_order(order).await {
            refusals.push(Refusal::from_status(&status));
        }
    }
    let refusal = refusals.pop().expect("twenty in a second are too many");
    assert_eq!((refusal.code, &*refusal.reason), (Code::ResourceExhausted, "TOO_MANY_ORDERS"));
    assert!(refusal.retry_after.is_some_and(|wait| wait <= Duration::from_millis(500)));
    bob.orders().create_order(buy("1", "700")).await.expect("bob has a second of his own");
    let cancel = v1::CancelOrderRequest {
        name: "accounts/me/orders/-".into(),
        client_order_id: "a0".into(),
        ..Default::default()
    };
    alice.orders().cancel_order(cancel).await.expect("cancels are not counted");
    slow.shutdown().await;
}

#[tokio::test]
async fn headers_are_bounded() {
    let rig = Rig::start().await;
    let mut asked = Request::new(v1::ListInstrumentsRequest::default());
    asked.metadata_mut().insert("x-long", "x".repeat(32 << 10).parse().unwrap());
    let refused = rig.anybody().market().list_instruments(asked).await;
    refused.expect_err("32 KiB of headers are too many");
    let again = v1::ListInstrumentsRequest::default();
    rig.anybody().market().list_instruments(again).await.expect("the gateway lives on");
}

#[tokio::test]
async fn a_deadline_that_is_over_is_said_and_the_id_finds_out() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let order = || {
        let mut order = buy("1", "700");
        order.order.as_mut().unwrap().client_order_id = "hasty".into();
        order
    };
    let mut hasty = Request::new(order());
    hasty.metadata_mut().insert("grpc-timeout", "1n".parse().unwrap());
    // Whose clock ended the call, the client's or the gateway's, is a matter of luck.
    let status = alice.orders().create_order(hasty).await.expect_err("no time at all");
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    let found = alice.orders().create_order(order()).await.unwrap().into_inner();
    let list = v1::ListOrdersRequest { parent: "accounts/me".into(), ..Default::default() };
    let orders = alice.orders().list_orders(list).await.unwrap().into_inner().orders;
    let names: Vec<_> = orders.iter().map(|order| &order.name).collect();
    assert_eq!(names, [&found.order.unwrap().name], "once, whatever became of the first try");
}

#[tokio::test]
async fn whoever_has_no_room_is_served_when_somebody_leaves() {
    let rig = Rig::start().await;
    let options = GatewayOptions { connections_max: 2, ..anywhere() };
    let (small, channel) = rig.beside(options).await;
    let idle = [(); 2].map(|()| std::net::TcpStream::connect(small.address).unwrap());
    let market = Rig { channel, ..rig }.anybody().market();
    let asked = tokio::spawn(async move {
        { market }.list_instruments(v1::ListInstrumentsRequest::default()).await
    });
    // They are connected and wait for each other: nothing else can end this.
    tokio::task::yield_now().await;
    assert!(!asked.is_finished());
    drop(idle);
    let answered = tokio::time::timeout(Duration::from_secs(5), asked).await;
    answered.expect("in the room that they left").unwrap().expect("as everybody is");
    small.shutdown().await;
}

#[tokio::test]
async fn whoever_connects_and_does_not_greet_is_closed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let bounds = Bounds { connections: 1, first_word_within: Duration::from_millis(20) };
    let mut clients = incoming(listener, None, bounds);
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut served = clients.next().await.expect("it is accepted").unwrap();
    // Less than a greeting, which nothing else waits for either.
    silent.write_all(b"PRI").await.unwrap();
    let mut word = [0; 3];
    served.read_exact(&mut word).await.expect("it is read");
    let error = served.read(&mut word).await.expect_err("it did not greet");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    drop(served);
    assert_eq!(silent.read(&mut word).await.unwrap(), 0, "it is told");
}
