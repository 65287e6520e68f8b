//! Many clients follow a market whose node is killed and started again: nobody misses an event,
//! nobody hears one twice, and nobody hears two stories.
//!
//! A hundred clients in the suite; a thousand, with figures, by
//! `cargo nextest run -p hoga --test streams --run-ignored only --no-capture`
//! (needs 4,096 open files: `ulimit -n 4096`).

#![allow(clippy::unwrap_used)]

mod rig;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hoga_proto::v1::client_frame::Frame as Said;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::stream_service_client::StreamServiceClient;
use hoga_proto::v1::{self, Channel};
use prost::Message;
use rig::Exchange;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Request, Status, Streaming};

const LPJ: &str = "instruments/LPJ-KRW";
/// How long all clients together may take for anything.
const SOON: Duration = Duration::from_secs(90);
/// One client in so many also follows an account of its own.
const PRIVATE_EVERY: usize = 10;

fn topics(number: usize) -> Vec<v1::Topic> {
    let topic = |channel: Channel, name: &str| v1::Topic {
        channel: channel.into(),
        name: name.into(),
        interval: 0,
    };
    let mut topics = vec![topic(Channel::Book, LPJ), topic(Channel::Trades, LPJ)];
    if number.is_multiple_of(PRIVATE_EVERY) {
        let private = [Channel::Orders, Channel::Fills, Channel::Balances];
        topics.extend(private.map(|channel| topic(channel, "accounts/alice")));
    }
    topics
}

/// What all clients know together.
struct Street {
    address: watch::Receiver<String>,
    /// Sequences by channel that every client has to reach; empty while there is trade.
    targets: watch::Receiver<BTreeMap<i32, u64>>,
    /// What every number stands for, by the first who heard it.
    story: Mutex<HashMap<(i32, u64), Vec<u8>>>,
    subscribed: AtomicU64,
    resumed: AtomicU64,
    too_old: AtomicU64,
    events: AtomicU64,
    frames: AtomicU64,
    opened_in: Mutex<Vec<Duration>>,
}

/// One topic of one client.
#[derive(Default)]
struct Place {
    sequence: u64,
    token: String,
    has_begun: bool,
}

struct Client {
    street: Arc<Street>,
    topics: Vec<v1::Topic>,
    places: BTreeMap<i32, Place>,
}

impl Client {
    fn new(street: Arc<Street>, number: usize) -> Client {
        let topics = topics(number);
        let places = topics.iter().map(|topic| (topic.channel, Place::default())).collect();
        Client { street, topics, places }
    }

    /// Follows across every end of the line, until it has all that there is.
    async fn follow(mut self) {
        while !self.has_all() {
            // The node may be away; it comes back under another address.
            if self.listen().await.is_err() {
                let mut address = self.street.address.clone();
                let moved = address.changed();
                drop(tokio::time::timeout(Duration::from_millis(100), moved).await);
            }
        }
    }

    fn has_all(&self) -> bool {
        let targets = self.street.targets.borrow();
        let has = |(channel, place): (&i32, &Place)| {
            targets.get(channel).is_some_and(|target| place.sequence >= *target)
        };
        self.places.iter().all(has)
    }

