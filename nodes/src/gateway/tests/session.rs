//! Sessions: many orders in flight on one stream.

use super::{Client, Rig, buy, number, sell, text};
use hoga_proto::v1::session_request::Request as Asked;
use hoga_proto::v1::session_response::Response as Answered;
use hoga_proto::v1::{self, OrderState};
use std::collections::BTreeMap;
use std::time::Duration;

async fn all(client: &Client, asked: Vec<Asked>) -> BTreeMap<u64, Answered> {
    let requests =
        (1..).zip(asked).map(|(tag, request)| v1::SessionRequest { tag, request: Some(request) });
    let requests: Vec<_> = requests.collect();
    let count = requests.len();
    let answers = client.orders().session(tokio_stream::iter(requests)).await.unwrap();
    let mut answers = answers.into_inner();
    let mut by_tag = BTreeMap::new();
    while let Some(answer) = answers.message().await.unwrap() {
        by_tag.insert(answer.tag, answer.response.unwrap());
    }
    assert_eq!(by_tag.len(), count, "every request has an answer");
    by_tag
}

fn named(mut order: v1::CreateOrderRequest, id: &str) -> Asked {
    order.order.as_mut().unwrap().client_order_id = id.into();
    Asked::CreateOrder(order)
}

#[tokio::test]
async fn orders_of_one_account_keep_their_order() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let asked = (0..500).map(|n| named(buy("1", "700"), &format!("o{n}"))).collect();
    for (tag, answer) in all(&alice, asked).await {
        let Answered::CreateOrder(placed) = answer else { panic!("{answer:?}") };
        let order = placed.order.unwrap();
        assert_eq!(order.name, format!("accounts/alice/orders/{tag}"));
        assert!(order.client_order_id.is_empty(), "what was sent is not sent back");
    }
}

#[tokio::test]
async fn an_order_is_changed_before_it_was_answered() {
    let rig = Rig::start().await;
    let (alice, bob) = rig.two().await;
    bob.orders().create_order(sell("1", "710")).await.unwrap();
    let by_id = |id: &str| ("accounts/me/orders/-".to_owned(), id.to_owned());
    let (name, client_order_id) = by_id("a");
    let amend = v1::AmendOrderRequest {
        name: name.clone(),
        client_order_id: client_order_id.clone(),
        quantity: Some(number("4")),
        price: Some(number("701")),
        ..Default::default()
    };
    let cancel = v1::CancelOrderRequest { name, client_order_id, ..Default::default() };
    let asked = vec![
        named(buy("10", "700"), "a"),
        Asked::AmendOrder(amend),
        named(buy("1", "710"), "b"),
        Asked::CancelOrder(cancel),
        Asked::CancelAllOrders(v1::CancelAllOrdersRequest {
            parent: "accounts/alice".into(),
            ..Default::default()
        }),
        named(buy("1", "0.0001"), "c"),
    ];
    let answers = all(&alice, asked).await;
    let Answered::AmendOrder(amended) = &answers[&2] else { panic!("{:?}", answers[&2]) };
    let order = amended.order.as_ref().unwrap();
    assert_eq!((order.state(), text(&order.remaining_quantity)), (OrderState::Open, "4"));
    let Answered::CreateOrder(filled) = &answers[&3] else { panic!("{:?}", answers[&3]) };
    assert_eq!(filled.order.as_ref().unwrap().state(), OrderState::Filled);
    let Answered::CancelOrder(gone) = &answers[&4] else { panic!("{:?}", answers[&4]) };
    assert_eq!(gone.order.as_ref().unwrap().state(), OrderState::Cancelled);
    assert!(matches!(answers[&5], Answered::CancelAllOrders(_)));
    let Answered::Refusal(refusal) = &answers[&6] else { panic!("{:?}", answers[&6]) };
    assert_eq!((&*refusal.reason, &*refusal.field), ("PRICE_NOT_ON_TICK", "order.price"));
}

#[tokio::test]
async fn a_reopened_session_fences_the_old_one() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let open = || {
        Asked::Open(v1::SessionOpen {
            account: "accounts/me".into(),
            session_id: "desk".into(),
            ..Default::default()
        })
    };
    let mut old = Talk::begin(&alice).await;
    let Answered::Opened(first) = old.ask(open()).await else { panic!("not opened") };
    let early = old.ask(named(buy("1", "700"), "early")).await;
    assert!(matches!(early, Answered::CreateOrder(_)), "{early:?}");
    let answers = all(&alice, vec![open(), named(buy("1", "700"), "new")]).await;
    let Answered::Opened(second) = &answers[&1] else { panic!("{:?}", answers[&1]) };
    assert!(second.epoch > first.epoch);
    assert!(matches!(answers[&2], Answered::CreateOrder(_)));

    let Answered::Refusal(refusal) = old.ask(named(buy("1", "700"), "old")).await else {
        panic!("not fenced")
    };
    assert_eq!(refusal.reason, "SESSION_FENCED");
    let again = old.ask(named(buy("1", "700"), "early")).await;
    let order_of = |answer| match answer {
        Answered::CreateOrder(placed) => placed.order,
        refused => panic!("it stands: nobody may be told that it was refused: {refused:?}"),
    };
    assert_eq!(order_of(again), order_of(early));
    let answers = all(&alice, vec![named(buy("1", "700"), "old")]).await;
    assert!(matches!(answers[&1], Answered::CreateOrder(_)), "a fence is not remembered");
}

