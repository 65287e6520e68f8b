//! A client that follows topics and checks every number.

use crate::gateway::tests::{Bearer, Client};
use hoga_proto::v1::client_frame::Frame as Said;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::stream_service_client::StreamServiceClient;
use hoga_proto::v1::{self, Channel as Kind};
use prost::Message;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// Longer than any frame takes to come.
const WITHIN: Duration = Duration::from_secs(20);

/// An open stream.
pub struct Line {
    says: mpsc::Sender<v1::StreamRequest>,
    hears: Streaming<v1::StreamResponse>,
    /// Came while an answer was waited for.
    aside: VecDeque<v1::ServerFrame>,
    tag: u64,
}

impl Client {
    pub fn streams(&self) -> StreamServiceClient<InterceptedService<Channel, Bearer>> {
        StreamServiceClient::new(self.line())
    }
}

impl Line {
    pub async fn open(client: &Client) -> Line {
        let (says, said) = mpsc::channel(16);
        let opened = client.streams().stream(ReceiverStream::new(said)).await;
        Line { says, hears: opened.unwrap().into_inner(), aside: VecDeque::new(), tag: 0 }
    }

    /// Says something; returns its tag.
    pub async fn say(&mut self, frame: Option<Said>) -> u64 {
        self.tag += 1;
        let frame = Some(v1::ClientFrame { tag: self.tag, frame });
        self.says.send(v1::StreamRequest { frame }).await.unwrap();
        self.tag
    }

    pub async fn try_hear(&mut self) -> Result<v1::ServerFrame, Status> {
        match self.aside.pop_front() {
            Some(frame) => Ok(frame),
            None => self.next().await,
        }
    }

    async fn next(&mut self) -> Result<v1::ServerFrame, Status> {
        let heard = tokio::time::timeout(WITHIN, self.hears.message()).await;
        Ok(heard.expect("a frame comes in time")?.expect("the stream is open").frame.unwrap())
    }

    pub async fn hear(&mut self) -> v1::ServerFrame {
        self.try_hear().await.unwrap()
    }

    /// Says something and hears until it is answered.
    pub async fn ask(&mut self, frame: Said) -> Frame {
        let tag = self.say(Some(frame)).await;
        loop {
            let heard = self.next().await.unwrap();
            if heard.tag == tag {
                return heard.frame.unwrap();
            }
            self.aside.push_back(heard);
        }
    }

    /// Subscribes; returns whether it was resumed.
    pub async fn subscribe(&mut self, follower: &Follower) -> bool {
        match self.ask(Said::Subscribe(follower.wish())).await {
            Frame::Subscribed(subscribed) => subscribed.resumed,
            other => panic!("not subscribed: {other:?}"),
        }
    }

    /// Hears until the follower has event number `sequence`.
    pub async fn follow(&mut self, follower: &mut Follower, sequence: u64) {
        let began = Instant::now();
        while follower.sequence < sequence || follower.snapshots.is_empty() {
            let heard = self.hear().await;
            follower.take(heard.frame.unwrap());
            // Signs of life go on for ever.
            assert!(began.elapsed() < WITHIN, "{sequence} never came: {follower:?}");
        }
    }
}

pub fn topic(kind: Kind, name: &str) -> v1::Topic {
    v1::Topic { channel: kind.into(), name: name.into(), interval: 0 }
}

/// What a client knows of one topic.
#[derive(Clone, Debug)]
pub struct Follower {
    pub topic: v1::Topic,
    pub sequence: u64,
    pub token: String,
    pub depth: i32,
    /// Reasons of the snapshots that came; a resumed follower keeps those it had.
    pub snapshots: Vec<v1::SnapshotReason>,
    /// What the last snapshot held.
    pub held: Option<Content>,
    /// Bids and asks by price, as text.
    pub ladder: [BTreeMap<u64, String>; 2],
    /// Contents by number, for topics with an entry for each event.
    pub events: BTreeMap<u64, Vec<u8>>,
    pub frames: usize,
    pub is_closed: bool,
}

impl Follower {
    pub fn new(kind: Kind, name: &str) -> Follower {
        Follower {
            topic: topic(kind, name),
            sequence: 0,
            token: String::new(),
            depth: 1000,
            snapshots: Vec::new(),
            held: None,
            ladder: Default::default(),
            events: BTreeMap::new(),
            frames: 0,
            is_closed: false,
        }
    }

    pub fn wish(&self) -> v1::Subscribe {
        let (topic, resume_token) = (Some(self.topic.clone()), self.token.clone());
        v1::Subscribe { topic, resume_token, depth: self.depth, ..Default::default() }
    }

    /// Takes a frame in, if it is of this topic.
    pub fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Snapshot(snapshot) if snapshot.topic.as_ref() == Some(&self.topic) => {
                self.sequence = snapshot.sequence;
                self.token = snapshot.resume_token.clone();
                self.snapshots.push(snapshot.reason());
                self.ladder = Default::default();
                let content = snapshot.content.and_then(|content| content.content);
                self.fold(content.as_ref().unwrap());
                self.held = content;
                assert!(snapshot.position.is_some());
            }
            Frame::Delta(delta) if delta.topic.as_ref() == Some(&self.topic) => {
                assert_eq!(delta.first, self.sequence + 1, "a gap or a repetition: {delta:?}");
                assert!(delta.last >= delta.first && delta.position.is_some());
                self.sequence = delta.last;
                self.token = delta.resume_token;
                let content = delta.content.and_then(|content| content.content).unwrap();
                self.fold(&content);
                self.keep(delta.first, delta.last, content);
                self.frames += 1;
            }
            Frame::Closed(closed) if closed.topic.as_ref() == Some(&self.topic) => {
                let reason = closed.reason.unwrap();
                assert_eq!(reason.reason, "SLOW_CONSUMER");
                assert!(!reason.request_id.is_empty(), "{reason:?}");
                assert_eq!(closed.resume_token, self.token, "it resumes where it ended");
                self.is_closed = true;
            }
            _ => {}
        }
    }

    fn fold(&mut self, content: &Content) {
        let Content::Book(book) = content else { return };
        for (side, levels) in self.ladder.iter_mut().zip([&book.bids, &book.asks]) {
            for level in levels {
                let price = level.price.as_ref().unwrap().value.parse().unwrap();
                let quantity = level.quantity.as_ref().unwrap().value.clone();
                if quantity == "0" {
                    side.remove(&price);
                } else {
                    side.insert(price, quantity);
                }
            }
        }
    }

    /// Keeps an entry for each event. No number comes twice with another content.
    fn keep(&mut self, first: u64, last: u64, content: Content) {
        let entries: Vec<Vec<u8>> = match content {
            Content::Trades(trades) => trades.trades.iter().map(Message::encode_to_vec).collect(),
            Content::Orders(orders) => orders.orders.iter().map(Message::encode_to_vec).collect(),
            Content::Fills(fills) => fills.fills.iter().map(Message::encode_to_vec).collect(),
            Content::Notices(of) => of.notices.iter().map(Message::encode_to_vec).collect(),
            _ => return,
        };
        assert_eq!(entries.len() as u64, last - first + 1, "an entry for each event");
        for (sequence, entry) in (first..).zip(entries) {
            if let Some(known) = self.events.insert(sequence, entry.clone()) {
                assert_eq!(known, entry, "number {sequence} came with two contents");
            }
        }
    }

    pub fn last<M: Message + Default>(&self) -> M {
        let (_, bytes) = self.events.last_key_value().expect("an event");
        M::decode(bytes.as_slice()).unwrap()
    }
}
