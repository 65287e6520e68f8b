//! What the runtimes of two nodes say to each other, besides consensus.

use super::read::ReadError;
use crate::link::{CallError, Lane, Links, NodeId};
use crate::partition::{Carried, Entry};
use bytes::Bytes;
use hoga_engine::ids::{Origin, PartitionId};
use hoga_engine::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Kinds of calls; those below 64 are consensus.
pub(crate) mod kind {
    pub const SUBMIT: u8 = 64;
    pub const CARRY: u8 = 65;
    pub const READ_INDEX: u8 = 66;
    pub const MEET: u8 = 67;
    pub const ENTER: u8 = 68;
    pub const MISSED: u8 = 69;
    pub const CHECKPOINT: u8 = 70;
    pub const GIVE_STATE: u8 = 71;
    pub const CLOCK: u8 = 72;
    pub const REACHED: u8 = 73;
}

/// How long another node may take to queue a request.
const SUBMIT_WITHIN: Duration = Duration::from_millis(500);
/// How long another node may take to log a batch out of an outbox.
const CARRY_WITHIN: Duration = Duration::from_secs(2);
/// How long a leader may take to say how far a read has to see: to prove that it leads, and to apply
/// what it had then.
pub(super) const READ_INDEX_WITHIN: Duration = Duration::from_millis(500);
/// How long another node may take to say who it is.
const MEET_WITHIN: Duration = Duration::from_secs(1);
/// How long another node may take to have a newcomer entered.
const ENTER_WITHIN: Duration = Duration::from_secs(5);
/// How long another node may take to say what it has at a checkpoint.
const CHECKPOINT_WITHIN: Duration = Duration::from_secs(2);
/// How long another node may take to say what its clock says; half of it is how wrong it may be
/// understood.
const CLOCK_WITHIN: Duration = Duration::from_millis(500);
/// How long another node may take to say which nodes it reaches.
const REACHED_WITHIN: Duration = Duration::from_millis(200);
/// How long another node may take to give its state.
const GIVE_STATE_WITHIN: Duration = Duration::from_secs(180);
/// The pause before another try, about: spread, so that nodes do not meet again.
const BACK_OFF_MS: (u64, u64) = (10, 50);

/// Requests of clients for a partition.
#[derive(Serialize, Deserialize)]
pub(crate) struct Submit {
    pub partition: u16,
    pub entries: Vec<(Origin, Entry)>,
}

/// What another node did with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Taken {
    All,
    /// None of them.
    NotLeader,
    /// None of them.
    DiskFull,
    /// Some of them, perhaps.
    Busy,
}

/// A batch out of an outbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct Carry {
    pub to: u16,
    pub source: u16,
    pub first: u64,
    pub messages: Vec<Carried>,
}

/// Who a node is, to one that starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Met {
    pub directory: u64,
    /// The data directories of those that founded the exchange, once it is founded.
    pub founders: Vec<(NodeId, u64)>,
}

/// A node that wants to take part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Enter {
    pub node: NodeId,
    pub directory: u64,
    pub link: Box<str>,
    pub gateway: Box<str>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entered {
    Yes,
    No(String),
    /// Nobody can say now.
    Later,
}

/// The hash that a replica has at a checkpoint; it is answered with that of the one who is told,
/// if that has come as far.
#[derive(Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub partition: u16,
    pub index: u64,
    pub hash: u64,
}

/// The other nodes.
#[derive(Clone)]
pub(crate) struct Peers {
    links: Links,
}

impl Peers {
    pub fn new(links: Links) -> Peers {
        Peers { links }
    }

    pub fn me(&self) -> NodeId {
        self.links.me()
    }

    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Differs by node and by moment; nothing depends on it but who tries first.
    pub fn back_off(&self) -> Duration {
        let moment = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().subsec_nanos();
        let (least, most) = BACK_OFF_MS;
        Duration::from_millis(least + (u64::from(moment / 1000) + self.me() * 13) % (most - least))
    }

