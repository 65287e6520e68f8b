//! The outside auditor: what clients saw, against what the exchange says now.
//!
//! Owns: a naive model of the exchange (exact decimals, sorted lists, sums) and the checkers of
//! the invariants that can be seen from outside. It compiles the wire's `.proto` files itself and
//! knows no other crate of ours: a mistake of the exchange cannot be repeated here by a call.
//! Takes: histories of clients (JSON lines) and an exchange to read, or an export of one.
//! Emits: one JSON document on stdout. On failure: exit code 1 when an invariant does not hold,
//! 2 when the audit could not be made; nothing it does changes the exchange.
//!
//! It is a program of its own, `hoga-auditor`; a library also, so that the binary `hoga` can be
//! that program without another file beside it.

mod check;
mod export;
mod fetch;
mod history;
mod number;
mod options;

/// What `build.rs` makes of the wire.
#[allow(clippy::all, missing_docs, dead_code)]
mod v1 {
    tonic::include_proto!("hoga.v1");
}

use anyhow::Context;
use check::Case;
use export::{Export, Snapshot};
use history::History;
use options::{Options, Source, USAGE};
use std::io::Write;
use std::process::ExitCode;

/// The program: its arguments without its name, and its exit code.
#[must_use]
pub fn program(arguments: &[String]) -> ExitCode {
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Judges, and prints the report; whether everything holds.
///
/// # Errors
/// A text that says why the audit could not be made.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let options = Options::parse(arguments).map_err(|why| format!("{why}\n\n{USAGE}"))?;
    audit(&options).map_err(|error| format!("the audit could not be made: {error:#}"))
}

/// Checks everything and prints the report; whether all of it holds.
fn audit(options: &Options) -> anyhow::Result<bool> {
    let history = History::read(&options.histories)?;
    let export = match &options.source {
        Source::File(file) => {
            let text = std::fs::read_to_string(file);
            serde_json::from_str(&text.with_context(|| format!("reading {file}"))?)
                .with_context(|| format!("reading {file}"))?
        }
        Source::Targets(targets) => fetch(targets, options)?,
    };
    if let Some(file) = &options.save {
        let text = serde_json::to_string(&export)?;
        std::fs::write(file, text).with_context(|| format!("writing {file}"))?;
    }
    let snapshots = snapshots(&options.snapshots)?;
    let case = Case::new(history, export, options.scale).with_snapshots(snapshots);
    let report = check::all(&case);
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &report)?;
    writeln!(out)?;
    Ok(report.ok)
}

/// What feeds wrote down, a line each.
fn snapshots(files: &[String]) -> anyhow::Result<Vec<Snapshot>> {
    let mut snapshots = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {file}"))?;
        for (number, line) in (1..).zip(text.lines()) {
            let place = || format!("{file}:{number}");
            snapshots.push(serde_json::from_str(line).with_context(place)?);
        }
    }
    Ok(snapshots)
}

fn fetch(targets: &[String], options: &Options) -> anyhow::Result<Export> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fetch::export(targets, &options.token, options.within))
}
