//! Nodes, from the outside of the crate.

#![allow(clippy::unwrap_used)]

mod checkpoints;
mod closing;
mod exchange;
mod followed;
mod history;
mod market;
mod panics;
mod sessions;
mod several;
mod verify;
