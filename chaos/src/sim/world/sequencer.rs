//! Batches what is asked of a partition, as the product's sequencer does: one batch is under way
//! and the next gathers meanwhile, consequences of other partitions first.

use super::packet::Sending;
use crate::sim::words::NodeId;
use hoga_cluster::partition::{Carried, Command, Entry, Trace};
use hoga_engine::ids::{Origin, PartitionId};
use std::collections::VecDeque;

/// How much may wait for a sequencer; who comes later is told that the partition is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub clients: usize,
    /// Sendings of other partitions.
    pub inbound: usize,
}

/// Messages of another partition, with whom to tell.
pub struct Waiting {
    pub from: NodeId,
    pub source: PartitionId,
    pub sending: Sending,
    pub first: u64,
    pub messages: Vec<Carried>,
}

/// Whom to tell what became of a batch.
#[derive(Default)]
pub struct Concerned {
    pub clients: Vec<Origin>,
    pub pumps: Vec<(NodeId, PartitionId, Sending)>,
}

#[derive(Default)]
pub struct Sequencer {
    clients: VecDeque<(Origin, Entry)>,
    inbound: VecDeque<Waiting>,
    /// Commands of the partition itself: ticks and acknowledgements.
    own: Vec<Command>,
    pub under_way: Option<(u64, Concerned)>,
}

impl Sequencer {
    pub fn ask(&mut self, origin: Origin, entry: Entry) {
        self.clients.push_back((origin, entry));
    }

    pub fn hear(&mut self, waiting: Waiting) {
        self.inbound.push_back(waiting);
    }

    pub fn order(&mut self, command: Command) {
        self.own.push(command);
    }

    /// How much waits now.
    #[must_use]
    pub fn waiting(&self) -> Room {
        Room { clients: self.clients.len(), inbound: self.inbound.len() }
    }

    /// The next batch, when none is under way and there is something.
    pub fn gather(&mut self, ticket: u64, most: usize) -> Option<Vec<Entry>> {
        if self.under_way.is_some() {
            return None;
        }
        let (mut entries, mut concerned, mut commands) = (Vec::new(), Concerned::default(), 0);
        while commands < most
            && let Some(waiting) = self.inbound.pop_front()
        {
            let Waiting { from, source, sending, first, messages } = waiting;
            commands += messages.len();
            concerned.pumps.push((from, source, sending));
            let command = Command::Inbound { source, first, messages };
            entries.push(Entry { trace: Trace::default(), command });
        }
        while commands < most
            && let Some((origin, entry)) = self.clients.pop_front()
        {
            commands += 1;
            concerned.clients.push(origin);
            entries.push(entry);
        }
        let own = self.own.drain(..);
        entries.extend(own.map(|command| Entry { trace: Trace::default(), command }));
        if entries.is_empty() {
            return None;
        }
        self.under_way = Some((ticket, concerned));
        Some(entries)
    }

    /// Everybody who waits for a batch that was not proposed.
    pub fn flush(&mut self) -> Concerned {
        self.own.clear();
        Concerned {
            clients: self.clients.drain(..).map(|(origin, _)| origin).collect(),
            pumps: self.inbound.drain(..).map(|w| (w.from, w.source, w.sending)).collect(),
        }
    }
}
