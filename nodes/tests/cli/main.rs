//! The binary from outside, as a person or a script meets it.

#[path = "../rig/mod.rs"]
mod rig;

mod follow;
mod help;
mod log_in;
mod metrics;
mod offline;
mod play;
mod play_live;
mod secure;
mod starting;
mod traces;
mod trading;
