//! When an instrument trades, and how.
//!
//! Owns: the table of a trading day ([`Schedule`]), plain data of an instrument's rules.
//! Takes: exchange time, as the log has it. Emits: the phase at a time, and when the next one
//! begins. On failure: nothing can fail; a table that contradicts itself is refused where the
//! instrument is listed.

mod schedule;
#[cfg(test)]
pub(crate) mod tests;

pub use schedule::{BadSchedule, PlannedPhase, Reservation, Schedule, Span};
