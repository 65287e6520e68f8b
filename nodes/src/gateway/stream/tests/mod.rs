//! Streams as their clients meet them: over the wire, checked by a reader that believes nothing.

#![allow(clippy::unwrap_used)]

mod channels;
mod frames;
mod notices;
mod reader;
mod resuming;
mod slow;
