//! Attacks on a running exchange, from outside.
//!
//! Owns: a workload of many clients over gRPC ([`workload`]), the history that they write
//! ([`history`]), and what happens to the exchange meanwhile ([`kill`]). Takes: the program to
//! run and a seed. Emits: histories for the auditor (`chaos/auditor`, a program of its own), and
//! reports that say what was covered: a run that did not reach its floors is a broken harness,
//! not a pass. On failure: an error that says in which round; the directory of the run stays.

pub mod chance;
pub mod history;
pub mod kill;
pub mod sim;
pub mod workload;
