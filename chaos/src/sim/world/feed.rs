//! Market data: what each replica keeps ready, and subscribers that follow a book across nodes.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::effect::MarketEvent;
use hoga_engine::ids::InstrumentId;
use hoga_engine::order::Side;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Entries with market events that a replica keeps for subscribers that come back.
const KEPT: usize = 48;

pub type Event = (InstrumentId, MarketEvent);

/// The newest market events of a replica.
#[derive(Default)]
pub struct Ring {
    events: VecDeque<(u64, Arc<[Event]>)>,
    /// Everything behind this index is in the ring.
    pub complete_after: u64,
}

impl Ring {
    #[must_use]
    pub fn new(complete_after: u64) -> Ring {
        Ring { events: VecDeque::new(), complete_after }
    }

    pub fn push(&mut self, index: u64, events: Arc<[Event]>) {
        if events.is_empty() {
            return;
        }
        self.events.push_back((index, events));
        while self.events.len() > KEPT {
            if let Some((gone, _)) = self.events.pop_front() {
                self.complete_after = gone;
            }
        }
    }

    /// Everything behind a token; none when it is not complete any more.
    #[must_use]
    pub fn after(&self, token: u64) -> Option<Vec<(u64, Vec<Event>)>> {
        let is_complete = token >= self.complete_after;
        is_complete.then(|| {
            let behind = self.events.iter().filter(|(index, _)| *index > token);
            behind.map(|(index, events)| (*index, events.to_vec())).collect()
        })
    }
}

/// A book as a subscriber knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub levels: BTreeMap<(Side, Ticks), Lots>,
    pub sequence: u64,
    pub trade: u64,
}

/// Follows the books of one partition.
pub struct Subscriber {
    pub partition: hoga_engine::ids::PartitionId,
    pub node: crate::sim::words::NodeId,
    /// Everything up to this index was seen.
    pub token: u64,
    /// How far its node was when it looked there last.
    pub looked_at: u64,
    pub books: BTreeMap<InstrumentId, Shown>,
}

impl Shown {
    /// Takes an event; false when it does not follow the one before.
    pub fn take(&mut self, event: &MarketEvent) -> bool {
        match *event {
            MarketEvent::Trade { no, .. } => {
                let follows = no.0 == self.trade + 1;
                self.trade = no.0;
                follows
            }
            // Nobody follows candles here.
            MarketEvent::CandlesEnded { .. } => true,
            MarketEvent::Indicated { sequence, .. } | MarketEvent::Phase { sequence, .. } => {
                let follows = sequence == self.sequence + 1;
                self.sequence = sequence;
                follows
            }
            MarketEvent::Level { sequence, side, price, quantity } => {
                let follows = sequence == self.sequence + 1;
                self.sequence = sequence;
                if quantity.is_zero() {
                    self.levels.remove(&(side, price));
                } else {
                    self.levels.insert((side, price), quantity);
                }
                follows
            }
        }
    }

    /// The book as a listing shows it.
    #[must_use]
    pub fn of(listing: &hoga_engine::book::Listing) -> Shown {
        let sides = [Side::Buy, Side::Sell].into_iter();
        let levels =
            sides.flat_map(|side| listing.levels(side).map(move |it| ((side, it.0), it.1)));
        let levels = levels.collect();
        Shown { levels, sequence: listing.sequence(), trade: listing.trades().0 }
    }
}