    async fn listen(&mut self) -> Result<(), Status> {
        let opened = Instant::now();
        let address = self.street.address.borrow().clone();
        let endpoint = Endpoint::from_shared(address).unwrap();
        let channel =
            endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let (says, said) = mpsc::channel(8);
        for (tag, topic) in (1..).zip(&self.topics) {
            let resume_token = self.places[&topic.channel].token.clone();
            let topic = Some(topic.clone());
            let frame = Said::Subscribe(v1::Subscribe {
                topic,
                resume_token,
                depth: 1000,
                ..Default::default()
            });
            let frame = Some(v1::ClientFrame { tag, frame: Some(frame) });
            says.try_send(v1::StreamRequest { frame }).unwrap();
        }
        let mut request = Request::new(ReceiverStream::new(said));
        request.metadata_mut().insert("authorization", "Bearer dev:alice".parse().unwrap());
        let mut frames = StreamServiceClient::new(channel).stream(request).await?.into_inner();
        let mut answered = 0;
        let mut targets = self.street.targets.clone();
        while !self.has_all() {
            tokio::select! {
                frame = next(&mut frames) => match frame? {
                    Frame::Subscribed(subscribed) => {
                        answered += 1;
                        self.street.resumed.fetch_add(subscribed.resumed.into(), Ordering::Relaxed);
                        if answered == self.topics.len() {
                            self.street.subscribed.fetch_add(1, Ordering::Relaxed);
                            self.street.opened_in.lock().unwrap().push(opened.elapsed());
                        }
                    }
                    frame => self.take(frame),
                },
                _ = targets.changed() => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Snapshot(snapshot) => {
                let channel = snapshot.topic.as_ref().unwrap().channel;
                let place = self.places.get_mut(&channel).unwrap();
                match snapshot.reason() {
                    v1::SnapshotReason::First => assert!(!place.has_begun, "begun twice"),
                    v1::SnapshotReason::ResumeTooOld => {
                        self.street.too_old.fetch_add(1, Ordering::Relaxed);
                    }
                    other => assert_eq!(other, v1::SnapshotReason::Conflated),
                }
                assert!(snapshot.sequence >= place.sequence, "time went back");
                let token = snapshot.resume_token;
                *place = Place { sequence: snapshot.sequence, token, has_begun: true };
            }
            Frame::Delta(delta) => {
                let channel = delta.topic.as_ref().unwrap().channel;
                let place = self.places.get_mut(&channel).unwrap();
                assert_eq!(delta.first, place.sequence + 1, "a gap or a repetition");
                (place.sequence, place.token) = (delta.last, delta.resume_token);
                self.street.frames.fetch_add(1, Ordering::Relaxed);
                self.street.events.fetch_add(delta.last - delta.first + 1, Ordering::Relaxed);
                let content = delta.content.unwrap().content.unwrap();
                self.street.compare(channel, delta.first, delta.last, content);
            }
            Frame::Heartbeat(_) => {}
            other => panic!("not expected: {other:?}"),
        }
    }
}

async fn next(frames: &mut Streaming<v1::StreamResponse>) -> Result<Frame, Status> {
    let frame = frames.message().await?.ok_or_else(|| Status::unavailable("the stream ended"))?;
    Ok(frame.frame.unwrap().frame.unwrap())
}

impl Street {
    fn new(
        address: watch::Receiver<String>,
        targets: watch::Receiver<BTreeMap<i32, u64>>,
    ) -> Street {
        Street {
            address,
            targets,
            story: Mutex::default(),
            subscribed: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            too_old: AtomicU64::new(0),
            events: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            opened_in: Mutex::default(),
        }
    }

    fn take_times(&self) -> Vec<Duration> {
        std::mem::take(&mut self.opened_in.lock().unwrap())
    }

    /// SEQ-1: a number has one content, whoever hears it and whenever.
    fn compare(&self, channel: i32, first: u64, last: u64, content: Content) {
        let entries: Vec<Vec<u8>> = match content {
            Content::Trades(content) => content.trades.iter().map(Message::encode_to_vec).collect(),
            Content::Orders(content) => content.orders.iter().map(Message::encode_to_vec).collect(),
            Content::Fills(content) => content.fills.iter().map(Message::encode_to_vec).collect(),
            _ => return,
        };
        assert_eq!(entries.len() as u64, last - first + 1, "an entry for each event");
        let mut story = self.story.lock().unwrap();
        for (sequence, entry) in (first..).zip(entries) {
            let told = story.entry((channel, sequence)).or_insert_with(|| entry.clone());
            assert_eq!(*told, entry, "number {sequence} has two contents");
        }
    }