/// A stream that stays open until it is dropped.
struct Talk {
    requests: tokio::sync::mpsc::Sender<v1::SessionRequest>,
    answers: tonic::Streaming<v1::SessionResponse>,
}

impl Talk {
    async fn begin(client: &Client) -> Talk {
        let (requests, stream) = tokio::sync::mpsc::channel(8);
        let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
        let answers = client.orders().session(stream).await.unwrap().into_inner();
        Talk { requests, answers }
    }

    async fn ask(&mut self, request: Asked) -> Answered {
        let request = v1::SessionRequest { tag: 1, request: Some(request) };
        self.requests.send(request).await.unwrap();
        self.answers.message().await.unwrap().unwrap().response.unwrap()
    }
}

fn guarded(account: &str) -> Asked {
    Asked::Open(v1::SessionOpen {
        account: account.into(),
        session_id: "desk".into(),
        cancel_on_disconnect: true,
        ..Default::default()
    })
}

#[tokio::test]
async fn a_client_that_is_lost_has_no_orders_five_seconds_later() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut talk = Talk::begin(&alice).await;
    assert!(matches!(talk.ask(guarded("accounts/me")).await, Answered::Opened(_)));
    assert!(matches!(talk.ask(named(buy("1", "700"), "a")).await, Answered::CreateOrder(_)));
    drop(talk);
    let lost = std::time::Instant::now();
    let state = async || {
        let name = "accounts/alice/orders/1".into();
        let get = v1::GetOrderRequest { name, ..Default::default() };
        alice.orders().get_order(get).await.unwrap().into_inner().order.unwrap().state()
    };
    while state().await != OrderState::Cancelled {
        assert!(lost.elapsed() < Duration::from_secs(30), "it is still {:?}", state().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(lost.elapsed() > Duration::from_secs(4), "after {:?}", lost.elapsed());
}

#[tokio::test]
async fn a_client_that_comes_back_goes_on_with_its_orders() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut talk = Talk::begin(&alice).await;
    talk.ask(guarded("accounts/me")).await;
    talk.ask(named(buy("1", "700"), "a")).await;
    drop(talk);
    let mut talk = Talk::begin(&alice).await;
    talk.ask(guarded("accounts/me")).await;
    let by_id = v1::CancelOrderRequest {
        name: "accounts/me/orders/-".into(),
        client_order_id: "a".into(),
        ..Default::default()
    };
    let cancelled = talk.ask(Asked::CancelOrder(by_id)).await;
    assert!(matches!(cancelled, Answered::CancelOrder(_)), "{cancelled:?}");
}

#[tokio::test]
async fn nothing_is_done_on_a_stream_whose_session_could_not_be_opened() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let mut talk = Talk::begin(&alice).await;
    let Answered::Refusal(refusal) = talk.ask(guarded("accounts/bob")).await else {
        panic!("bob's is open")
    };
    assert_eq!(refusal.reason, "PERMISSION_DENIED");
    let Answered::Refusal(refusal) = talk.ask(named(buy("1", "700"), "a")).await else {
        panic!("it was placed")
    };
    assert_eq!(refusal.reason, "SESSION_NOT_OPEN");
    assert!(matches!(talk.ask(guarded("accounts/me")).await, Answered::Opened(_)));
    assert!(matches!(talk.ask(named(buy("1", "700"), "a")).await, Answered::CreateOrder(_)));
}

#[tokio::test]
async fn a_gateway_that_stops_answers_what_is_under_way_and_ends_its_sessions() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let (requests, stream) = tokio::sync::mpsc::channel(8);
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let order = v1::SessionRequest { tag: 1, request: Some(named(buy("1", "700"), "last")) };
    requests.send(order).await.unwrap();
    let mut answers = alice.orders().session(stream).await.unwrap().into_inner();
    let ended = tokio::spawn(rig.gateway.shutdown());
    let answer = answers.message().await.unwrap().expect("it was taken, so it is answered");
    assert!(matches!(answer.response, Some(Answered::CreateOrder(_))));
    assert!(answers.message().await.unwrap().is_none(), "the stream ends without an error");
    drop((requests, answers, alice, rig.channel));
    ended.await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_stream_in_our_words_behind_all_answers() {
    let rig = Rig::start().await;
    let (alice, _) = rig.two().await;
    let large = named(buy("1", "700"), &"x".repeat(70_000));
    let asked = [named(buy("1", "0.0001"), "a"), large];
    let requests = (1..).zip(asked);
    let requests =
        requests.map(|(tag, request)| v1::SessionRequest { tag, request: Some(request) });
    let requests: Vec<_> = requests.collect();
    let answers = alice.orders().session(tokio_stream::iter(requests)).await.unwrap();
    let mut answers = answers.into_inner();
    let first = answers.message().await.unwrap().unwrap();
    let Some(Answered::Refusal(refusal)) = first.response else { panic!("{first:?}") };
    assert_eq!((first.tag, &*refusal.reason), (1, "PRICE_NOT_ON_TICK"));
    assert!(!refusal.request_id.is_empty());
    super::refused(answers.message().await, "MESSAGE_TOO_LARGE");
}
