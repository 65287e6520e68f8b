//! Whether this node's clock, and those of its peers, are such that one may lead by them.
//!
//! Owns: how far each peer's clock is ahead of this node's ([`AskingClocks`]).
//! Takes: what peers say that their clocks say, once a second and whenever one comes or goes.
//! Emits: the nodes whose clock is more than a second off ([`off`]); they lead nothing.
//! On failure: a peer that does not answer counts as it did; one that is gone does not count. With
//! fewer than three clocks nobody can tell which is right, and none is called off.

mod asking;
mod compared;

#[cfg(test)]
mod compared_tests;

pub(super) use asking::AskingClocks;
