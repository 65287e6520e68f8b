//! What replicas of a partition say to each other, as bytes: a format of our own, so that what
//! openraft does to its types does not change what nodes say.
//!
//! A request is the partition's number and then its form; an answer is one byte, 0 when there is
//! one, and then its form. Entries are written as they are, one copy and no more.

use std::io;

use bytes::Bytes;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, TransferLeaderError, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use serde::{Deserialize, Serialize};

use super::codec::{self, damaged};
use super::types::{LeaderId, NodeId, RaftLogId, RaftTypes, Vote};
use crate::log::{LogEntry, LogPosition, PartitionId};

/// The kinds of frames that are consensus's own; others use other numbers.
pub const KINDS: std::ops::RangeInclusive<u8> = 1..=31;

pub(super) const APPEND: u8 = 1;
pub(super) const VOTE: u8 = 2;
pub(super) const PRE_VOTE: u8 = 3;
pub(super) const TRANSFER: u8 = 4;
pub(super) const SNAPSHOT: u8 = 5;

const ANSWERED: u8 = 0;
const NOT_HERE: u8 = 1;

/// What an entry takes besides its payload: term, index, tag, length.
const ENTRY_BYTES: usize = 8 + 8 + 1 + 4;

type Position = (u64, u64);

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct VoteForm {
    term: u64,
    node: NodeId,
    is_committed: bool,
}

impl From<Vote> for VoteForm {
    fn from(vote: Vote) -> Self {
        let LeaderId { term, voted_for } = vote.leader_id;
        VoteForm { term, node: voted_for, is_committed: vote.committed }
    }
}

impl From<VoteForm> for Vote {
    fn from(form: VoteForm) -> Self {
        let leader_id = LeaderId { term: form.term, voted_for: form.node };
        Vote { leader_id, committed: form.is_committed }
    }
}

fn position(id: Option<RaftLogId>) -> Option<Position> {
    id.map(|id| (id.leader_id.term, id.index))
}

fn log_id(at: Option<Position>) -> Option<RaftLogId> {
    at.map(|(term, index)| codec::log_id(LogPosition { term, index }))
}

#[derive(Serialize, Deserialize)]
struct AppendForm {
    vote: VoteForm,
    previous: Option<Position>,
    committed: Option<Position>,
    entries: u64,
}

#[derive(Serialize, Deserialize)]
enum AppendedForm {
    All,
    Through(Option<Position>),
    Conflict,
    HigherVote(VoteForm),
}

#[derive(Serialize, Deserialize)]
struct AskVoteForm {
    vote: VoteForm,
    last: Option<Position>,
    is_transfer: bool,
}

#[derive(Serialize, Deserialize)]
struct VotedForm {
    vote: VoteForm,
    is_granted: bool,
    last: Option<Position>,
}

#[derive(Serialize, Deserialize)]
struct TransferForm {
    from: VoteForm,
    to: NodeId,
    last: Option<Position>,
}

#[derive(Serialize, Deserialize)]
enum TransferredForm {
    Done,
    VoteChanged { expected: VoteForm, actual: VoteForm },
    NotFlushed { expected: Option<Position>, actual: Option<Position> },
}

/// Begins a request to the replica of a partition on another node.
pub(super) fn request(partition: PartitionId, form: &impl Serialize) -> Vec<u8> {
    let body = partition.0.to_le_bytes().to_vec();
    postcard::to_extend(form, body).expect("plain fields encode")
}

/// Takes the partition off a request.
pub(super) fn addressee(mut body: Bytes) -> io::Result<(PartitionId, Bytes)> {
    if body.len() < 4 {
        return Err(damaged("a request without a partition".into()));
    }
    let rest = body.split_off(4);
    let number = u32::from_le_bytes(body.as_ref().try_into().expect("four bytes"));
    Ok((PartitionId(number), rest))
}

pub(super) fn answer(form: &impl Serialize) -> Bytes {
    postcard::to_extend(form, vec![ANSWERED]).expect("plain fields encode").into()
}

/// The answer where there is no replica, or none that runs.
pub(super) fn not_here() -> Bytes {
    Bytes::from_static(&[NOT_HERE])
}

/// Reads an answer; nothing when there is no replica that runs.
pub(super) fn read_answer<T: for<'de> Deserialize<'de>>(body: &[u8]) -> io::Result<Option<T>> {
    match body.split_first() {
        Some((&ANSWERED, form)) => codec::decode(form, "an answer").map(Some),
        Some((&NOT_HERE, [])) => Ok(None),
        _ => Err(damaged("an answer that is none".into())),
    }
}

pub(super) fn read_request<T: for<'de> Deserialize<'de>>(body: &[u8]) -> io::Result<T> {
    codec::decode(body, "a request")
}

pub(super) fn append_request<C: RaftTypes>(
    partition: PartitionId,
    request_of: AppendEntriesRequest<C>,
) -> io::Result<Bytes> {
    let AppendEntriesRequest { vote, prev_log_id, entries, leader_commit } = request_of;
    let form = AppendForm {
        vote: vote.into(),
        previous: position(prev_log_id),
        committed: position(leader_commit),
        entries: entries.len() as u64,
    };
    let mut body = request(partition, &form);
    let entries = entries.into_iter().map(codec::to_log).collect::<io::Result<Vec<_>>>()?;
    body.reserve(entries.iter().map(|entry| ENTRY_BYTES + entry.payload.len()).sum());
    for LogEntry { at, tag, payload } in entries {
        body.extend_from_slice(&at.term.to_le_bytes());
        body.extend_from_slice(&at.index.to_le_bytes());
        body.push(tag);
        body.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        body.extend_from_slice(&payload);
    }
    Ok(body.into())
}

