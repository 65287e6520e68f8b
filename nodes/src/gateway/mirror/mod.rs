//! A read model in Redis, for back ends that speak it already.
//!
//! Owns: what this node has written to Redis and which trades it has published; the names of
//! everything there ([`keys`]). Takes: the feed of this node, books, boards and the tape, all as
//! applied; of them only what this node leads, so that one node writes each thing. Emits: trades,
//! books and tickers on channels, the latest of each with a time to live, the top of each board.
//! On failure: Redis may be slow, gone or flushed at any time; the exchange does not notice.
//! Whoever leads connects again, writes every state anew, and publishes the trades that nobody
//! heard of as far as the tape has them. Nothing is ever read from Redis but how far that is, and
//! whether what this node wrote is still there.

mod board;
mod keys;
mod link;
mod quotes;

pub use keys::Keys;
pub use link::Server;

use super::desk::Desk;
use board::Board;
use futures::future::join_all;
use hoga_cluster::runtime::{Followed, Topic};
use hoga_engine::board::BoardKind;
use hoga_engine::ids::{InstrumentId, PartitionId};
use hoga_engine::topology::Topology;
use link::Link;
use metrics::{counter, gauge};
use quotes::Quotes;
use redis::{Pipeline, RedisResult};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Time between two rounds at least: five a second is what an eye can follow.
const ROUND: Duration = Duration::from_millis(200);
/// Time between two rounds at most: so soon a flush is noticed where nothing happens.
const QUIET: Duration = Duration::from_secs(1);
/// Trades that a round publishes at most; the next one goes on behind them. A round is answered in
/// one go, and that has a bound of its own.
const TRADES_A_ROUND: usize = 2_000;
/// How often boards are written anew: whoever led before may have written behind this node's back.
const BOARDS_ANEW: Duration = Duration::from_secs(60);
/// Pauses between two tries to connect.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Where the read model is, and how much of it there is.
#[derive(Clone, Debug)]
pub struct MirrorOptions {
    pub server: Server,
    pub keys: Keys,
    /// How long a latest state outlives whoever keeps it up.
    pub ttl: Duration,
    /// Accounts of each board, from the top.
    pub board_rows: usize,
}

/// Keeps Redis up to date until the gateway is gone.
pub fn start(desk: &Arc<Desk>, options: MirrorOptions) -> AbortHandle {
    tokio::spawn(run(Arc::downgrade(desk), options)).abort_handle()
}

