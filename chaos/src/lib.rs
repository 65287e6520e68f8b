//! Attacks on a running exchange, from outside.
//!
//! Owns: plans of attack ([`plan`]), the processes of an exchange ([`cluster`]) with a network that
//! can be broken between them ([`proxy`]), the faults ([`fault`]), a workload of many clients over
//! gRPC ([`workload`]), the history that they write ([`history`]), and runs of all of it: of a plan
//! ([`run`]), or of many kills of one node ([`kill`]). Takes: the program to run and a seed.
//! Emits: histories for the auditor (`chaos/auditor`, a program of its own), and reports that say
//! what was covered: a run that did not reach its floors is a broken harness, not a pass. On
//! failure: an error that says where; the directory of the run stays.

pub mod chance;
pub mod cluster;
pub mod fault;
pub mod history;
pub mod kill;
pub mod plan;
pub mod proxy;
pub mod run;
pub mod sim;
pub mod workload;
