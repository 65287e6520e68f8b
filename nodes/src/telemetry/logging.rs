//! Lines on stderr: pretty for people in a terminal, JSON for whoever reads a pipe.

use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// Pretty in a terminal, JSON otherwise.
    #[default]
    Auto,
    Pretty,
    Json,
}

/// Starts writing lines. `RUST_LOG` counts before the configured level. A second call changes
/// nothing.
///
/// # Errors
/// The level is no filter of `tracing`, such as `info` or `hoga=debug,warn`.
pub fn start_logging(level: &str, lines: Lines) -> Result<(), ParseError> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = EnvFilter::try_new(from_environment.as_deref().unwrap_or(level))?;
    let is_terminal = io::stderr().is_terminal();
    let is_pretty = match lines {
        Lines::Auto => is_terminal,
        Lines::Pretty => true,
        Lines::Json => false,
    };
    let has_colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Somebody who set one before, as tests do, keeps it.
    let _ = if is_pretty {
        subscriber.with_ansi(has_colour).with_target(false).compact().try_init()
    } else {
        subscriber.json().flatten_event(true).try_init()
    };
    Ok(())
}
