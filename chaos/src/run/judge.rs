//! The programs that judge: the auditor on the living exchange, `hoga verify` on what it left.

use super::Setting;
use crate::cluster::{Cluster, State};
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// What a feed displayed, in the directory of a run.
pub(super) const OUTSIDE_RECORD: &str = "outside.jsonl";

/// Runs the auditor on the run's history and every gateway.
///
/// # Errors
/// The audit could not be made.
pub(super) fn audit(setting: &Setting, cluster: &Cluster) -> anyhow::Result<Value> {
    let (program, arguments) = setting.auditor.split_first().context("no auditor")?;
    let mut auditor = Command::new(program);
    auditor.args(arguments);
    auditor.arg("--history").arg(setting.directory.join("history.jsonl"));
    for node in cluster.nodes() {
        auditor.args(["--target", &format!("http://{}", node.gateway)]);
    }
    let outside = setting.directory.join(OUTSIDE_RECORD);
    if outside.exists() {
        auditor.arg("--snapshots").arg(outside);
    }
    auditor.arg("--save").arg(setting.directory.join("export.json"));
    let output = auditor.output().with_context(|| format!("running {}", program.display()))?;
    if output.stdout.is_empty() {
        bail!("no audit: {}", String::from_utf8_lossy(&output.stderr));
    }
    let audit: Value = serde_json::from_slice(&output.stdout).context("reading the audit")?;
    std::fs::write(setting.directory.join("audit.json"), format!("{audit:#}"))?;
    Ok(audit)
}

/// Kills every node at once: there is no farewell that could make good what is wrong.
///
/// # Errors
/// The system does not let it.
pub(super) fn kill_all(cluster: &mut Cluster) -> anyhow::Result<()> {
    let places: Vec<usize> = cluster.nodes().map(|node| node.place).collect();
    for place in places {
        let node = cluster.node_mut(place)?;
        if let Some(process) = node.process.take() {
            process.kill()?;
        }
        node.state = State::Down;
    }
    Ok(())
}

/// What the disks of a run say.
#[derive(Clone, Debug, Default)]
pub(super) struct Verified {
    pub directories: u64,
    /// What does not hold in one directory, a sentence each.
    pub faults: Vec<String>,
    /// Partitions that several nodes hold at the same index.
    pub compared: u64,
    /// Where two of them are not the same.
    pub differences: Vec<String>,
}

/// Verifies every node's directory, and compares replicas at equal indexes.
///
/// # Errors
/// `hoga verify` did not say anything that can be read.
pub(super) fn verify(setting: &Setting, cluster: &Cluster) -> anyhow::Result<Verified> {
    let mut verified = Verified::default();
    let mut hashes: BTreeMap<(u64, u64), Vec<(String, String)>> = BTreeMap::new();
    for node in cluster.all() {
        let data = node.data();
        let mut program = Command::new(&setting.hoga);
        let output = program.arg("verify").arg(&data).arg("--json").output()?;
        let said: Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!("hoga verify {}: {}", data.display(), String::from_utf8_lossy(&output.stderr))
        })?;
        verified.directories += 1;
        if said["ok"] != Value::Bool(true) {
            verified.faults.push(format!("{}: {said}", node.name()));
        }
        // What a node that was given up has is behind on purpose.
        for partition in said["partitions"].as_array().into_iter().flatten() {
            let (id, index) = (partition["id"].as_u64(), partition["last_index"].as_u64());
            let hash = partition["replayed_hash"].as_str().unwrap_or_default().to_owned();
            if let (Some(id), Some(index)) = (id, index) {
                hashes.entry((id, index)).or_default().push((node.name(), hash));
            }
        }
    }
    for ((id, index), replicas) in hashes.iter().filter(|(_, replicas)| replicas.len() > 1) {
        verified.compared += 1;
        let is_same = replicas.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if !is_same {
            let shown: Vec<String> =
                replicas.iter().map(|(name, hash)| format!("{name} {hash}")).collect();
            verified.differences.push(format!("partition {id} at {index}: {}", shown.join(", ")));
        }
    }
    Ok(verified)
}
