//! What nodes say to one another above consensus.

use crate::sim::words::NodeId;
use hoga_cluster::partition::{Carried, Entry};
use hoga_engine::effect::Answer;
use hoga_engine::ids::{AssetId, Origin, PartitionId};

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
