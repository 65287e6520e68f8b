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
#[cfg(any(test, feature = "naive"))]
mod naive;
mod slab;
mod snapshot;
#[cfg(test)]
mod tests;

pub use amend::{AmendRefused, Amended};
pub use listing::{Listing, ListingState, decline};
pub use matching::{Book, Decision, Execution, Incoming, Removed, Reports, Unsized};
#[cfg(any(test, feature = "naive"))]
pub use naive::NaiveBook;
pub use snapshot::RestingOrder;
