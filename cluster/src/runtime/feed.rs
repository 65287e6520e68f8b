//! What partitions publish as they apply: to whoever listens on this node.
//!
//! Owns: a shelf for each partition, with its newest events and a ring for each topic that
//! somebody follows. Takes: what every applied chunk published, also while the log is replayed at
//! start, so that a follower goes on where it was before a restart. Emits: events behind a
//! follower's place, and the sound of a bell when there are new ones. On failure: a follower that
//! is too slow finds that its place is gone and is told so; nobody ever makes apply wait.

mod event;
mod ring;
mod shelf;
#[cfg(test)]
mod tests;

pub use event::{FeedEvent, Happened, Numbered, Topic};
pub use ring::Tail;

use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use ring::Hears;
use shelf::Shelf;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// Chunks that a listener may be behind before it loses its place.
const BEHIND_MAX: usize = 4096;

/// Time between two rounds of the bells: what happens within goes out together, so that many
/// followers cost apply little on a busy machine.
const ROUND: Duration = Duration::from_millis(2);

/// What a listener to everything hears.
#[derive(Clone, Debug)]
pub enum News {
    Chunk(Arc<FeedEvent>),
    /// A partition's state was replaced: what led from the one to the other is not told.
    Replaced(PartitionId),
}

/// The node's feed. Cheap to clone.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    topology: Topology,
    chunks: broadcast::Sender<News>,
    shelves: BTreeMap<PartitionId, Mutex<Shelf>>,
    news: Arc<Notify>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The ringer looks, finds nothing left, and ends.
        self.news.notify_one();
    }
}

impl Feed {
    /// An empty feed with its ringer, a task of the runtime that this is called in.
    pub(crate) fn start(topology: Topology) -> Feed {
        let shelves = topology.partitions().map(|(id, _)| (id, Mutex::default())).collect();
        let news = Arc::new(Notify::new());
        let chunks = broadcast::channel(BEHIND_MAX).0;
        let inner = Arc::new(Inner { topology, chunks, shelves, news: news.clone() });
        tokio::spawn(ring_bells(Arc::downgrade(&inner), news));
        Feed(inner)
    }

    /// Everything from now on, chunk by chunk. A listener that falls behind loses its place.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.0.chunks.subscribe()
    }

    /// Follows a topic: from here on its ring is kept, and `bell` rings whenever there is news.
    #[must_use]
    pub fn follow(&self, topic: Topic, bell: &Arc<Notify>) -> Followed {
        let mut shelf = self.shelf(topic);
        let hears = Hears::All(shelf.follow(topic, bell.clone()));
        self.followed(topic, hears, &mut shelf)
    }

    /// The same for one of many: `bell` rings once when there is news behind a read that found
    /// no events. Who does not wait costs nothing.
    #[must_use]
    pub fn listen(&self, topic: Topic, bell: &Arc<Notify>) -> Followed {
        let mut shelf = self.shelf(topic);
        shelf.listen(topic);
        let hears = Hears::Awaited { bell: bell.clone(), round: AtomicU64::new(0) };
        self.followed(topic, hears, &mut shelf)
    }

    fn followed(&self, topic: Topic, hears: Hears, shelf: &mut Shelf) -> Followed {
        let (newest, losses) = (shelf.newest(topic), shelf.losses());
        let known = AtomicU64::new(losses.load(Ordering::Acquire));
        Followed { feed: self.clone(), topic, hears, newest, losses, known }
    }

    /// A partition's state was replaced: what led to it was not seen here. Whoever follows one of
    /// its topics has lost its place.
    pub(crate) fn lose(&self, partition: PartitionId) {
        let Some(shelf) = self.0.shelves.get(&partition) else { return };
        lock(shelf).lose();
        self.0.news.notify_one();
        self.tell(|| News::Replaced(partition));
    }

    pub(crate) fn publish(&self, event: FeedEvent) {
        if event.is_empty() {
            return;
        }
        let event = Arc::new(event);
        self.tell(|| News::Chunk(event.clone()));
        let Some(shelf) = self.0.shelves.get(&event.partition) else { return };
        let is_news = lock(shelf).take(event);
        if is_news {
            self.0.news.notify_one();
        }
    }

    fn tell(&self, news: impl FnOnce() -> News) {
        if self.0.chunks.receiver_count() > 0 {
            // Nobody listening any more is no failure.
            drop(self.0.chunks.send(news()));
        }
    }

    fn shelf(&self, topic: Topic) -> MutexGuard<'_, Shelf> {
        let partition = topic.partition(&self.0.topology);
        lock(&self.0.shelves[&partition])
    }
}

/// A topic that is followed. Ends when dropped.
pub struct Followed {
    feed: Feed,
    topic: Topic,
    hears: Hears,
    newest: Arc<AtomicU64>,
    /// Of its partition, and how many of them it knows of.
    losses: Arc<AtomicU64>,
    known: AtomicU64,
}

impl Followed {
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Number of the newest event, at a look: zero when there is none, and nothing when its place
    /// may be lost.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        let newest = self.newest.load(Ordering::Acquire);
        let losses = self.losses.load(Ordering::Acquire);
        (losses == self.known.load(Ordering::Relaxed)).then_some(newest)
    }

    /// Up to `most` events behind number `after`.
    #[must_use]
    pub fn read(&self, after: u64, most: usize) -> Tail {
        let mut shelf = self.feed.shelf(self.topic);
        let losses = self.losses.load(Ordering::Acquire);
        if self.known.swap(losses, Ordering::Relaxed) != losses {
            return Tail::Gone;
        }
        let tail = shelf.read(self.topic, after, most);
        if let (Tail::Nothing | Tail::Gone, Hears::Awaited { bell, round }) = (&tail, &self.hears) {
            shelf.wait(self.topic, bell, round);
        }
        tail
    }

    /// Up to `most` of the events up to number `until`, oldest first: what the ring has of them.
    #[must_use]
    pub fn last(&self, until: u64, most: usize) -> Vec<Arc<Numbered>> {
        self.feed.shelf(self.topic).last(self.topic, until, most)
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.feed.shelf(self.topic).leave(self.topic, &self.hears);
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    // Rings are changed one event at a time, so a panic leaves them whole.
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rings the bells of topics with news, beside apply, until the feed is gone.
async fn ring_bells(feed: Weak<Inner>, news: Arc<Notify>) {
    loop {
        news.notified().await;
        let Some(inner) = feed.upgrade() else { return };
        for shelf in inner.shelves.values() {
            let bells = lock(shelf).bells_to_ring();
            bells.iter().for_each(|bell| bell.notify_one());
        }
        drop(inner);
        tokio::time::sleep(ROUND).await;
    }
}
