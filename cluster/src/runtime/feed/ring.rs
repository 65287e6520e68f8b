//! The newest events of one topic, and who wants to hear of them.

use super::event::{Happened, Numbered, Topic};
use hoga_engine::time::Time;
use std::collections::VecDeque;
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

pub(super) struct Ring {
    /// Numbered without gaps, except where sets of marks were brought together.
    events: VecDeque<Arc<Numbered>>,
    events_max: usize,
    pub bells: Vec<(Bell, Arc<Notify>)>,
    pub has_news: bool,
}

impl Ring {
    pub fn of(topic: Topic) -> Ring {
        let events_max = if topic.is_private() { PRIVATE_EVENTS_MAX } else { PUBLIC_EVENTS_MAX };
        Ring { events: VecDeque::new(), events_max, bells: Vec::new(), has_news: false }
    }

    pub fn push(&mut self, sequence: u64, index: u64, time: Time, happened: Happened) {
        if self.events.len() == self.events_max {
            self.events.pop_front();
        }
        let wire = OnceLock::new();
        self.events.push_back(Arc::new(Numbered { sequence, index, time, happened, wire }));
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
