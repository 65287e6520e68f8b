//! Frames that were put together by hand, read by the generated types.

use super::{Body, delta, plain, snapshot};
use bytes::Bytes;
use hoga_proto::v1;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use prost::Message;

fn decimal(text: &str) -> Option<v1::Decimal> {
    Some(v1::Decimal { value: text.into() })
}

fn bid(price: &str) -> v1::Level {
    v1::Level { price: decimal(price), quantity: decimal("10"), order_count: 0 }
}

fn part(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn read(bytes: &Bytes) -> v1::ServerFrame {
    let response = v1::StreamResponse::decode(&**bytes).expect("a response");
    response.frame.expect("a frame")
}

#[test]
fn parts_of_a_delta_add_up() {
    let topic = v1::Topic { channel: 1, name: "instruments/LPJ-KRW".into(), interval: 0 };
    let head = v1::Delta {
        topic: Some(topic.clone()),
        first: 8,
        last: 9,
        resume_token: "a.9.1".into(),
        content: None,
        position: Some(v1::Position { partition: 2, index: 300 }),
    };
    let one = v1::BookContent { bids: vec![bid("777")], ..Default::default() };
    let other = v1::BookContent { bids: vec![bid("776")], ..Default::default() };
    let parts = [part(&one), part(&other)];
    let frame = read(&delta(&head, &Body { field: 1, parts: &parts }));
    let book = v1::BookContent { bids: vec![bid("777"), bid("776")], ..Default::default() };
    let content = Some(v1::Content { content: Some(Content::Book(book)) });
    let whole = v1::Delta { content, ..head };
    assert_eq!(frame, v1::ServerFrame { tag: 0, frame: Some(Frame::Delta(whole)) });
}

#[test]
fn a_snapshot_may_hold_nothing() {
    let head = v1::Snapshot { sequence: 3, ..Default::default() };
    for (field, content) in [
        (2, Content::Trades(Default::default())),
        (4, Content::Ticker(Default::default())),
        (5, Content::Ranking(Default::default())),
        (6, Content::Orders(Default::default())),
        (7, Content::Fills(Default::default())),
        (8, Content::Balances(Default::default())),
    ] {
        let frame = read(&snapshot(&head, &Body { field, parts: &[] }));
        let content = Some(v1::Content { content: Some(content) });
        let whole = v1::Snapshot { content, ..head.clone() };
        assert_eq!(frame.frame, Some(Frame::Snapshot(whole)));
    }
}

#[test]
fn other_frames_keep_their_tag() {
    let frame = read(&plain(7, Frame::Heartbeat(v1::Heartbeat { time: None })));
    assert_eq!(frame.tag, 7);
}
