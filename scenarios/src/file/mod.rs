//! Scenario files: who, which market, what happens when, which faults, and what must hold.
//!
//! Owns: the sections of the file and the checks between them. Takes: TOML text, or a path in
//! [`check`]. Emits: a [`Scenario`] in which every name is known and every sentence is read. On
//! failure: every mistake of the file at once, each with line, column and the nearest known
//! name; nothing is run.

mod checks;
mod events;
mod people;
mod read;
mod scenario;

pub use checks::Check;
pub use scenario::{
    AccountGroup, BotGroup, OCCURRENCES_MAX, Occurrence, Scenario, StepAct, TapeFile, TapeFormat,
    Timed,
};

use std::path::Path;

use miette::{IntoDiagnostic, Report, WrapErr};

use crate::document::{self, Mistakes};

/// Reads the text of a scenario; `name` names it in mistakes.
///
/// # Errors
/// Every mistake, in the order of the lines.
pub fn parse(name: &str, text: &str) -> Result<Scenario, Mistakes> {
    document::read(name, text, read::scenario)
}

/// Reads a scenario file; nothing else is touched, and nothing is run.
///
/// # Errors
/// A file that cannot be read as text, or [`Mistakes`] (to which the report downcasts).
pub fn check(path: &Path) -> Result<Scenario, Report> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("{name} cannot be read"))?;
    Ok(parse(&name, &text)?)
}

#[cfg(test)]
mod tests;
