//! A client: one request at a time, repeated under the same id until it is answered, and a
//! history of everything that it asked and heard.

use crate::sim::words::NodeId;
use hoga_cluster::partition::SessionRef;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::{InstrumentId, PartitionId};
use hoga_engine::pit::Chooser;
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;

use super::packet::At;

/// Something asked under an id.
#[derive(Clone, Debug)]
pub struct Op {
    pub account: Box<str>,
    pub partition: PartitionId,
    pub id: ClientId,
    pub request: Asked,
    pub body_hash: u64,
    pub sent_at: Option<Time>,
    /// What was known to be acknowledged anywhere when it was first asked.
    pub after: u64,
    pub answer: Option<(At, Answer)>,
    /// An attempt may have been written without an answer.
    pub was_unknown: bool,
    pub given_up: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    Account(AccountRequest),
    Meta(hoga_cluster::partition::MetaCommand),
    /// A feed's snapshot of an outside book.
    Post(InstrumentId, Box<Snapshot>),
    /// A session under this id; whether its end cancels the account's orders.
    Session(ClientId, bool),
    /// The account's balances.
    Read,
}

impl Op {
    #[must_use]
    pub fn envelope(&self, origin: hoga_engine::ids::Origin) -> Envelope {
        Envelope { origin, id: self.id, body_hash: self.body_hash, sent_at: self.sent_at }
    }
}

/// What a client is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trade {
    Operates,
    Trades,
    /// It posts snapshots, for the house whose account it has.
    Feeds,
}

pub struct Client {
    pub dice: Chooser,
    pub trade: Trade,
    pub account: Box<str>,
    /// Through which node it speaks.
    pub node: NodeId,
    pub ops: Vec<Op>,
    /// What it waits for, and how often it tried that.
    pub waits_for: Option<usize>,
    pub attempts: u64,
    /// The number of the attempt that counts; what earlier ones bring is noted all the same.
    pub attempt: u64,
    /// What it still has to ask before it wishes for anything, last first.
    pub script: Vec<Asked>,
    pub placed: Vec<ClientId>,
    pub numbers: u64,
    pub name: usize,
    /// The session that it has, and the process of its gateway.
    pub session: Option<Stream>,
    /// One that it had before.
    pub stale: Option<SessionRef>,
    /// In which opening it asked last.
    pub used: Option<u64>,
}

/// A session as its client has it.
#[derive(Clone, Debug)]
pub struct Stream {
    pub session: SessionRef,
    pub node: NodeId,
    pub incarnation: u32,
}