    async fn until(&self, what: &str, count: &AtomicU64, least: u64) {
        let began = Instant::now();
        while count.load(Ordering::Relaxed) < least {
            assert!(began.elapsed() < SOON, "{what}: {} of {least}", count.load(Ordering::Relaxed));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Trades in small orders until told to stop, whatever becomes of the node.
async fn trade(who: &'static str, address: watch::Receiver<String>, stop: Arc<AtomicBool>) {
    let mut seed = who.len() as u64;
    while !stop.load(Ordering::Relaxed) {
        let endpoint = Endpoint::from_shared(address.borrow().clone()).unwrap();
        let Ok(channel) = endpoint.connect().await else { continue };
        let mut orders = OrderServiceClient::new(channel);
        while !stop.load(Ordering::Relaxed) {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let side = if (seed >> 60) & 1 == 0 { v1::Side::Buy } else { v1::Side::Sell };
            let number = |value: u64| Some(v1::Decimal { value: value.to_string() });
            let order = v1::Order {
                instrument: LPJ.into(),
                side: side.into(),
                r#type: v1::OrderType::Limit.into(),
                quantity: number(1),
                price: number(770 + (seed >> 33) % 8),
                ..Default::default()
            };
            let create = v1::CreateOrderRequest {
                parent: "accounts/me".into(),
                order: Some(order),
                ..Default::default()
            };
            let mut request = Request::new(create);
            let token = format!("Bearer dev:{who}").parse().unwrap();
            request.metadata_mut().insert("authorization", token);
            match orders.create_order(request).await {
                Err(status) if status.code() == tonic::Code::Unavailable => break,
                // What the rules refuse is no matter here.
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// Where every topic stands.
async fn stand(address: &str) -> BTreeMap<i32, u64> {
    let channel = Endpoint::from_shared(address.to_owned()).unwrap().connect().await.unwrap();
    let wish = |topic| v1::Subscribe { topic: Some(topic), ..Default::default() };
    let subscriptions: Vec<_> = topics(0).into_iter().map(wish).collect();
    let mut stand = BTreeMap::new();
    let count = subscriptions.len();
    let mut request = Request::new(v1::WatchRequest { subscriptions });
    request.metadata_mut().insert("authorization", "Bearer dev:alice".parse().unwrap());
    let watched = StreamServiceClient::new(channel).watch(request).await.unwrap();
    let mut frames = watched.into_inner();
    while stand.len() < count {
        let frame = frames.message().await.unwrap().unwrap().frame.unwrap();
        if let Some(Frame::Snapshot(snapshot)) = frame.frame {
            stand.insert(snapshot.topic.unwrap().channel, snapshot.sequence);
        }
    }
    stand
}

fn shown(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    format!("p50 {:?}, p99 {:?}, max {:?}", at(0.5), at(0.99), at(1.0))
}

/// So many clients follow while the node is killed twice.
async fn follow_through_kills(clients: usize) {
    let mut exchange = Exchange::up();
    let (moved, address) = watch::channel(exchange.url.clone());
    let (ended, targets) = watch::channel(BTreeMap::new());
    let street = Arc::new(Street::new(address.clone(), targets));
    let stop = Arc::new(AtomicBool::new(false));
    let traders: Vec<_> = ["alice", "bob", "alice", "bob"]
        .map(|who| tokio::spawn(trade(who, address.clone(), stop.clone())))
        .into();
    let client = |number| tokio::spawn(Client::new(street.clone(), number).follow());
    let mut following: FuturesUnordered<_> = (0..clients).map(client).collect();
    let count = clients as u64;
    street.until("connect", &street.subscribed, count).await;
    eprintln!("{clients} clients connected: {}", shown(street.take_times()));
    for kill in 1..=2 {
        // Everybody hears something new before the node goes.
        let heard = street.events.load(Ordering::Relaxed);
        street.until("hear", &street.events, heard + 20 * count).await;
        let data = exchange.kill();
        let killed = Instant::now();
        exchange = Exchange::up_in(data);
        let away = killed.elapsed();
        moved.send(exchange.url.clone()).unwrap();
        street.until("reconnect", &street.subscribed, (1 + kill) * count).await;
        eprintln!(
            "kill {kill}: back after {away:?}, all resumed after {:?}; a client: {}",
            killed.elapsed(),
            shown(street.take_times())
        );
    }
    let heard = street.events.load(Ordering::Relaxed);
    street.until("hear", &street.events, heard + 20 * count).await;
    stop.store(true, Ordering::Relaxed);
    for trader in traders {
        trader.await.unwrap();
    }
    ended.send(stand(&exchange.url).await).unwrap();
    let all = async {
        while let Some(followed) = following.next().await {
            followed.expect("a client saw what it must not see");
        }
    };
    tokio::time::timeout(SOON, all).await.expect("every client hears the last event");
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let (resumed, too_old) = (load(&street.resumed), load(&street.too_old));
    eprintln!(
        "{} events in {} frames, {} numbers compared; {resumed} topics resumed, {too_old} told \
         RESUME_TOO_OLD",
        load(&street.events),
        load(&street.frames),
        street.story.lock().unwrap().len(),
    );
    let per_round: usize = (0..clients).map(|number| topics(number).len()).sum();
    assert_eq!(resumed, 2 * per_round as u64, "every topic goes on where it was");
    assert_eq!(too_old, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_clients_follow_through_two_kills() {
    follow_through_kills(100).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; see the head of the file"]
async fn a_thousand_clients_follow_through_two_kills() {
    follow_through_kills(1000).await;
}
