//! The programs that judge: the auditor, and the exchange's own `verify`.

use anyhow::{Context, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Runs the auditor on a run's history and the living exchange.
///
/// # Errors
/// The audit could not be made.
pub fn audit(auditor: &Path, directory: &Path, target: &str) -> anyhow::Result<Value> {
    let output = Command::new(auditor)
        .arg("--history")
        .arg(directory.join("history.jsonl"))
        .args(["--target", target, "--save"])
        .arg(directory.join("export.json"))
        .output()
        .with_context(|| format!("running {}", auditor.display()))?;
    if output.stdout.is_empty() {
        bail!("no audit: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("reading the audit")
}

/// Runs `hoga verify` on a data directory that nobody uses; none while there is no such command.
///
/// # Errors
/// It did not say anything that can be read.
pub fn verify(hoga: &Path, data: &Path) -> anyhow::Result<Option<Value>> {
    if !Command::new(hoga).args(["verify", "--help"]).output()?.status.success() {
        return Ok(None);
    }
    let output = Command::new(hoga).arg("verify").arg(data).arg("--json").output()?;
    let said = serde_json::from_slice(&output.stdout);
    let why = || format!("hoga verify: {}", String::from_utf8_lossy(&output.stderr));
    said.map(Some).with_context(why)
}
