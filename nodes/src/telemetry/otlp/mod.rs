//! Traces to a collector, as OTLP over gRPC, when `OTEL_EXPORTER_OTLP_ENDPOINT` names one.
//!
//! Owns: a bounded queue of hops and a task that sends them. Takes: the events of [`hop::TARGET`].
//! Emits: one export a second, or one for each [`BATCH_SPANS`] of them. On failure: a collector
//! that does not answer costs its spans, which are counted, and nothing else; trading never waits.
//!
//! [`hop::TARGET`]: super::hop::TARGET

mod listener;
mod sender;
mod settings;
mod wire;

#[cfg(test)]
mod tests;

pub use listener::Listener;
pub use settings::Otlp;

/// Spans of one export.
const BATCH_SPANS: usize = 512;
/// Spans that may wait to be sent; more are dropped, and counted.
const QUEUE_SPANS_MAX: usize = 8_192;

/// A hop on its way to the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hop {
    trace: u128,
    /// The span that it belongs under; zero for none.
    parent: u64,
    name: String,
    since_ns: u64,
    until_ns: u64,
    /// gRPC's number; zero is a good one.
    status: u32,
    attributes: Vec<(&'static str, String)>,
}

/// Starts sending; the listener goes into the subscriber. Needs a runtime.
pub fn start(settings: Otlp) -> Listener {
    let (hops, queue) = tokio::sync::mpsc::channel(QUEUE_SPANS_MAX);
    tokio::spawn(sender::send(settings, queue));
    Listener::new(hops)
}
