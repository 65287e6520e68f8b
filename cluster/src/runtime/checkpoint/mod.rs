//! Whether the replicas of a partition agree on its state.
//!
//! Owns: what is known of the replicas' hashes at the last checkpoints, and the [`Trust`] in this
//! node's replica that follows from it.
//! Takes: this replica's hash at each checkpoint in the log, and what the others say of theirs.
//! Emits: its own hash to the others; a replica that finds itself in the minority, and the word
//! that it does not serve until it has the state of a replica of the majority.
//! On failure: a hash that does not arrive is told again when its peer is there again; a state
//! that does not come is asked for again, for ever, and meanwhile the replica does not serve.

mod comparing;
mod pace;
mod rounds;
mod trust;

#[cfg(test)]
mod measure_tests;
#[cfg(test)]
mod pace_tests;
#[cfg(test)]
mod rounds_tests;

pub(crate) use comparing::{Comparing, HEARD_MAX, Heard, Taken};
pub(crate) use pace::{Pace, Passed};
pub use trust::Trust;
pub(crate) use trust::Trusted;
