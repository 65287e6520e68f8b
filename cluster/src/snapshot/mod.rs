//! Snapshots of one partition: the state at a position of the log, so that the log before it may
//! go.
//!
//! Owns: a directory per partition with numbered generations, each a closed sled database of
//! 64 KiB chunks and a manifest.
//! Takes: the bytes of a state, in order, and what names them ([`SnapshotMeta`]).
//! Emits: the manifest of what was written; the newest state that is whole; the index back to
//! which the log has to be kept ([`SnapshotStore::oldest_kept_index`]).
//! On failure: a write that fails leaves the generations before it as they were. A generation
//! that does not open or check is reported and passed over for the older one; when none is left,
//! [`SnapshotError::AllDamaged`] names the directory. Nothing is ever guessed.
//!
//! sled is used for nothing but this. It writes into a directory nobody else knows yet
//! (`gen-N.tmp`), is closed, read back, and every file is synced by us before the directory gets
//! its name: what is called `gen-N` was whole when it got that name.

mod durable;
mod error;
mod generation;
mod manifest;
mod read;
mod store;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod measure_tests;
#[cfg(test)]
mod tests;

pub use error::{Damage, Damaged, SnapshotError};
pub use manifest::{CHUNK_BYTES, FORMAT_VERSION, Manifest, SnapshotMeta};
pub use store::{GENERATIONS_KEPT, KeptGeneration, Loaded, RESERVE_BYTES_DEFAULT, SnapshotStore};
