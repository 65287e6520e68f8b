//! The two streams: stdout is data, stderr is talk.

use super::failure::Failure;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long something may take before it shows that it is alive.
const SILENCE: Duration = Duration::from_secs(1);

/// A line of data.
///
/// # Errors
/// Stdout cannot be written. A reader that went away (`| head`) is no error: it has had enough.
pub fn say(line: impl Display) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// A line of talk. Talk that nobody can hear is dropped.
pub fn tell(line: impl Display) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// The last word of a command that failed.
pub fn complain(failure: &Failure) {
    tell(failure);
}

/// What stdout may be painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Green,
    Red,
    Dim,
    Bold,
}

impl Paint {
    /// The text in this colour, where a person looks and has not said NO_COLOR.
    pub fn on(self, text: impl Display) -> String {
        let text = text.to_string();
        if text.is_empty() || !is_painted() {
            return text;
        }
        let code = match self {
            Paint::Green => 32,
            Paint::Red => 31,
            Paint::Dim => 2,
            Paint::Bold => 1,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

fn is_painted() -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !forbidden && io::stdout().is_terminal()
}

/// Shows that something is going on, once it has gone on for a second and while somebody looks.
pub struct Progress {
    bar: indicatif::ProgressBar,
}

impl Progress {
    /// Needs a runtime: a task of it waits for the second to pass.
    pub fn of(what: &'static str) -> Progress {
        let bar = indicatif::ProgressBar::hidden();
        if io::stderr().is_terminal() {
            let bar = bar.clone();
            tokio::spawn(async move {
                tokio::time::sleep(SILENCE).await;
                if !bar.is_finished() {
                    bar.set_style(indicatif::ProgressStyle::default_spinner());
                    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
                    bar.set_message(what);
                    bar.enable_steady_tick(Duration::from_millis(120));
                }
            });
        }
        Progress { bar }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far something of a known length is, with what is left of it; shown like [`Progress`].
pub struct Bar {
    bar: indicatif::ProgressBar,
    start: Instant,
}

impl Bar {
    pub fn new(length: u64) -> Bar {
        let bar = indicatif::ProgressBar::with_draw_target(
            Some(length),
            indicatif::ProgressDrawTarget::hidden(),
        );
        let template = "{bar:30} {percent:>3} %  {msg}, {eta} left";
        if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Bar { bar, start: Instant::now() }
    }

    /// It has come so far; the message is only made while it is shown.
    pub fn at(&self, position: u64, message: impl FnOnce() -> String) {
        if self.start.elapsed() < SILENCE || !io::stderr().is_terminal() {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
        self.bar.set_position(position);
        self.bar.set_message(message());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
