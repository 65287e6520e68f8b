//! Hops of a call, as events of one target: whoever listens gets each with its trace id, as a line
//! of the log (`RUST_LOG=hoga::hop=trace`) or as a span for a collector of traces.
//!
//! The exchange tells of its own hops under the same target; nobody listening, none is made.

use std::time::{SystemTime, UNIX_EPOCH};

/// The target of all hops.
pub const TARGET: &str = "hoga::hop";

/// Whether anybody wants to hear of hops.
#[must_use]
pub fn is_followed() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::TRACE)
}

/// A call was answered.
pub fn tell_call(
    path: &str,
    trace: u128,
    parent: u64,
    request_id: &str,
    status: Option<&str>,
    begun: SystemTime,
) {
    let since = begun.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let (parent, status) = (format_args!("{parent:016x}"), status.unwrap_or("0"));
    let trace = format_args!("{trace:032x}");
    tracing::trace!(target: TARGET, hop = path, %trace, %parent, request_id, status, since);
}
