//! `hoga verify`: a data directory replayed offline, every digest and invariant compared.

use super::failure::{Exit, Failure};
use super::output::{self, Bar, Paint};
use super::{Global, json};
use clap::Args;
use hoga_cluster::runtime::{IdentityError, StartError};
use hoga_cluster::verify::{Report, VerifyError, verify};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// Replay a data directory offline and compare every digest
#[derive(Args, Debug)]
#[command(after_help = "Exit code 0 when everything holds, 1 when something does not or cannot \
                        be read. No node may have the directory open.")]
pub struct Verify {
    /// The data directory of a node
    dir: PathBuf,
}

impl Verify {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let report = {
            let bar: std::cell::OnceCell<Bar> = std::cell::OnceCell::new();
            let found = verify(&self.dir, |done, of| {
                let bar = bar.get_or_init(|| Bar::new(of as u64));
                bar.at(done as u64, || format!("{done} of {of} partitions"));
            });
            found.map_err(|error| failure(&self.dir, &error))?
        };
        if global.json {
            let document = serde_json::to_value(&report)
                .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
            json::document(&document)?;
        } else {
            output::say(text(&report).trim_end())?;
        }
        if report.ok {
            return Ok(());
        }
        let message = format!("{} does not verify", self.dir.display());
        Err(Failure::new(Exit::Failure, message).hint(
            "keep a copy of the directory; restore a backup, or let a new node take its place",
        ))
    }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    let mark = |ok: bool| match ok {
        true => Paint::Green.on("ok"),
        false => Paint::Red.on("FAILED"),
    };
    // Writing into a String does not fail.
    for partition in &report.partitions {
        let snapshot = partition.snapshot_index.map_or("-".into(), |index| index.to_string());
        let _ = writeln!(
            text,
            "partition {:<3} log {}..{}  snapshot {snapshot}  state {}  replayed {}  {}",
            partition.id,
            partition.first_index,
            partition.last_index,
            partition.state_hash,
            partition.replayed_hash,
            mark(partition.ok),
        );
        for damaged in &partition.damaged_snapshots {
            let _ = writeln!(text, "    {} {damaged}", Paint::Red.on("damaged, passed over:"));
        }
    }
    for invariant in &report.invariants {
        let _ = writeln!(
            text,
            "{:<8} {}  {}",
            invariant.id,
            mark(invariant.ok),
            Paint::Dim.on(&invariant.detail)
        );
    }
    text
}

fn failure(dir: &Path, error: &VerifyError) -> Failure {
    let shown = dir.display();
    if let VerifyError::Open(StartError::Identity(IdentityError::Io(_, cause))) = error
        && cause.kind() == io::ErrorKind::NotFound
    {
        let message = match dir.is_dir() {
            true => format!("error: {shown} is no data directory of hoga: it has no node.json"),
            false => format!("error: {shown} is no directory"),
        };
        return Failure::new(Exit::NotFound, message)
            .hint("name the directory that `hoga up --data DIR` or a node's config names");
    }
    Failure::new(Exit::Failure, format!("error: {error}"))
}
