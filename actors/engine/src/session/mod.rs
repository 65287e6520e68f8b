//! When an instrument trades, and how.
//!
//! Owns: the table of a trading day ([`Schedule`]), and which trades no day takes without a call
//! ([`Interruption`]): plain data of an instrument's rules.
//! Takes: exchange time, as the log has it. Emits: the phase at a time, and when the next one
//! begins. On failure: nothing can fail; a table that contradicts itself is refused where the
//! instrument is listed.

mod breaker;
mod interruption;
mod schedule;
#[cfg(test)]
pub(crate) mod tests;

pub use breaker::{Breaker, BreakerLevel};
pub use interruption::{BadInterruption, CALL_NS_MAX, Interruption};
pub use schedule::{BadSchedule, PlannedPhase, Reservation, Schedule, Span};
