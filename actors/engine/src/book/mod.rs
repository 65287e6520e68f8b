//! The order book of one instrument.
//!
//! Owns: resting orders in price-time priority and stops that wait ([`Book`]), and around them an
//! instrument's rules, phase, counters and last prices ([`Listing`]).
//! Takes: submits, cancels and amends in the order of its partition's log.
//! Emits: one outcome for every order of a command, for every stop that fires and every reserved
//! order that is let in, one leg for each side of a trade, market events.
//! On failure: refuses with a [`Reject`](crate::reject::Reject); a broken invariant panics.

mod amend;
mod by_size;
mod call;
mod cascade;
mod fok;
mod index;
mod indication;
mod keeping;
mod ladder;
mod listing;
mod lives;
mod matching;
#[cfg(any(test, feature = "naive"))]
mod naive;
mod outcomes;
mod outside;
mod prints;
mod rare;
mod reach;
mod reserved;
mod session;
mod slab;
mod snapshot;
mod stops;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub use amend::{AmendRefused, Amended};
pub use by_size::BySize;
pub use call::{Clearing, Crossing};
pub use cascade::Floor;
pub use listing::{Listing, ListingState, decline};
pub use matching::{Book, Decision, Execution, Incoming, Removed, Reports};
pub(crate) use matching::{Taking, decide};
#[cfg(any(test, feature = "naive"))]
pub use naive::{NaiveBook, NaiveStops};
pub use prints::{Prints, Unseen};
pub use snapshot::{Hidden, RestingOrder};
pub use stops::{Stops, WaitingStop};
