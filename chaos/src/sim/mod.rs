//! The seeded simulator: a whole cluster in one thread and virtual time.
//!
//! Owns: the world above consensus ([`world`]), two ways to drive it (openraft with the product's
//! segment log in [`raft`], a model log in [`model`]), faults, checks and planted bugs. Takes:
//! seeds. Emits: what happened ([`Outcome`]) and, when an invariant broke, the shortest list of
//! faults that still breaks it. On failure: it says the one line that brings it back.

mod check;
mod conversation;
mod faults;
mod feeds;
mod links;
mod market;
mod model;
pub mod mutants;
mod offer;
mod operator;
pub mod quiet;
mod raft;
mod reference;
mod replica;
pub mod report;
mod run;
mod seeds;
mod surgery;
mod swarm;
mod tally;
mod wishes;
mod witness;
mod words;
mod world;

#[cfg(test)]
mod conversation_tests;
#[cfg(test)]
mod tests;

pub use mutants::{Level, Mutant};
pub use run::{Outcome, run};
pub use seeds::{Progress, kill_mutants, run_seeds};
