//! What happens, as it happens: topics on open streams.
//!
//! Owns: the subscriptions of every stream ([`talk`]), what all who follow a ticker or a board
//! share ([`shared`]), the form of frames ([`frame`]) and of resume tokens ([`token`]).
//! Takes: frames of clients, each answered on the stream; the feed of this node.
//! Emits: a snapshot, then deltas whose numbers have no gap; a sign of life every 5 s.
//! On failure: a refused frame is answered with its refusal, and the stream goes on. A reader of
//! market data that is too slow gets a new snapshot. One of a private topic is told that its
//! subscription is over, with the token that resumes it. Nothing is kept for a reader but its
//! place: what it has not read stays in the ring that all share, and the ring is bounded.

mod candles;
mod content;
mod deltas;
mod frame;
mod log;
mod opening;
mod past;
mod queues;
mod ranking;
mod service;
mod shared;
mod subscription;
mod talk;
mod ticker;
mod token;
mod topic;

#[cfg(test)]
mod tests;

pub use service::Streams;
pub use shared::Shared;
