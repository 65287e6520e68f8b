//! What the node says of itself: lines for people, numbers for Prometheus.
//!
//! Owns: the subscriber of `tracing`, the registry of metrics with all their names, the endpoint
//! that they are read from. Takes: what the program records. Emits: lines on stderr, a page of
//! numbers. On failure: the endpoint is refused at start; later nothing here can fail the node.
//!
//! No account and no order is ever a label: numbers stay few, whoever trades.

mod endpoint;
mod logging;
mod names;
mod registry;
mod sample;

#[cfg(test)]
mod tests;

pub use endpoint::Endpoint;
pub use logging::{Lines, start_logging};
pub use registry::Registry;
