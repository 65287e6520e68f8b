//! What nodes say to one another above consensus.

use crate::sim::words::NodeId;
use hoga_cluster::partition::{Carried, Entry};
use hoga_engine::effect::Answer;
use hoga_engine::ids::{AssetId, Origin, PartitionId};
use std::fmt;

/// A place in a partition's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub partition: PartitionId,
    pub index: u64,
}

/// Why a node did not take something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing was written.
    NotLeader(Option<NodeId>),
    /// Nothing was written: too much waits, or no space.
    Busy,
    /// It may have been written.
    Unknown,
}

/// Names one sending of a pump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    pub epoch: u64,
    pub number: u64,
}

/// An account's balances (available, held) at a place, as its leader read them.
pub type Balances = Vec<(AssetId, i128, i128)>;

#[derive(Clone, Debug)]
pub enum Packet {
    /// A request for a partition's sequencer.
    Ask {
        partition: PartitionId,
        origin: Origin,
        entry: Entry,
    },
    /// A question about an account.
    Read {
        partition: PartitionId,
        origin: Origin,
        account: Box<str>,
    },
    Refused {
        origin: Origin,
        why: Why,
    },
    Answered {
        origin: Origin,
        at: At,
        answer: Answer,
    },
    /// None for an account that does not exist.
    Seen {
        origin: Origin,
        at: At,
        balances: Option<Balances>,
    },
    /// Messages of an outbox.
    Inbound {
        source: PartitionId,
        to: PartitionId,
        sending: Sending,
        first: u64,
        messages: Vec<Carried>,
    },
    /// What became of them: the number of the next message expected.
    Taken {
        source: PartitionId,
        to: PartitionId,
        sending: Sending,
        next: Result<u64, Why>,
    },
}

impl Packet {
    /// The partitions that it concerns.
    #[must_use]
    pub fn about(&self) -> Vec<PartitionId> {
        match self {
            Packet::Ask { partition, .. } | Packet::Read { partition, .. } => vec![*partition],
            Packet::Answered { at, .. } | Packet::Seen { at, .. } => vec![at.partition],
            Packet::Inbound { source, to, .. } | Packet::Taken { source, to, .. } => {
                vec![*source, *to]
            }
            Packet::Refused { .. } => Vec::new(),
        }
    }
}

/// As a line of a conversation has it.
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Packet::Ask { origin, .. } => write!(f, "request {}", origin.request),
            Packet::Read { origin, .. } => write!(f, "question {}", origin.request),
            Packet::Refused { origin, why } => write!(f, "not {}: {why:?}", origin.request),
            Packet::Answered { origin, at, .. } => {
                write!(f, "answer to {}, from entry {}", origin.request, at.index)
            }
            Packet::Seen { origin, at, .. } => {
                write!(f, "what {} asks, as of entry {}", origin.request, at.index)
            }
            Packet::Inbound { source, to, first, messages, .. } => {
                let (source, to, last) = (source.0, to.0, first + messages.len() as u64 - 1);
                write!(f, "messages {first} to {last} of partition {source} for {to}")
            }
            Packet::Taken { source, to, next: Ok(next), .. } => {
                write!(f, "partition {} has those of {} before {next}", to.0, source.0)
            }
            Packet::Taken { source, to, next: Err(why), .. } => {
                write!(f, "partition {} takes nothing of {}: {why:?}", to.0, source.0)
            }
        }
    }
}
