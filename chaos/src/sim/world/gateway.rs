//! A gateway: it finds the leader, tries again while there is time, and never makes a second
//! request out of a retry.

use super::packet::{Balances, Packet, Why};
use super::session::Held;
use crate::sim::words::{MS, Nanos, NodeId, SECOND};
use hoga_engine::ids::{Origin, PartitionId};
use std::collections::BTreeMap;

/// How long one attempt may take before the request is sent again.
pub const ATTEMPT: Nanos = 500 * MS;
/// How long the gateway tries altogether.
pub const TOTAL: Nanos = 5 * SECOND;

/// How long an opening is waited for after its client was told that its outcome is unknown.
pub const OPENS_WITHIN: Nanos = 60 * SECOND;

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    Client(usize),
    /// The client was told that nobody knows; the opening of its session is waited for.
    Nobody,
    /// The gateway itself, which said that so many of its sessions lost their clients.
    Itself(usize),
}

/// A request that waits for its answer.
pub struct Under {
    pub asker: Asker,
    pub partition: PartitionId,
    /// What is sent, again if need be: always the same.
    pub packet: Packet,
    /// Some attempt may have been written.
    pub is_unknown: bool,
    /// The node that was named as leader.
    pub hint: Option<NodeId>,
    pub attempts: u64,
    /// An attempt is on its way.
    pub is_sent: bool,
}

/// What a client hears in the end.
#[derive(Clone, Debug)]
pub enum Heard {
    Answer(super::packet::At, hoga_engine::effect::Answer),
    Seen(super::packet::At, Option<Balances>),
    /// Definitely not done.
    Unavailable,
    Unknown,
}

#[derive(Default)]
pub struct Gateway {
    next: u64,
    pub under: BTreeMap<u64, Under>,
    /// Its sessions, by partition.
    pub held: BTreeMap<PartitionId, Held>,
}

impl Gateway {
    /// Gives a request its origin; `packet` is made with it.
    pub fn open(
        &mut self,
        node: NodeId,
        incarnation: u32,
        under: impl FnOnce(Origin) -> Under,
    ) -> Origin {
        self.next += 1;
        let origin = Origin { node: node as u16, incarnation, request: self.next };
        self.under.insert(self.next, under(origin));
        origin
    }

    /// Notes why an attempt came to nothing; true when it is to be tried again.
    pub fn refused(&mut self, request: u64, why: Why) -> bool {
        let Some(under) = self.under.get_mut(&request) else { return false };
        under.is_sent = false;
        match why {
            Why::NotLeader(hint) => under.hint = hint,
            Why::Busy => {}
            Why::Unknown => under.is_unknown = true,
        }
        true
    }

    /// Ends a request without an answer. An opening is waited for all the same.
    pub fn give_up(&mut self, request: u64) -> Option<(PartitionId, Asker, Heard)> {
        let under = self.under.get_mut(&request)?;
        if under.opens().is_some() && matches!(under.asker, Asker::Client(_)) {
            let asker = std::mem::replace(&mut under.asker, Asker::Nobody);
            return Some((under.partition, asker, Heard::Unknown));
        }
        let under = self.under.remove(&request)?;
        let is_unknown = under.is_unknown || under.is_sent;
        Some((
            under.partition,
            under.asker,
            if is_unknown { Heard::Unknown } else { Heard::Unavailable },
        ))
    }
}
