//! The readers: the same ones for the product and for the fan-out.

use super::source::Source;
use super::{Options, STUCK, failed};
use crate::bench::{BenchError, Figures};
use hoga_proto::v1;
use hoga_proto::v1::client_frame::Frame as Said;
use hoga_proto::v1::content::Content;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::stream_service_client::StreamServiceClient;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

pub(super) const BOOK: &str = "instruments/LPJ-KRW";
/// Readers that connect and subscribe at a time.
pub(super) const CONNECTING_MAX: usize = 64;
/// How long one of them may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Between two subscriptions while all follow.
const PROBE_EVERY: Duration = Duration::from_millis(100);
/// Bytes that may be on their way to a stuck reader.
const STUCK_WINDOW: u32 = 1_024;

pub(super) fn topic() -> v1::Topic {
    let channel = v1::Channel::Book.into();
    v1::Topic { channel, name: BOOK.into(), interval: 0 }
}

/// Microseconds, ascending once sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Times(Vec<u32>);

impl Times {
    fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    fn sorted(mut self) -> Times {
        self.0.sort_unstable();
        self
    }

    pub fn at(&self, percent: f64) -> f64 {
        let rank = (self.0.len() as f64 * percent / 100.0) as usize;
        let rank = rank.min(self.0.len().saturating_sub(1));
        self.0.get(rank).map_or(f64::NAN, |us| f64::from(*us))
    }

    pub fn mean(&self) -> f64 {
        let sum: u64 = self.0.iter().map(|us| u64::from(*us)).sum();
        sum as f64 / self.0.len() as f64
    }
}

/// What all readers heard.
pub(super) struct Heard {
    pub connect: Times,
    pub subscribe: Times,
    pub late_subscribe: Times,
    pub subscribed: usize,
    pub delivery: Times,
    pub beside_stuck: Times,
    pub frames_per_second_max: f64,
    pub conflated: u64,
    frames_per_second: f64,
}

impl Heard {
    pub fn figures(&self, name: &'static str) -> Figures {
        let [p50_us, p99_us, p999_us] = [50.0, 99.0, 99.9].map(|share| self.delivery.at(share));
        Figures { name, rate: Some(self.frames_per_second), p50_us, p99_us, p999_us }
    }
}

/// What one reader heard.
#[derive(Default)]
struct Ear {
    delivery: Times,
    beside_stuck: Times,
    frames: u64,
    conflated: u64,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Gathering,
    Following,
    BesideStuck,
    Over,
}

pub(super) struct Crowd {
    pub options: Options,
    pub sockets: usize,
}

impl Crowd {
    /// Connects all, lets them follow, and lets stuck ones come half way.
    pub async fn follow(
        &self,
        address: SocketAddr,
        source: Option<&Source>,
    ) -> Result<Heard, BenchError> {
        let Options { subscribers, half, frames_per_second, .. } = self.options;
        let sockets = self.sockets.saturating_sub(STUCK).clamp(1, subscribers);
        let (channels, connect) = connect_all(address, sockets).await?;
        let (stage, staged) = watch::channel(Stage::Gathering);
        let (mut ears, subscribe) =
            subscribe_all(&channels, subscribers, frames_per_second, &staged).await?;
        let subscribed = subscribe.0.len();
        let probe = tokio::spawn(probe(channels[0].clone(), staged.clone()));
        stage.send_replace(Stage::Following);
        let following = Instant::now();
        tokio::time::sleep(half).await;
        let stuck = stick(address).await?;
        stage.send_replace(Stage::BesideStuck);
        tokio::time::sleep(half).await;
        stage.send_replace(Stage::Over);
        let seconds = following.elapsed().as_secs_f64();
        drop(stuck);
        if source.is_some_and(Source::is_over) {
            return Err(BenchError::Options("the book did not move any more".into()));
        }
        let late_subscribe = probe.await.map_err(failed)?.map_err(failed)?;
        let mut whole = Ear::default();
        let mut most = 0;
        while let Some(ear) = ears.join_next().await {
            let ear = ear.map_err(failed)?.map_err(failed)?;
            whole.delivery.0.extend(ear.delivery.0);
            whole.beside_stuck.0.extend(ear.beside_stuck.0);
            whole.conflated += ear.conflated;
            whole.frames += ear.frames;
            most = most.max(ear.frames);
        }
        Ok(Heard {
            connect: connect.sorted(),
            subscribe: subscribe.sorted(),
            late_subscribe: late_subscribe.sorted(),
            subscribed,
            delivery: whole.delivery.sorted(),
            beside_stuck: whole.beside_stuck.sorted(),
            frames_per_second_max: most as f64 / seconds,
            conflated: whole.conflated,
            frames_per_second: whole.frames as f64 / seconds,
        })
    }
}

async fn connect_all(
    address: SocketAddr,
    count: usize,
) -> Result<(Vec<Channel>, Times), BenchError> {
    let turns = Arc::new(Semaphore::new(CONNECTING_MAX));
    let mut connecting = JoinSet::new();
    for _ in 0..count {
        let turns = turns.clone();
        connecting.spawn(async move {
            let _turn = turns.acquire_owned().await.map_err(failed)?;
            let since = Instant::now();
            let channel = endpoint(address)?.connect().await.map_err(failed)?;
            Ok::<_, BenchError>((channel, since.elapsed()))
        });
    }
    let (mut channels, mut times) = (Vec::new(), Times::default());
    while let Some(connected) = connecting.join_next().await {
        let (channel, took) = connected.map_err(failed)??;
        channels.push(channel);
        times.add(took);
    }
    Ok((channels, times))
}

