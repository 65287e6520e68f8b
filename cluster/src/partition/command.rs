//! What stands in a partition's log.

use super::meta::MetaCommand;
use super::sessions::SessionRef;
use hoga_actors::EntityId;
use hoga_engine::client_id::ClientId;
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::{InstrumentId, Origin, PartitionId};
use hoga_engine::message::{BookMessage, Message};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use serde::{Deserialize, Serialize};

/// W3C trace id of the client's call that caused something; zero for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trace(pub u128);

/// Odd, so that multiplying by them loses nothing.
const SPREAD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];
const GATHER: [u64; 2] = [inverse(SPREAD[0]), inverse(SPREAD[1])];

impl Trace {
    /// A trace of a gateway's own: its run in the upper half, its number in the lower, spread so
    /// that the ids look random to whoever samples by their last digits.
    #[must_use]
    pub const fn numbered(run: u64, number: u64) -> Trace {
        let mixed = number.wrapping_mul(SPREAD[0]);
        let low = (mixed ^ mixed >> 32).wrapping_mul(SPREAD[1]);
        Trace((run as u128) << 64 | low as u128)
    }

    #[must_use]
    pub(super) const fn run(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// What [`Trace::numbered`] was given; any number for a trace that it did not make.
    #[must_use]
    pub(super) const fn number(self) -> u64 {
        let mixed = (self.0 as u64).wrapping_mul(GATHER[1]);
        (mixed ^ mixed >> 32).wrapping_mul(GATHER[0])
    }
}

/// What undoes multiplying by an odd number; each step doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut right = 3;
    while right < 64 {
        found = found.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(found)));
        right *= 2;
    }
    found
}

/// One log record: commands that were written together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The leader's clock. Entry time is the larger of this and the entry before.
    pub time: Time,
    pub entries: Vec<Entry>,
}

/// A command with the trace of who caused it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub trace: Trace,
    pub command: Command,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// A request for an account, named as its owner names it.
    Request { account: Box<str>, envelope: Envelope, request: AccountRequest },
    /// A change of assets or instruments, in the meta partition.
    Meta { envelope: Envelope, command: MetaCommand },
    /// Messages from another partition's outbox, numbered from `first`.
    Inbound { source: PartitionId, first: u64, messages: Vec<Carried> },
    /// The partition `to` has everything below `next`.
    OutboxAck { to: PartitionId, next: u64 },
    /// Time goes on.
    Tick,
    /// An operator lets a suspended entity go on.
    Resume { entity: EntityId, origin: Origin },
    /// Every replica takes the hash of its state here, to compare it with the others'.
    Checkpoint,
    /// A feed's snapshot of the outside book that an instrument follows. Its number tells a
    /// repetition.
    Post { instrument: InstrumentId, origin: Origin, snapshot: Box<Snapshot> },
    /// A client opens a named session of its account, or takes it from an older stream.
    OpenSession { account: Box<str>, id: ClientId, cancels: bool, origin: Origin },
    /// As [`Command::Request`], and refused when the session was opened again since.
    InSession { id: ClientId, epoch: u64, asked: Box<(Box<str>, Envelope, AccountRequest)> },
    /// The gateway of the origin is there, and these of its sessions lost their clients.
    Attend { origin: Origin, lost: Vec<SessionRef> },
}

/// Bytes in a log, at most and nearly: of a request, of another partition's message, of what has
/// nothing to say but itself, and of a candle, a level and a session.
const REQUEST: usize = 128;
const MESSAGE: usize = 96;
const NOTE: usize = 16;
const BAR: usize = 64;
const LEVEL: usize = 24;
const SESSION: usize = 80;

impl Entry {
    /// About how many bytes it takes, in a log or on a link. Nearly all are small; a few have lists,
    /// and a batch of those has to stay within what a record and a frame may have.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.command {
            Command::Tick | Command::OutboxAck { .. } | Command::Checkpoint => NOTE,
            Command::Inbound { messages, .. } => {
                NOTE + messages.iter().map(Carried::weight).sum::<usize>()
            }
            Command::Post { snapshot, .. } => {
                REQUEST + (snapshot.bids.len() + snapshot.asks.len()) * LEVEL
            }
            Command::Attend { lost, .. } => REQUEST + lost.len() * SESSION,
            Command::Meta { command: MetaCommand::ImportCandles { import, .. }, .. } => {
                REQUEST + import.bars.len() * BAR
            }
            _ => REQUEST,
        }
    }
}

impl Carried {
    /// As [`Entry::weight`].
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.message {
            Message::ToBook(_, BookMessage::Import(import)) => MESSAGE + import.bars.len() * BAR,
            _ => MESSAGE,
        }
    }
}

/// How many of the first fit into so many bytes: at least one, as long as there is one.
#[must_use]
pub fn that_fit(weights: impl Iterator<Item = usize>, bytes: usize) -> usize {
    let mut room = bytes;
    let more = |(at, weight): &(usize, usize)| {
        let fits = *at == 0 || *weight <= room;
        room = room.saturating_sub(*weight);
        fits
    };
    weights.enumerate().take_while(more).count()
}

/// A message on its way, with the trace of the command that caused it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    pub trace: Trace,
    pub message: Message,
}
