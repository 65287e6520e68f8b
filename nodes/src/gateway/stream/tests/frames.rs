//! What a client says is answered on the stream, also where it is refused.

use super::reader::{Follower, Line, topic};
use crate::gateway::stream::talk::SUBSCRIPTIONS_MAX;
use crate::gateway::tests::{Rig, refused};
use hoga_proto::v1::client_frame::Frame as Said;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::{self, Channel};
use std::time::{Duration, Instant};

const LPJ: &str = "instruments/LPJ-KRW";

fn subscribe(kind: Channel, name: &str) -> Said {
    Said::Subscribe(v1::Subscribe { topic: Some(topic(kind, name)), ..Default::default() })
}

fn reason(frame: Frame) -> String {
    match frame {
        Frame::Refusal(refusal) => refusal.reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn topics_come_and_go_on_an_open_stream() {
    let rig = Rig::start().await;
    let mut line = Line::open(&rig.anybody()).await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        let asked = Instant::now();
        let answer = line.ask(subscribe(Channel::Book, LPJ)).await;
        waits.push(asked.elapsed());
        assert!(matches!(answer, Frame::Subscribed(_)), "{answer:?}");
        let gone = Said::Unsubscribe(v1::Unsubscribe { topic: Some(topic(Channel::Book, LPJ)) });
        assert!(matches!(line.ask(gone).await, Frame::Unsubscribed(_)));
    }
    waits.sort();
    assert!(waits[2] < Duration::from_millis(50), "answered in {waits:?}");
    line.ask(subscribe(Channel::Trades, LPJ)).await;
    line.ask(subscribe(Channel::Book, LPJ)).await;
    let list = line.ask(Said::List(v1::ListSubscriptions {})).await;
    let topics = vec![topic(Channel::Trades, LPJ), topic(Channel::Book, LPJ)];
    assert_eq!(list, Frame::Subscriptions(v1::Subscriptions { topics }));
    assert!(matches!(line.ask(Said::Ping(v1::Ping {})).await, Frame::Heartbeat(_)));
}

#[tokio::test]
async fn a_refused_frame_leaves_the_stream_open() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut line = Line::open(&rig.client("alice")).await;
    line.ask(subscribe(Channel::Book, LPJ)).await;
    let cases = [
        (subscribe(Channel::Book, LPJ), "ALREADY_SUBSCRIBED"),
        (subscribe(Channel::Notices, "accounts/bob"), "PERMISSION_DENIED"),
        (subscribe(Channel::Notices, LPJ), "MALFORMED"),
        (subscribe(Channel::Book, "instruments/XYZ-KRW"), "UNKNOWN_INSTRUMENT"),
        (subscribe(Channel::Book, "accounts/alice"), "MALFORMED"),
        (subscribe(Channel::Ranking, "boards/beauty"), "UNKNOWN_BOARD"),
        (subscribe(Channel::Unspecified, LPJ), "MALFORMED"),
        (subscribe(Channel::Fills, "accounts/bob"), "PERMISSION_DENIED"),
        (
            Said::Unsubscribe(v1::Unsubscribe { topic: Some(topic(Channel::Trades, LPJ)) }),
            "NOT_SUBSCRIBED",
        ),
        (
            Said::Subscribe(v1::Subscribe {
                topic: Some(topic(Channel::Trades, LPJ)),
                resume_token: "from elsewhere".into(),
                ..Default::default()
            }),
            "MALFORMED",
        ),
    ];
    for (said, expected) in cases {
        assert_eq!(reason(line.ask(said).await), expected);
    }
    let tag = line.say(None).await;
    let heard = loop {
        let heard = line.hear().await;
        if heard.tag == tag {
            break heard;
        }
    };
    assert_eq!(reason(heard.frame.unwrap()), "MALFORMED");
    let mut book = Follower::new(Channel::Trades, LPJ);
    assert!(!line.subscribe(&book).await, "the stream goes on");
    line.follow(&mut book, 0).await;
}

#[tokio::test]
async fn private_topics_need_a_token_and_me_is_its_account() {
    let rig = Rig::start().await;
    rig.two().await;
    let mut nobody = Line::open(&rig.anybody()).await;
    let refusal = nobody.ask(subscribe(Channel::Orders, "accounts/alice")).await;
    assert_eq!(reason(refusal), "UNAUTHENTICATED");
    let mut alice = Line::open(&rig.client("alice")).await;
    let answer = alice.ask(subscribe(Channel::Orders, "accounts/me")).await;
    let Frame::Subscribed(subscribed) = answer else { panic!("{answer:?}") };
    assert_eq!(subscribed.topic, Some(topic(Channel::Orders, "accounts/alice")));
}

#[tokio::test]
async fn topics_of_a_stream_are_bounded() {
    let rig = Rig::start().await;
    let names: Vec<String> = (0..=SUBSCRIPTIONS_MAX).map(|n| format!("a{n}")).collect();
    for name in &names {
        rig.account(name, &[]).await;
    }
    let mut line = Line::open(&rig.with_token(Some("dev:a0;trade_for=*"))).await;
    for name in &names[..SUBSCRIPTIONS_MAX] {
        let answer = line.ask(subscribe(Channel::Fills, &format!("accounts/{name}"))).await;
        assert!(matches!(answer, Frame::Subscribed(_)), "{answer:?}");
    }
    let last = format!("accounts/{}", names[SUBSCRIPTIONS_MAX]);
    assert_eq!(reason(line.ask(subscribe(Channel::Fills, &last)).await), "TOO_MANY_SUBSCRIPTIONS");
}

#[tokio::test]
async fn a_watch_has_its_topics_from_the_start() {
    let rig = Rig::start().await;
    let wish = |name: &str| v1::Subscribe {
        topic: Some(topic(Channel::Book, name)),
        ..Default::default()
    };
    let watch = |wishes: Vec<v1::Subscribe>| {
        let mut streams = rig.anybody().streams();
        async move { streams.watch(v1::WatchRequest { subscriptions: wishes }).await }
    };
    let mut frames = watch(vec![wish(LPJ)]).await.unwrap().into_inner();
    let mut next = async || frames.message().await.unwrap().unwrap().frame.unwrap();
    assert!(matches!(next().await.frame, Some(Frame::Subscribed(_))));
    assert!(matches!(next().await.frame, Some(Frame::Snapshot(_))));
    refused(watch(vec![wish("instruments/XYZ-KRW")]).await, "UNKNOWN_INSTRUMENT");
    refused(watch(Vec::new()).await, "MALFORMED");
}

#[tokio::test]
async fn an_idle_stream_says_that_it_lives() {
    let rig = Rig::start().await;
    let mut line = Line::open(&rig.anybody()).await;
    let opened = Instant::now();
    let heard = line.hear().await;
    assert!(matches!(heard.frame, Some(Frame::Heartbeat(_))), "{heard:?}");
    assert!(opened.elapsed() > Duration::from_secs(4), "after {:?}", opened.elapsed());
}

#[tokio::test]
async fn a_gateway_that_stops_ends_its_streams() {
    let rig = Rig::start().await;
    let mut line = Line::open(&rig.anybody()).await;
    line.ask(subscribe(Channel::Book, LPJ)).await;
    let began = Instant::now();
    let stopping = rig.gateway.shutdown();
    let end = async {
        loop {
            if let Err(status) = line.try_hear().await {
                return status;
            }
        }
    };
    let ((), status) = tokio::join!(stopping, end);
    refused(Err::<(), _>(status), "STOPPING");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    rig.exchange.stop().await;
}