fn endpoint(address: SocketAddr) -> Result<Endpoint, BenchError> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(failed)?;
    Ok(endpoint.tcp_nodelay(true).connect_timeout(WITHIN))
}

type Ears = JoinSet<Result<Ear, Status>>;

async fn subscribe_all(
    channels: &[Channel],
    count: usize,
    pace: u32,
    stage: &watch::Receiver<Stage>,
) -> Result<(Ears, Times), BenchError> {
    let turns = Arc::new(Semaphore::new(CONNECTING_MAX));
    let (tell, mut told) = mpsc::channel(CONNECTING_MAX);
    let mut ears = JoinSet::new();
    for nth in 0..count {
        let (turns, tell, stage) = (turns.clone(), tell.clone(), stage.clone());
        let channel = channels[nth % channels.len()].clone();
        ears.spawn(async move {
            let turn = turns.acquire_owned().await;
            let since = Instant::now();
            let opened = tokio::time::timeout(WITHIN, subscribe(channel, pace)).await;
            let opened = opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("too late")));
            // Nobody listening any more is no failure.
            let _ = tell.send(opened.as_ref().ok().map(|_| since.elapsed())).await;
            drop((turn, tell));
            match opened {
                Ok((says, hears)) => listen(says, hears, stage).await,
                Err(_) => Ok(Ear::default()),
            }
        });
    }
    drop(tell);
    let mut times = Times::default();
    while let Some(subscribed) = told.recv().await {
        if let Some(took) = subscribed {
            times.add(took);
        }
    }
    Ok((ears, times))
}

type Says = mpsc::Sender<v1::StreamRequest>;

/// Opens a stream and follows the book; returns when that is acknowledged.
async fn subscribe(
    channel: Channel,
    frames_per_second: u32,
) -> Result<(Says, Streaming<v1::StreamResponse>), Status> {
    let (says, said) = mpsc::channel(1);
    let topic = Some(topic());
    let subscribe = v1::Subscribe { topic, frames_per_second, ..Default::default() };
    let frame = Some(v1::ClientFrame { tag: 1, frame: Some(Said::Subscribe(subscribe)) });
    drop(says.try_send(v1::StreamRequest { frame }));
    let mut client = StreamServiceClient::new(channel);
    let mut hears = client.stream(ReceiverStream::new(said)).await?.into_inner();
    loop {
        let heard = hears.message().await?.ok_or_else(|| Status::aborted("it ended"))?;
        match heard.frame.and_then(|frame| frame.frame) {
            Some(Frame::Subscribed(_)) => return Ok((says, hears)),
            Some(Frame::Refusal(refusal)) => return Err(Status::aborted(refusal.message)),
            _ => {}
        }
    }
}

async fn listen(
    _says: Says,
    mut hears: Streaming<v1::StreamResponse>,
    mut stage: watch::Receiver<Stage>,
) -> Result<Ear, Status> {
    let mut ear = Ear::default();
    loop {
        let heard = tokio::select! {
            heard = hears.message() => heard?,
            over = stage.wait_for(|stage| *stage == Stage::Over) => {
                drop(over);
                return Ok(ear);
            }
        };
        let heard = heard.ok_or_else(|| Status::aborted("it ended"))?;
        let now = SystemTime::now();
        let times = match *stage.borrow() {
            Stage::Following => Some(&mut ear.delivery),
            Stage::BesideStuck => Some(&mut ear.beside_stuck),
            Stage::Gathering | Stage::Over => None,
        };
        let Some(times) = times else { continue };
        match heard.frame.and_then(|frame| frame.frame) {
            Some(Frame::Delta(delta)) => {
                ear.frames += 1;
                if let Some(Content::Book(book)) = delta.content.and_then(|c| c.content)
                    && let Some(time) = book.time
                    && let Ok(time) = SystemTime::try_from(time)
                {
                    times.add(now.duration_since(time).unwrap_or_default());
                }
            }
            Some(Frame::Snapshot(_)) => {
                ear.frames += 1;
                ear.conflated += 1;
            }
            _ => {}
        }
    }
}

/// Subscribes again and again while all follow.
async fn probe(channel: Channel, stage: watch::Receiver<Stage>) -> Result<Times, Status> {
    let mut times = Times::default();
    let mut ticks = tokio::time::interval(PROBE_EVERY);
    while *stage.borrow() != Stage::Over {
        ticks.tick().await;
        let since = Instant::now();
        drop(subscribe(channel.clone(), 1).await?);
        times.add(since.elapsed());
    }
    Ok(times)
}

/// Readers that subscribe and never read again.
async fn stick(
    address: SocketAddr,
) -> Result<Vec<(Says, Streaming<v1::StreamResponse>)>, BenchError> {
    let mut stuck = Vec::new();
    for _ in 0..STUCK {
        let endpoint = endpoint(address)?.initial_stream_window_size(STUCK_WINDOW);
        let channel = endpoint.connect().await.map_err(failed)?;
        // As many frames as there are: nothing slows it down but itself.
        stuck.push(subscribe(channel, 1_000).await.map_err(failed)?);
    }
    Ok(stuck)
}
