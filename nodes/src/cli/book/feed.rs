//! An instrument's book and trades as they happen, also across a lost connection.

use super::super::failure::{Exit, Failure};
use super::super::server::Server;
use hoga_proto::v1::server_frame::Frame;
use hoga_proto::v1::{self, Channel};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::Streaming;

/// Frames that may wait to be shown; the exchange waits, and conflates, beyond.
const FRAMES_MAX: usize = 64;
/// The whole ladder: a delta is never cut, so what is below the levels shown has to be known.
const LEVELS_MAX: i32 = 1_000;
/// As often as the screen is painted.
const FRAMES_PER_SECOND: u32 = 20;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a watcher hears.
#[derive(Debug)]
pub enum Heard {
    Frame(Box<v1::ServerFrame>),
    /// The connection is lost. What was shown may be old until the next frame.
    Lost,
    /// It is over for good.
    Over(Failure),
}

/// Subscribes, and goes on subscribing where it was, until the receiver is dropped.
///
/// # Errors
/// The first subscription failed.
pub async fn follow(
    server: &Server,
    instrument: &str,
    depth: i32,
) -> Result<mpsc::Receiver<Heard>, Failure> {
    let mut feed = Feed {
        client: server.streams(),
        topics: [Channel::Book, Channel::Trades].map(|channel| topic(channel, instrument)).into(),
        depth: depth.max(LEVELS_MAX),
        tokens: BTreeMap::new(),
    };
    let first = feed.open().await?;
    let (hear, heard) = mpsc::channel(FRAMES_MAX);
    tokio::spawn(async move { feed.run(first, hear).await });
    Ok(heard)
}

fn topic(channel: Channel, name: &str) -> v1::Topic {
    let mut topic = v1::Topic { name: name.to_owned(), ..v1::Topic::default() };
    topic.set_channel(channel);
    topic
}

struct Feed {
    client: super::super::server::Streams,
    topics: Vec<v1::Topic>,
    depth: i32,
    /// By channel: where to go on.
    tokens: BTreeMap<i32, String>,
}

impl Feed {
    async fn open(&mut self) -> Result<Streaming<v1::WatchResponse>, Failure> {
        let subscribe = |topic: &v1::Topic| v1::Subscribe {
            topic: Some(topic.clone()),
            resume_token: self.tokens.get(&topic.channel).cloned().unwrap_or_default(),
            depth: self.depth,
            frames_per_second: FRAMES_PER_SECOND,
        };
        let subscriptions = self.topics.iter().map(subscribe).collect();
        Ok(self.client.watch(v1::WatchRequest { subscriptions }).await?.into_inner())
    }

    async fn run(&mut self, first: Streaming<v1::WatchResponse>, hear: mpsc::Sender<Heard>) {
        let mut stream = first;
        let mut wait = FIRST_WAIT;
        loop {
            while let Ok(Some(answer)) = stream.message().await {
                let Some(frame) = answer.frame else { continue };
                self.remember(&frame);
                wait = FIRST_WAIT;
                if hear.send(Heard::Frame(Box::new(frame))).await.is_err() {
                    return;
                }
            }
            if hear.send(Heard::Lost).await.is_err() {
                return;
            }
            stream = loop {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
                match self.open().await {
                    Ok(stream) => break stream,
                    Err(failure) if failure.exit == Exit::Unreachable && !hear.is_closed() => {}
                    Err(failure) => {
                        // Nobody listening any more is no failure.
                        drop(hear.send(Heard::Over(failure)).await);
                        return;
                    }
                }
            };
        }
    }

    fn remember(&mut self, frame: &v1::ServerFrame) {
        let (topic, token) = match &frame.frame {
            Some(Frame::Snapshot(snapshot)) => (&snapshot.topic, &snapshot.resume_token),
            Some(Frame::Delta(delta)) => (&delta.topic, &delta.resume_token),
            Some(Frame::Closed(closed)) => (&closed.topic, &closed.resume_token),
            _ => return,
        };
        if let Some(topic) = topic {
            self.tokens.insert(topic.channel, token.clone());
        }
    }
}
