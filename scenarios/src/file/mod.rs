//! Scenario files: who, which market, what happens when, which faults, and what must hold.
//!
//! Owns: the sections of the file and the checks between them. Takes: TOML text, or a path in
//! [`check`]. Emits: a [`Scenario`] in which every name is known and every sentence is read. On
//! failure: every mistake of the file at once, each with line, column and the nearest known
//! name; nothing is run.

mod attack;
mod checks;
mod events;
mod people;
mod read;
mod scenario;
mod tape;

pub use attack::Attack;
pub use checks::Check;
pub use scenario::{
    AccountGroup, BotGroup, OCCURRENCES_MAX, Occurrence, Scenario, StepAct, TapeFile, Timed,
};

use std::fs::File;
use std::io::Read;
use std::path::Path;

use miette::Report;

use crate::document::{self, FILE_BYTES_MAX, Mistakes};

/// A file that cannot be read as text. Nothing was done.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{name} cannot be read")]
pub struct Unreadable {
    pub name: String,
    pub source: std::io::Error,
}

/// Reads the text of a scenario; `name` names it in mistakes.
///
/// # Errors
/// Every mistake, in the order of the lines.
pub fn parse(name: &str, text: &str) -> Result<Scenario, Mistakes> {
    document::read(name, text, |file| read::scenario(file, None))
}

/// Reads a scenario file; nothing else is touched, and nothing is run.
///
/// # Errors
/// [`Unreadable`] or [`Mistakes`], to which the report downcasts.
pub fn check(path: &Path) -> Result<Scenario, Report> {
    let (name, text) = text_of(path)?;
    Ok(parse(&name, &text)?)
}

/// Reads a scenario file, and the tape and the recorded streams that it names: whole, though
/// nothing is run.
///
/// # Errors
/// As of [`check`]; what is wrong with another file is a mistake where that is named.
pub fn check_all(path: &Path) -> Result<Scenario, Report> {
    let (name, text) = text_of(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(document::read(&name, &text, |file| read::scenario(file, Some(folder)))?)
}

fn text_of(path: &Path) -> Result<(String, String), Unreadable> {
    let name = path.display().to_string();
    let mut text = String::new();
    // One byte past the bound is enough to refuse a file that has no end.
    let read = File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX as u64 + 1).read_to_string(&mut text));
    match read {
        Ok(_) => Ok((name, text)),
        Err(source) => Err(Unreadable { name, source }),
    }
}

#[cfg(test)]
mod tests;
