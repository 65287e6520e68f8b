//! How votes, memberships and entries of consensus look in the log: a format of our own, so that
//! an old log stays readable whatever openraft does to its types.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use bytes::Bytes;
use openraft::{EmptyNode, EntryPayload, LogId};
use serde::{Deserialize, Serialize};

use super::types::{
    Batch, LeaderId, Members, NodeId, RaftEntry, RaftLogId, StoredMembers, Term, Vote,
};
use crate::log::{LogEntry, LogPosition};

const BLANK: u8 = 0;
const NORMAL: u8 = 1;
const MEMBERSHIP: u8 = 2;
const VOTE_BYTES: usize = 17;

pub(super) fn position(id: &RaftLogId) -> LogPosition {
    LogPosition { term: id.leader_id.term, index: id.index }
}

pub(super) fn log_id(at: LogPosition) -> RaftLogId {
    LogId { leader_id: Term::new(at.term), index: at.index }
}

pub(super) fn to_log(entry: RaftEntry) -> io::Result<LogEntry> {
    let at = position(&entry.log_id);
    let (tag, payload) = match entry.payload {
        EntryPayload::Blank => (BLANK, Bytes::new()),
        EntryPayload::Normal(batch) => (NORMAL, batch.0),
        EntryPayload::Membership(members) => (MEMBERSHIP, encode_members(&members)?),
    };
    Ok(LogEntry { at, tag, payload })
}

pub(super) fn from_log(entry: LogEntry) -> io::Result<RaftEntry> {
    let payload = match entry.tag {
        BLANK => EntryPayload::Blank,
        NORMAL => EntryPayload::Normal(Batch(entry.payload)),
        MEMBERSHIP => EntryPayload::Membership(decode_members(&entry.payload)?),
        other => return Err(damaged(format!("entry {} has the unknown tag {other}", entry.at))),
    };
    Ok(RaftEntry { log_id: log_id(entry.at), payload })
}

/// The batch in an entry of the log; none in an entry of consensus itself.
#[must_use]
pub fn batch_of(entry: &LogEntry) -> Option<&Bytes> {
    (entry.tag == NORMAL).then_some(&entry.payload)
}

pub(super) fn encode_vote(vote: &Vote) -> Bytes {
    let mut bytes = Vec::with_capacity(VOTE_BYTES);
    bytes.extend_from_slice(&vote.leader_id.term.to_le_bytes());
    bytes.extend_from_slice(&vote.leader_id.voted_for.to_le_bytes());
    bytes.push(u8::from(vote.committed));
    bytes.into()
}

pub(super) fn decode_vote(bytes: &[u8]) -> io::Result<Vote> {
    let fields: &[u8; VOTE_BYTES] =
        bytes.try_into().map_err(|_| damaged(format!("a vote of {} bytes", bytes.len())))?;
    let (term, rest) = fields.split_at(8);
    let (node, committed) = rest.split_at(8);
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let leader_id = LeaderId { term: number(term), voted_for: number(node) };
    Ok(Vote { leader_id, committed: committed == [1] })
}

/// Voters of each configuration (two while it changes), and all members.
#[derive(Serialize, Deserialize)]
struct MembersForm {
    configs: Vec<BTreeSet<NodeId>>,
    nodes: BTreeSet<NodeId>,
}

#[derive(Serialize, Deserialize)]
struct StoredMembersForm {
    term_and_index: Option<(u64, u64)>,
    members: MembersForm,
}

impl MembersForm {
    fn of(members: &Members) -> Self {
        let nodes = members.nodes().map(|(node, _)| *node).collect();
        Self { configs: members.get_joint_config().clone(), nodes }
    }

    fn members(self) -> io::Result<Members> {
        if self.configs.is_empty() {
            return Ok(Members::default());
        }
        let nodes: BTreeMap<NodeId, EmptyNode> =
            self.nodes.into_iter().map(|node| (node, EmptyNode {})).collect();
        Members::new(self.configs, nodes).map_err(|error| damaged(error.to_string()))
    }
}

fn encode_members(members: &Members) -> io::Result<Bytes> {
    encode(&MembersForm::of(members))
}

fn decode_members(bytes: &[u8]) -> io::Result<Members> {
    decode::<MembersForm>(bytes, "a membership")?.members()
}

pub(super) fn encode_stored(stored: &StoredMembers) -> io::Result<Bytes> {
    let term_and_index = stored.log_id().as_ref().map(|id| (id.leader_id.term, id.index));
    encode(&StoredMembersForm { term_and_index, members: MembersForm::of(stored.membership()) })
}

/// Nothing at all stands for the membership before the first one.
pub(super) fn decode_stored(bytes: &[u8]) -> io::Result<StoredMembers> {
    if bytes.is_empty() {
        return Ok(StoredMembers::default());
    }
    let form: StoredMembersForm = decode(bytes, "the membership of a snapshot")?;
    let at = form.term_and_index.map(|(term, index)| log_id(LogPosition { term, index }));
    Ok(StoredMembers::new(at, form.members.members()?))
}

fn encode(form: &impl Serialize) -> io::Result<Bytes> {
    postcard::to_stdvec(form).map(Bytes::from).map_err(io::Error::other)
}

pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| damaged(format!("{what}: {error}")))
}

pub(super) fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
