//! Between the wire and the engine: one file for each family of messages.
//!
//! Owns: how names, decimals, times and enumerations of the wire stand for the engine's.
//! Takes: messages from outside, with the instrument or asset whose scales they are written in.
//! Emits: engine values that keep the wire's rules, and wire messages for people and programs.
//! On failure: [`BadField`], which names the field, the value and the rule; nothing has state.

pub mod account;
pub mod admin;
pub mod candle;
mod field;
pub mod follow;
pub mod ledger;
pub mod market;
pub mod notice;
pub mod numbers;
pub mod order;
pub mod ranking;
mod schedule;
mod terms;

#[cfg(test)]
mod tests;

pub use field::BadField;
