//! What one partition published last, and the rings of the topics that somebody follows.

use super::event::{FeedEvent, Numbered, Topic};
use super::ring::{Bell, Hears, Ring, Tail};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// Bytes of events that a partition keeps for whoever comes or comes back. A topic's ring is cut
/// out of them when somebody follows it: taking a chunk in costs the same for any number of
/// accounts, and nothing is copied for those that nobody follows.
pub(super) const SHELF_BYTES_MAX: usize = 8 << 20;

#[derive(Default)]
pub(super) struct Shelf {
    chunks: VecDeque<Arc<FeedEvent>>,
    bytes: usize,
    rings: HashMap<Topic, Ring>,
    /// Topics whose bells have to ring.
    news: Vec<Topic>,
    bells: u64,
    /// How often the partition's state was replaced by another.
    losses: Arc<AtomicU64>,
}

impl Shelf {
    /// Takes a chunk in. Returns whether a bell has to ring that did not have to before.
    pub fn take(&mut self, chunk: Arc<FeedEvent>) -> bool {
        let had_news = !self.news.is_empty();
        if !self.rings.is_empty() {
            self.file(&chunk);
        }
        self.bytes += chunk.weight();
        self.chunks.push_back(chunk);
        while self.bytes > SHELF_BYTES_MAX
            && let Some(oldest) = self.chunks.pop_front()
        {
            self.bytes -= oldest.weight();
        }
        !had_news && !self.news.is_empty()
    }

    fn file(&mut self, chunk: &FeedEvent) {
        let Shelf { rings, news, .. } = self;
        chunk.each(|topic, sequence, happened| {
            let Some(ring) = rings.get_mut(&topic) else { return };
            ring.push(sequence, chunk.index, chunk.time, happened());
            if !ring.has_news {
                ring.has_news = true;
                news.push(topic);
            }
        });
    }

    /// Forgets everything, because what comes next does not follow it, and rings every bell.
    pub fn lose(&mut self) {
        self.losses.fetch_add(1, Ordering::Release);
        self.chunks.clear();
        self.bytes = 0;
        self.news.clear();
        for (topic, ring) in &mut self.rings {
            ring.forget();
            self.news.push(*topic);
        }
    }

    pub fn losses(&self) -> Arc<AtomicU64> {
        self.losses.clone()
    }

    /// Number of a topic's newest event, for a follower that has come.
    pub fn newest(&mut self, topic: Topic) -> Arc<AtomicU64> {
        self.ring(topic).newest()
    }

    /// Somebody follows whose bell rings whenever there is news.
    pub fn follow(&mut self, topic: Topic, bell: Arc<Notify>) -> Bell {
        self.bells += 1;
        let id = Bell(self.bells);
        self.ring(topic).bells.push((id, bell));
        id
    }

    /// Somebody follows whose bell rings when it waits.
    pub fn listen(&mut self, topic: Topic) {
        self.ring(topic).listeners += 1;
    }

    fn ring(&mut self, topic: Topic) -> &mut Ring {
        let Shelf { chunks, rings, .. } = self;
        rings.entry(topic).or_insert_with(|| {
            let mut ring = Ring::of(topic);
            for chunk in chunks.iter() {
                chunk.each(|of, sequence, happened| {
                    if of == topic {
                        ring.push(sequence, chunk.index, chunk.time, happened());
                    }
                });
            }
            ring
        })
    }

    pub fn leave(&mut self, topic: Topic, bell: &Hears) {
        let Some(ring) = self.rings.get_mut(&topic) else { return };
        match bell {
            Hears::All(bell) => ring.bells.retain(|(id, _)| id != bell),
            Hears::Awaited { bell, .. } => {
                ring.listeners -= 1;
                ring.forget_waiting(bell);
            }
        }
        if ring.bells.is_empty() && ring.listeners == 0 {
            self.rings.remove(&topic);
        }
    }

    /// A listener that found nothing waits for news.
    pub fn wait(&mut self, topic: Topic, bell: &Arc<Notify>, round: &AtomicU64) {
        if let Some(ring) = self.rings.get_mut(&topic) {
            ring.wait(bell, round);
        }
    }

    pub fn read(&self, topic: Topic, after: u64, most: usize) -> Tail {
        self.rings.get(&topic).map_or(Tail::Nothing, |ring| ring.read(after, most))
    }

    pub fn last(&self, topic: Topic, until: u64, most: usize) -> Vec<Arc<Numbered>> {
        self.rings.get(&topic).map_or_else(Vec::new, |ring| ring.last(until, most))
    }

    /// The bells of all topics with news, which are news no more.
    pub fn bells_to_ring(&mut self) -> Vec<Arc<Notify>> {
        let mut bells = Vec::new();
        for topic in std::mem::take(&mut self.news) {
            if let Some(ring) = self.rings.get_mut(&topic) {
                bells.append(&mut ring.bells_to_ring());
            }
        }
        bells
    }

    #[cfg(test)]
    pub fn weighs(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub fn rings(&self) -> usize {
        self.rings.len()
    }
}