async fn run(desk: Weak<Desk>, options: MirrorOptions) {
    let connected = gauge!("hoga_mirror_connected");
    let mut pause = BACK_OFF.0;
    while desk.strong_count() > 0 {
        connected.set(0.0);
        let why = match Link::open(&options.server).await {
            Ok(link) => {
                tracing::info!("Redis is connected: everything is written anew");
                connected.set(1.0);
                let mut mirror = Mirror::new(link, options.clone());
                let kept = mirror.keep_up(&desk).await;
                if mirror.is_known {
                    pause = BACK_OFF.0;
                }
                match kept {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        tracing::warn!(%why, again_in_ms = pause.as_millis() as u64, "Redis is not there");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(BACK_OFF.1);
    }
}

/// What stands in Redis by way of one connection.
struct Mirror {
    link: Link,
    options: MirrorOptions,
    quotes: BTreeMap<InstrumentId, Quotes>,
    boards: Vec<Board>,
    followed: BTreeMap<InstrumentId, [Followed; 2]>,
    ranking: Option<Followed>,
    /// With whom a round begins.
    first: InstrumentId,
    boards_anew: Instant,
    bell: Arc<Notify>,
    /// A round has said that this node writes there.
    is_known: bool,
}

impl Mirror {
    fn new(link: Link, options: MirrorOptions) -> Mirror {
        Mirror {
            link,
            options,
            quotes: BTreeMap::new(),
            boards: BoardKind::ALL.map(Board::new).into(),
            followed: BTreeMap::new(),
            ranking: None,
            first: InstrumentId(0),
            boards_anew: Instant::now() + BOARDS_ANEW,
            bell: Arc::default(),
            is_known: false,
        }
    }

    /// Round after round, until the gateway is gone.
    async fn keep_up(&mut self, desk: &Weak<Desk>) -> RedisResult<()> {
        loop {
            let Some(desk) = desk.upgrade() else { return Ok(()) };
            let was_flushed = self.round(&desk).await?;
            drop(desk);
            if was_flushed {
                tracing::info!("Redis was flushed: everything is written anew");
                self.quotes.values_mut().for_each(Quotes::forget);
                self.boards.iter_mut().for_each(Board::forget);
                continue;
            }
            tokio::time::sleep(ROUND).await;
            // Quiet or not, the next round is due then.
            drop(timeout(QUIET - ROUND, self.bell.notified()).await);
        }
    }

    /// Writes what is new; true when what stood there is gone.
    async fn round(&mut self, desk: &Arc<Desk>) -> RedisResult<bool> {
        let mut pipeline = Pipeline::new();
        pipeline.atomic();
        let mirror = self.options.keys.of_node(keys::MIRROR, desk.exchange.options().node);
        pipeline.cmd("EXISTS").arg(&mirror);
        pipeline.cmd("SET").arg(&mirror).arg(env!("CARGO_PKG_VERSION"));
        let led = led(desk).await;
        let published = self.tell_quotes(desk, &led, &mut pipeline).await?;
        self.tell_boards(desk, &led, &mut pipeline).await;
        let answers: Vec<redis::Value> = self.link.send(&pipeline).await?;
        let existed = answers.first() == Some(&redis::Value::Int(1));
        counter!("hoga_mirror_trades_total").increment(published);
        let was_flushed = self.is_known && !existed;
        self.is_known = true;
        Ok(was_flushed)
    }

    async fn tell_quotes(
        &mut self,
        desk: &Desk,
        led: &BTreeSet<PartitionId>,
        pipeline: &mut Pipeline,
    ) -> RedisResult<u64> {
        let topology = desk.exchange.topology();
        let (mut published, mut room) = (0, TRADES_A_ROUND);
        let catalogue = desk.exchange.catalogue();
        // First whoever had no room in the round before.
        let (before, first) = (..self.first, self.first..);
        let instruments = &catalogue.instruments;
        for (id, instrument) in instruments.range(first).chain(instruments.range(before)) {
            if !led.contains(&topology.book_partition(*id)) {
                self.quotes.remove(id);
                self.followed.remove(id);
                continue;
            }
            if !self.quotes.contains_key(id) {
                let reached = self.reached(&instrument.symbol).await?;
                self.quotes.insert(*id, Quotes::behind(reached));
                let feed = desk.exchange.feed();
                let follow = |topic| feed.follow(topic, &self.bell);
                self.followed.insert(*id, [Topic::Book(*id), Topic::Trades(*id)].map(follow));
            }
            if let Some(quotes) = self.quotes.get_mut(id) {
                let told = quotes.tell(desk, *id, &self.options, room, pipeline).await;
                (published, room) = (published + told as u64, room - told);
                if room == 0 && told > 0 {
                    self.first = InstrumentId(id.0.wrapping_add(1));
                }
            }
        }
        Ok(published)
    }

    /// The last trade that was published, by whoever led then.
    async fn reached(&mut self, symbol: &str) -> RedisResult<u64> {
        let cursor = self.options.keys.of_symbol(keys::CURSOR, symbol);
        let mut pipeline = Pipeline::new();
        pipeline.cmd("GET").arg(cursor);
        let (reached,): (Option<u64>,) = self.link.send(&pipeline).await?;
        Ok(reached.unwrap_or(0))
    }

    async fn tell_boards(
        &mut self,
        desk: &Desk,
        led: &BTreeSet<PartitionId>,
        pipeline: &mut Pipeline,
    ) {
        if !led.contains(&Topology::BOARDS) {
            self.boards.iter_mut().for_each(Board::forget);
            self.ranking = None;
            return;
        }
        self.ranking.get_or_insert_with(|| desk.exchange.feed().follow(Topic::Ranking, &self.bell));
        if self.boards_anew <= Instant::now() {
            self.boards.iter_mut().for_each(Board::forget);
            self.boards_anew = Instant::now() + BOARDS_ANEW;
        }
        for board in &mut self.boards {
            board.tell(desk, &self.options, pipeline).await;
        }
    }
}

/// What this node leads for certain: one that is cut off believes so for as long as the cut lasts.
async fn led(desk: &Desk) -> BTreeSet<PartitionId> {
    let status = desk.exchange.status();
    let leading = status.iter().filter(|partition| partition.leads);
    // Side by side: where one takes its time, all do.
    let proofs = leading.map(async |partition| {
        let id = PartitionId(partition.id);
        desk.exchange.proves_to_lead(id).await.then_some(id)
    });
    join_all(proofs).await.into_iter().flatten().collect()
}
