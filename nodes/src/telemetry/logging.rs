//! Lines on stderr: pretty for people in a terminal, JSON for whoever reads a pipe. And hops of
//! traces, for a collector.

use super::hop;
use super::otlp::Listener;
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// Pretty in a terminal, JSON otherwise.
    #[default]
    Auto,
    Pretty,
    Json,
}

/// What operators did. It is written whatever else is not.
pub const AUDIT: &str = "hoga::audit";

/// Starts writing lines, and telling `hops` of traces. `RUST_LOG` counts before the configured
/// level. A second call changes nothing.
///
/// # Errors
/// The level is no filter of `tracing`, such as `info` or `hoga=debug,warn`.
pub fn start_logging(level: &str, lines: Lines, hops: Option<Listener>) -> Result<(), ParseError> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = EnvFilter::try_new(from_environment.as_deref().unwrap_or(level))?;
    let filter = filter.add_directive(format!("{AUDIT}=info").parse()?);
    let is_terminal = io::stderr().is_terminal();
    let is_pretty = match lines {
        Lines::Auto => is_terminal,
        Lines::Pretty => true,
        Lines::Json => false,
    };
    let has_colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = if is_pretty {
        lines.with_ansi(has_colour).with_target(false).compact().with_filter(filter).boxed()
    } else {
        lines.json().flatten_event(true).with_filter(filter).boxed()
    };
    let is_hop = Targets::new().with_target(hop::TARGET, tracing::Level::TRACE);
    let hops = hops.map(|hops| hops.with_filter(is_hop));
    // Somebody who set one before, as tests do, keeps it.
    let _ = tracing_subscriber::registry().with(lines).with(hops).try_init();
    Ok(())
}
