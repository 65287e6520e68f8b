//! What stands in a partition's log.

use super::meta::MetaCommand;
use hoga_actors::EntityId;
use hoga_engine::ids::PartitionId;
use hoga_engine::message::Message;
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use serde::{Deserialize, Serialize};

/// W3C trace id of the client's call that caused something; zero for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trace(pub u128);

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
    Resume { entity: EntityId },
}

/// A message on its way, with the trace of the command that caused it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    pub trace: Trace,
    pub message: Message,
}
