//! What is said while a snapshot is carried from one node to another.

use std::io;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::codec::{self, damaged};
use super::depot::{Block, SnapshotName};
use super::machine::SnapshotMeta;
use super::wire::{self, VoteForm};
use crate::log::{LogPosition, PartitionId};

/// A snapshot's name on the wire.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameForm {
    term: u64,
    index: u64,
    membership: Vec<u8>,
    generation: u64,
}

impl NameForm {
    pub fn of(name: &SnapshotName) -> NameForm {
        let SnapshotMeta { last, membership } = &name.meta;
        let membership = membership.to_vec();
        let generation = name.generation;
        NameForm { term: last.term, index: last.index, membership, generation }
    }

    pub fn meta(&self) -> SnapshotMeta {
        let last = LogPosition { term: self.term, index: self.index };
        SnapshotMeta { last, membership: Bytes::copy_from_slice(&self.membership) }
    }
}

/// What the giving side says. A block is followed by its bytes.
#[derive(Serialize, Deserialize)]
pub(super) enum Saying {
    /// May it be given, and from where on?
    Offer {
        vote: VoteForm,
        name: NameForm,
    },
    Block {
        name: NameForm,
        number: u64,
        cursor: Vec<u8>,
        crc: u32,
    },
    /// All blocks were given: install it.
    Done {
        vote: VoteForm,
        name: NameForm,
        blocks: u64,
    },
    /// It will not be gone on with.
    Abandoned {
        name: NameForm,
    },
}

/// What the taking side answers.
#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    /// Go on with this block, behind this cursor (from the beginning, when none).
    Next { number: u64, cursor: Option<Vec<u8>> },
    /// There is nothing to give: the replica has all of it.
    NotNeeded,
    /// It is installed, or was never needed; with the replica's vote.
    Installed { vote: VoteForm },
    /// The replica follows a later leader.
    HigherVote { vote: VoteForm },
    /// It cannot be taken now.
    Refused { cause: String },
}

pub(super) fn say(partition: PartitionId, saying: &Saying, bytes: &[u8]) -> Bytes {
    let mut body = wire::request(partition, saying);
    body.extend_from_slice(bytes);
    body.into()
}

/// Reads a saying, and the bytes behind it.
pub(super) fn hear(body: &[u8]) -> io::Result<(Saying, &[u8])> {
    postcard::take_from_bytes(body).map_err(|error| damaged(format!("a snapshot's part: {error}")))
}

pub(super) fn saying_of(name: &NameForm, number: u64, block: &Block) -> Saying {
    let cursor = block.cursor.to_vec();
    Saying::Block { name: name.clone(), number, cursor, crc: crc32c::crc32c(&block.bytes) }
}

pub(super) fn read_reply(body: &[u8]) -> io::Result<Option<Reply>> {
    wire::read_answer(body)
}

pub(super) use codec::decode_stored;
