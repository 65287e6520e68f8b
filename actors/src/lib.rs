//! Actors around the engine: every book, account and board has its mailbox, its state and nobody
//! else's, and a ractor actor when it has much to do.
//!
//! Owns: the [`Entity`] states of one partition, its actors and their supervisor.
//! Takes: slices of committed commands, each with its place in the chunk and its time.
//! Emits: effects, in the order of the slices, from [`Host::run`].
//! On failure: a panic loses only that entity's state; [`Host::run`] reports it, the partition
//! rebuilds the entity from its snapshot and log, and suspends it when the same command fails
//! again.

mod actor;
mod capture;
mod cores;
mod entity;
mod host;
mod idleness;
mod lending;
mod meters;
#[cfg(feature = "poison")]
mod poison;
mod resident;
mod slice;
mod supervisor;

pub use cores::Cores;
pub use entity::{Entity, EntityCommand, EntityId, Scene};
pub use host::{Captured, Host, HostError, Panicked, Purpose};
pub use resident::Resident;
pub use slice::{Output, Slice, Step};
