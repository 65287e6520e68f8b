//! What consensus says, as a line of a conversation has it. Entries are counted from one, as the
//! world does.

use super::types::{SimLogId, SimTypes};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, VoteRequest, VoteResponse};

pub fn vote(what: &str, request: &VoteRequest<SimTypes>) -> String {
    let (term, last) = (request.vote.leader_id.term, end(request.last_log_id));
    format!("{what} for term {term}? my log ends at entry {last}")
}

pub fn voted(answer: &VoteResponse<SimTypes>) -> String {
    if answer.vote_granted { "yes".into() } else { "no".into() }
}

pub fn append(request: &AppendEntriesRequest<SimTypes>) -> String {
    let first = end(request.prev_log_id) + 1;
    let last = first + request.entries.len() as u64 - 1;
    let (term, committed) = (request.vote.leader_id.term, end(request.leader_commit));
    format!("entries {first} to {last}, term {term}; {committed} is committed")
}

pub fn appended(answer: &AppendEntriesResponse<SimTypes>) -> String {
    match answer {
        AppendEntriesResponse::Success => "they are durable here".into(),
        AppendEntriesResponse::PartialSuccess(last) => format!("durable up to {}", end(*last)),
        AppendEntriesResponse::Conflict => "mine differ before".into(),
        AppendEntriesResponse::HigherVote(vote) => {
            format!("I know of term {}", vote.leader_id.term)
        }
    }
}

fn end(last: Option<SimLogId>) -> u64 {
    last.map_or(0, |last| last.index + 1)
}
