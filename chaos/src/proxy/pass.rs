//! One direction of a connection: bytes in order, as late as the way is slow, and held while it
//! is cut.

use super::{LOSS_WHOLE, Network, Side, Way, Weather};
use crate::chance::Chance;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// Bytes of a chunk.
const CHUNK_BYTES: usize = 16 << 10;
/// Chunks under way in one direction, 4 MiB; whoever sends more waits, as on a full pipe.
const CHUNKS_MAX: usize = 256;
/// After how long what was lost is sent again: the least that TCP waits. It doubles each time.
const SENT_AGAIN: Duration = Duration::from_millis(200);
/// How often the same chunk is lost at most.
const LOST_MAX: u32 = 5;

struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

pub(super) struct Pass {
    way: (Side, Side),
    weather: watch::Receiver<Weather>,
    chance: Chance,
}

/// Waits until a way is not cut.
pub(super) async fn until_open(weather: &mut watch::Receiver<Weather>, way: (Side, Side)) {
    // The sender lives as long as the run does.
    let _ = weather.wait_for(|weather| !of(weather, way).is_cut).await;
}

fn of(weather: &Weather, way: (Side, Side)) -> Way {
    weather.ways.get(&way).copied().unwrap_or_default()
}

impl Pass {
    pub fn new(network: &Network, way: (Side, Side)) -> Pass {
        Pass { way, weather: network.weather.subscribe(), chance: network.fork_chance() }
    }

    /// Passes bytes on until the reading end is at its end; then closes the writing one.
    pub async fn run(self, from: ReadHalf<'_>, to: WriteHalf<'_>) -> io::Result<()> {
        let (queue, waiting) = mpsc::channel(CHUNKS_MAX);
        let (weather, way) = (self.weather.clone(), self.way);
        tokio::try_join!(self.take(from, queue), give(to, waiting, weather, way))?;
        Ok(())
    }

    async fn take(mut self, mut from: ReadHalf<'_>, queue: mpsc::Sender<Chunk>) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                return Ok(());
            }
            let way = of(&self.weather.borrow(), self.way);
            let due = Instant::now() + way.delay + self.sent_again(way.loss);
            let chunk = Chunk { due, bytes: buffer[..count].to_vec() };
            if queue.send(chunk).await.is_err() {
                return Ok(());
            }
        }
    }

    /// How much later a chunk comes because it was lost.
    fn sent_again(&mut self, loss: u32) -> Duration {
        let mut late = Duration::ZERO;
        let mut times = 0;
        while loss > 0
            && times < LOST_MAX
            && self.chance.between(0, u64::from(LOSS_WHOLE) - 1) < u64::from(loss)
        {
            late += SENT_AGAIN * 2_u32.pow(times);
            times += 1;
        }
        late
    }
}

async fn give(
    mut to: WriteHalf<'_>,
    mut waiting: mpsc::Receiver<Chunk>,
    mut weather: watch::Receiver<Weather>,
    way: (Side, Side),
) -> io::Result<()> {
    while let Some(chunk) = waiting.recv().await {
        // Order is kept: what is behind a late chunk waits with it.
        sleep_until(chunk.due).await;
        until_open(&mut weather, way).await;
        to.write_all(&chunk.bytes).await?;
    }
    until_open(&mut weather, way).await;
    to.shutdown().await
}