    pub async fn submit(
        &self,
        to: NodeId,
        partition: PartitionId,
        entries: &[(Origin, Entry)],
    ) -> Result<Taken, CallError> {
        let body = encode(&(partition.0, entries));
        let answer = self.links.call(to, Lane::Messages, kind::SUBMIT, body, SUBMIT_WITHIN).await?;
        decode(&answer).ok_or(CallError::Unknown(to))
    }

    /// A batch with requests of that node came to nothing here. One that is not reached sees
    /// another leader soon, or gives up.
    pub fn missed(&self, to: NodeId, partition: PartitionId) {
        if let Err(error) = self.links.notify(to, kind::MISSED, encode(&partition.0)) {
            tracing::debug!(to, partition = partition.0, %error, "a missed batch was not told of");
        }
    }

    /// Whether the batch was logged and applied there.
    pub async fn carry(
        &self,
        leader: NodeId,
        to: PartitionId,
        source: PartitionId,
        first: u64,
        messages: &[Carried],
    ) -> bool {
        let body = encode(&(to.0, source.0, first, messages));
        let answer = self.links.call(leader, Lane::Messages, kind::CARRY, body, CARRY_WITHIN).await;
        answer.is_ok_and(|answer| decode(&answer) == Some(true))
    }

    /// How far a read of a partition has to see what was acknowledged before it.
    pub async fn read_index(
        &self,
        leader: NodeId,
        partition: PartitionId,
    ) -> Result<u64, ReadError> {
        let (body, within) = (encode(&partition.0), READ_INDEX_WITHIN);
        let index = self.ask(leader, Lane::Messages, kind::READ_INDEX, body, within).await;
        index.flatten().ok_or(ReadError::NoLeader(partition.0))
    }

    /// Tells a replica's hash at a checkpoint, and hears the other's there, if it has come so far;
    /// none when it was not told.
    pub async fn tell_checkpoint(
        &self,
        to: NodeId,
        partition: PartitionId,
        index: u64,
        hash: u64,
    ) -> Option<Option<u64>> {
        let body = encode(&Checkpoint { partition: partition.0, index, hash });
        self.ask(to, Lane::Messages, kind::CHECKPOINT, body, CHECKPOINT_WITHIN).await
    }

    /// Asks a node for its state of a partition; whether that was given.
    pub async fn ask_for_state(&self, from: NodeId, partition: PartitionId) -> bool {
        let (body, within) = (encode(&partition.0), GIVE_STATE_WITHIN);
        self.ask(from, Lane::Messages, kind::GIVE_STATE, body, within).await == Some(true)
    }

    /// What the clock of another node says.
    pub async fn clock(&self, node: NodeId) -> Option<Time> {
        self.ask(node, Lane::Votes, kind::CLOCK, Bytes::new(), CLOCK_WITHIN).await
    }

    /// The nodes that another node reaches, as far as it knows; none when it would not lead, because
    /// it stops or its disk is nearly full.
    pub async fn reached(&self, node: NodeId) -> Option<BTreeSet<NodeId>> {
        self.ask(node, Lane::Votes, kind::REACHED, Bytes::new(), REACHED_WITHIN).await
    }

    pub async fn meet(&self, node: NodeId) -> Option<Met> {
        self.ask(node, Lane::Messages, kind::MEET, Bytes::new(), MEET_WITHIN).await
    }

    pub async fn enter(&self, through: NodeId, newcomer: &Enter) -> Entered {
        let (body, within) = (encode(newcomer), ENTER_WITHIN);
        let entered = self.ask(through, Lane::Messages, kind::ENTER, body, within).await;
        entered.unwrap_or(Entered::Later)
    }

    /// What another node answers; none when it does not, or not in time.
    async fn ask<T: DeserializeOwned>(
        &self,
        to: NodeId,
        lane: Lane,
        kind: u8,
        body: Bytes,
        within: Duration,
    ) -> Option<T> {
        decode(&self.links.call(to, lane, kind, body, within).await.ok()?)
    }
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    postcard::to_stdvec(message).expect("a message always encodes").into()
}

/// None when it is no such message: peers of another version were refused before.
pub(crate) fn decode<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Option<T> {
    postcard::from_bytes(body).ok()
}
