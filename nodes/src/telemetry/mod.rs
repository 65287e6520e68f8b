//! What the node says of itself: lines for people, numbers for Prometheus.
//!
//! Owns: the subscriber of `tracing`, the registry of metrics with all their names, the endpoint
//! that they are read from. Takes: what the program records. Emits: lines on stderr, a page of
//! numbers, spans for a collector of traces. On failure: the endpoint is refused at start; later
//! nothing here can fail the node.
//!
//! No account and no order is ever a label: numbers stay few, whoever trades.

mod endpoint;
pub mod hop;
mod logging;
mod names;
pub mod otlp;
mod refusals;
mod registry;
mod sample;
mod watch;

#[cfg(test)]
mod tests;

pub use endpoint::Endpoint;
pub use logging::{AUDIT, Lines, start_logging};
pub use refusals::refused;
pub use registry::Registry;
