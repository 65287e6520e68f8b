//! What a verification found.

use serde::Serialize;

/// A data directory, verified.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub partitions: Vec<PartitionReport>,
    pub invariants: Vec<InvariantReport>,
    pub ok: bool,
}

/// One partition.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionReport {
    pub id: u16,
    /// First index that the log still has.
    pub first_index: u64,
    /// Last index in the log.
    pub last_index: u64,
    pub snapshot_index: Option<u64>,
    /// Newest snapshot plus tail.
    pub state_hash: String,
    /// Oldest state from which the log reaches as far, replayed.
    pub replayed_hash: String,
    pub ok: bool,
    /// Snapshots that cannot be used, and why. The digests above are of those that can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged_snapshots: Vec<String>,
}

/// One invariant over all partitions.
#[derive(Clone, Debug, Serialize)]
pub struct InvariantReport {
    pub id: &'static str,
    pub ok: bool,
    pub detail: String,
}
