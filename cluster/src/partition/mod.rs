//! A partition: the pure bookkeeping around its entities.
//!
//! Owns: the account directory, the catalogue, inbox counters, outboxes, sub-accounts,
//! suspensions ([`Core`]).
//! Takes: committed batches ([`Batch`]), in log order.
//! Emits: slices for entities ([`Chunk`]), and from their effects what has to leave
//! ([`Absorbed`]).
//! On failure: nothing here does I/O; a batch that does not decode is a bug of its writer.

mod absorb;
mod chunk;
mod closing;
mod command;
mod core;
mod directory;
mod leader_time;
mod meta;
mod nodes;
mod outbox;
pub mod placement;
mod plan;
mod presence;
mod record;
mod sessions;
mod sub_accounts;
mod suspension;

pub use absorb::Absorbed;
pub use chunk::Chunk;
pub use command::{Batch, Carried, Command, Entry, Trace, that_fit};
pub use core::{Core, CoreState};
pub use leader_time::LeaderTime;
pub use meta::{Limits, MetaChange, MetaCommand};
pub use nodes::{NODES_MAX, Node, NodeId, NodeTable, Standing};
pub use outbox::{OUTBOX_MAX, Outbox};
pub use record::RecordError;
pub use sessions::{ACCOUNT_SESSIONS_MAX, GRACE, SESSIONS_MAX, SessionRef};
pub use sub_accounts::SubAccounts;
pub use suspension::Suspension;

#[cfg(test)]
mod presence_tests;
#[cfg(test)]
mod tests;
