//! The newest events of one topic, and who wants to hear of them.

use super::event::{Happened, Numbered, Topic};
use hoga_engine::time::Time;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;

/// Events of a public topic that are kept for its followers.
pub(super) const PUBLIC_EVENTS_MAX: usize = 4_096;
/// Events of a private topic that are kept for its followers.
pub(super) const PRIVATE_EVENTS_MAX: usize = 512;

/// What there is behind a follower's place.
#[derive(Clone, Debug)]
pub enum Tail {
    /// Nothing yet.
    Nothing,
    /// The next events, without a gap.
    Events(Vec<Arc<Numbered>>),
    /// The events that come next are not kept any more.
    Gone,
}

/// Names one follower's bell within the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bell(pub u64);

/// When a follower's bell rings.
pub(super) enum Hears {
    /// Whenever there is news.
    All(Bell),
    /// Once for each time that it found nothing; `round` is when it waited last.
    Awaited { bell: Arc<Notify>, round: AtomicU64 },
}

pub(super) struct Ring {
    /// Numbered without gaps, except where sets of marks were brought together.
    events: VecDeque<Arc<Numbered>>,
    events_max: usize,
    /// Number of the newest, for followers to look at.
    newest: Arc<AtomicU64>,
    /// Followers with a bell that rings whenever there is news.
    pub bells: Vec<(Bell, Arc<Notify>)>,
    /// Followers with one that rings for those who wait.
    pub listeners: usize,
    /// Listeners that wait, and how often those were rung for before.
    waiting: Vec<Arc<Notify>>,
    rounds: u64,
    pub has_news: bool,
}

impl Ring {
    pub fn of(topic: Topic) -> Ring {
        let events_max = if topic.is_private() { PRIVATE_EVENTS_MAX } else { PUBLIC_EVENTS_MAX };
        Ring {
            events: VecDeque::new(),
            events_max,
            newest: Arc::default(),
            bells: Vec::new(),
            listeners: 0,
            waiting: Vec::new(),
            rounds: 1,
            has_news: false,
        }
    }

    pub fn push(&mut self, sequence: u64, index: u64, time: Time, happened: Happened) {
        if self.events.len() == self.events_max {
            self.events.pop_front();
        }
        self.newest.store(sequence, Ordering::Release);
        let wire = OnceLock::new();
        self.events.push_back(Arc::new(Numbered { sequence, index, time, happened, wire }));
    }

    pub fn newest(&self) -> Arc<AtomicU64> {
        self.newest.clone()
    }

    /// A listener waits; `round` is when it did so last.
    pub fn wait(&mut self, bell: &Arc<Notify>, round: &AtomicU64) {
        if round.swap(self.rounds, Ordering::Relaxed) != self.rounds {
            self.waiting.push(bell.clone());
        }
    }

    /// A listener goes.
    pub fn forget_waiting(&mut self, bell: &Arc<Notify>) {
        self.waiting.retain(|waiting| !Arc::ptr_eq(waiting, bell));
    }

    /// Whom to ring for now that there is news.
    pub fn bells_to_ring(&mut self) -> Vec<Arc<Notify>> {
        self.has_news = false;
        self.rounds += 1;
        let mut bells = std::mem::take(&mut self.waiting);
        bells.extend(self.bells.iter().map(|(_, bell)| bell.clone()));
        bells
    }

    /// Drops all events; there is news all the same.
    pub fn forget(&mut self) {
        self.events.clear();
        self.has_news = true;
    }

    /// Up to `most` events behind number `after`.
    pub fn read(&self, after: u64, most: usize) -> Tail {
        match (self.events.front(), self.events.back()) {
            (Some(first), Some(last)) => {
                if last.sequence <= after {
                    return Tail::Nothing;
                }
                if first.sequence > after + 1 {
                    return Tail::Gone;
                }
                let at = self.events.partition_point(|event| event.sequence <= after);
                Tail::Events(self.events.range(at..).take(most).cloned().collect())
            }
            _ => Tail::Nothing,
        }
    }

    /// Up to `most` of the events up to number `until`, oldest first.
    pub fn last(&self, until: u64, most: usize) -> Vec<Arc<Numbered>> {
        let end = self.events.partition_point(|event| event.sequence <= until);
        self.events.range(end.saturating_sub(most)..end).cloned().collect()
    }
}
