//! Nodes, from the outside of the crate.

#![allow(clippy::unwrap_used)]

mod exchange;
mod market;
mod panics;
mod several;
mod verify;