pub(super) fn read_append<C: RaftTypes>(body: &[u8]) -> io::Result<AppendEntriesRequest<C>> {
    let read = postcard::take_from_bytes::<AppendForm>(body);
    let (form, mut rest) = read.map_err(|error| damaged(format!("an append: {error}")))?;
    let mut entries = Vec::new();
    for _ in 0..form.entries {
        let (entry, after) = split_entry(rest).ok_or_else(|| damaged("an entry cut off".into()))?;
        entries.push(codec::from_log(entry)?);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(damaged("bytes behind the last entry of an append".into()));
    }
    Ok(AppendEntriesRequest {
        vote: form.vote.into(),
        prev_log_id: log_id(form.previous),
        entries,
        leader_commit: log_id(form.committed),
    })
}

/// Takes one entry. Its payload is copied: the log may keep it long after what it came in.
fn split_entry(bytes: &[u8]) -> Option<(LogEntry, &[u8])> {
    let (term, rest) = bytes.split_first_chunk()?;
    let (index, rest) = rest.split_first_chunk()?;
    let (tag, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let at = LogPosition { term: u64::from_le_bytes(*term), index: u64::from_le_bytes(*index) };
    Some((LogEntry { at, tag: *tag, payload: Bytes::copy_from_slice(payload) }, rest))
}

pub(super) fn appended<C: RaftTypes>(response: AppendEntriesResponse<C>) -> Bytes {
    answer(&match response {
        AppendEntriesResponse::Success => AppendedForm::All,
        AppendEntriesResponse::PartialSuccess(through) => AppendedForm::Through(position(through)),
        AppendEntriesResponse::Conflict => AppendedForm::Conflict,
        AppendEntriesResponse::HigherVote(vote) => AppendedForm::HigherVote(vote.into()),
    })
}

pub(super) fn read_appended<C: RaftTypes>(
    body: &[u8],
) -> io::Result<Option<AppendEntriesResponse<C>>> {
    Ok(read_answer(body)?.map(|form| match form {
        AppendedForm::All => AppendEntriesResponse::Success,
        AppendedForm::Through(at) => AppendEntriesResponse::PartialSuccess(log_id(at)),
        AppendedForm::Conflict => AppendEntriesResponse::Conflict,
        AppendedForm::HigherVote(vote) => AppendEntriesResponse::HigherVote(vote.into()),
    }))
}

pub(super) fn vote_request<C: RaftTypes>(partition: PartitionId, asked: VoteRequest<C>) -> Bytes {
    let is_transfer = asked.leadership_transfer;
    let last = position(asked.last_log_id);
    request(partition, &AskVoteForm { vote: asked.vote.into(), last, is_transfer }).into()
}

pub(super) fn read_vote<C: RaftTypes>(body: &[u8]) -> io::Result<VoteRequest<C>> {
    let AskVoteForm { vote, last, is_transfer } = read_request(body)?;
    let mut asked = VoteRequest::new(vote.into(), log_id(last));
    asked.leadership_transfer = is_transfer;
    Ok(asked)
}

pub(super) fn voted<C: RaftTypes>(response: VoteResponse<C>) -> Bytes {
    let VoteResponse { vote, vote_granted, last_log_id } = response;
    let last = position(last_log_id);
    answer(&VotedForm { vote: vote.into(), is_granted: vote_granted, last })
}

pub(super) fn read_voted<C: RaftTypes>(body: &[u8]) -> io::Result<Option<VoteResponse<C>>> {
    Ok(read_answer(body)?.map(|form: VotedForm| {
        VoteResponse::new(Vote::from(form.vote), log_id(form.last), form.is_granted)
    }))
}

pub(super) fn transfer_request<C: RaftTypes>(
    partition: PartitionId,
    asked: &TransferLeaderRequest<C>,
) -> Bytes {
    let last = position(asked.last_log_id().copied());
    let from = (*asked.from_leader()).into();
    request(partition, &TransferForm { from, to: *asked.to_node_id(), last }).into()
}

pub(super) fn read_transfer<C: RaftTypes>(body: &[u8]) -> io::Result<TransferLeaderRequest<C>> {
    let TransferForm { from, to, last } = read_request(body)?;
    Ok(TransferLeaderRequest::new(from.into(), to, log_id(last)))
}

pub(super) fn transferred<C: RaftTypes>(response: TransferLeaderResponse<C>) -> Bytes {
    answer(&match response {
        Ok(()) => TransferredForm::Done,
        Err(TransferLeaderError::VoteChanged { expected, actual }) => {
            let (expected, actual) = (expected.into(), actual.into());
            TransferredForm::VoteChanged { expected, actual }
        }
        Err(TransferLeaderError::LogNotFlushed { expected, actual }) => {
            let (expected, actual) = (position(expected), position(actual));
            TransferredForm::NotFlushed { expected, actual }
        }
    })
}

pub(super) fn read_transferred<C: RaftTypes>(
    body: &[u8],
) -> io::Result<Option<TransferLeaderResponse<C>>> {
    Ok(read_answer(body)?.map(|form| match form {
        TransferredForm::Done => Ok(()),
        TransferredForm::VoteChanged { expected, actual } => {
            let (expected, actual) = (expected.into(), actual.into());
            Err(TransferLeaderError::VoteChanged { expected, actual })
        }
        TransferredForm::NotFlushed { expected, actual } => {
            let (expected, actual) = (log_id(expected), log_id(actual));
            Err(TransferLeaderError::LogNotFlushed { expected, actual })
        }
    }))
}
