//! The order book of one instrument.
//!
//! Owns: resting orders in price-time priority ([`Book`]), and around them an instrument's
//! rules, phase, counters and last price ([`Listing`]).
//! Takes: submits, cancels and amends in the order of its partition's log.
//! Emits: one outcome for every command, one leg for each side of a trade, market events.
//! On failure: refuses with a [`Reject`](crate::reject::Reject); a broken invariant panics.

mod amend;
mod fok;
mod index;
mod ladder;
mod listing;
mod matching;
mod slab;
mod snapshot;

pub use amend::{AmendRefused, Amended};
pub use listing::{Listing, ListingState};
pub use matching::{Book, Decision, Execution, Incoming, Removed, Reports, Unsized};
pub use snapshot::RestingOrder;
