//! The rules of trading as pure state machines.
//!
//! Owns: order books, accounts, ranking boards and what they say to one another.
//! Takes: commands and messages, each with the time of its log entry.
//! Emits: effects as data ([`effect::Effect`]); nothing here performs one.
//! On failure: a refusal is data ([`reject::Reject`]); a broken invariant panics, and the
//! supervisor of the entity rebuilds it from the log.
//!
//! Nothing in this crate knows a runtime, a clock, a disk, a network or a source of randomness,
//! and no result depends on the order in which a hash map is walked.

pub mod account;
pub mod amount;
pub mod board;
pub mod book;
pub mod candle;
pub mod client_id;
pub mod effect;
pub mod follow;
pub mod hash;
pub mod history;
pub mod ids;
pub mod instrument;
mod instrument_checks;
pub mod message;
pub mod notice;
pub mod order;
pub mod pit;
pub mod reject;
pub mod request;
pub mod session;
pub mod terms;
pub mod tick_table;
pub mod time;
pub mod topology;
