//! The binary from outside, as a person or a script meets it.

#[path = "../rig/mod.rs"]
mod rig;

mod help;
mod offline;
mod play;
mod starting;
mod trading;
