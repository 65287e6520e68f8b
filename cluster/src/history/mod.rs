//! The history: finished orders, fills and ledger rows of accounts, candles of books, for reading
//! later.
//!
//! Owns: the port [`History`], one for each partition of accounts or books, and its two stores: [`FjallHistory`] on
//! disk and [`MemoryHistory`] for simulation and tests.
//! Takes: the rows an applied chunk of commands has emitted, as one batch; through a
//! [`HistoryWriter`], so that applying does not wait for the disk.
//! Emits: single rows, pages from either end, and the whole partition in key order for a new
//! replica.
//! On failure: see [`HistoryError`]. Nothing here is the truth: after a crash the log is replayed
//! from the last snapshot and rewrites equal rows under equal keys. That is why an append is not
//! synced, and why [`History::sync`] has to return before the manifest of a snapshot is written.
//! How far a store has everything it knows itself ([`Reach`]), so that a replay spares it that.

mod error;
mod fjall_store;
mod key;
mod memory;
mod port;
mod reach;
mod retention;
mod row;
mod tail;
mod writer;

#[cfg(test)]
mod fjall_tests;
#[cfg(test)]
mod measure_tests;
#[cfg(test)]
pub(crate) mod sample_rows;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer_tests;

pub use error::HistoryError;
pub use fjall_store::{FjallHistory, HistoryDatabase, HistoryOptions};
pub use key::{RowKey, RowKind};
pub use memory::MemoryHistory;
pub use port::{Direction, History, Rows};
pub use reach::Reach;
pub use retention::{RETENTION_DAYS_DEFAULT, Sweep};
pub use writer::{Happened, HistoryWriter, QUEUE_BLOCKS_MAX};
