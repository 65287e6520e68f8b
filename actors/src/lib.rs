//! Actors around the engine: one ractor actor for each active book, account and board.
//!
//! Owns: the [`Entity`] states of one partition, its actors and their supervisor.
//! Takes: slices of committed commands, each with its place in the chunk and its time.
//! Emits: effects, put back into the order of the log by [`Host::run`].
//! On failure: a panic loses only the actor; [`Host::run`] reports it, the partition rebuilds
//! the entity from its snapshot and log, and suspends it when the same command fails again.

mod actor;
mod entity;
mod host;
mod meters;
#[cfg(feature = "poison")]
mod poison;
mod slice;
mod supervisor;

pub use entity::{Entity, EntityCommand, EntityId, Scene};
pub use host::{Captured, Host, HostError, Panicked};
pub use slice::{Output, Slice, Step};
