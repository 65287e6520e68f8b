//! Times and bounds of consensus.

use std::collections::BTreeSet;
use std::sync::Arc;

use openraft::{Config, SnapshotPolicy};

use super::error::StartError;
use super::types::NodeId;
use crate::log::PartitionId;

/// How a replica behaves. The defaults suit a fast network; slower ones take wider times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSettings {
    /// The voters of the partition when it is started for the first time anywhere. Ignored once
    /// the log has something. Empty: wait to be invited.
    pub founders: BTreeSet<NodeId>,
    pub heartbeat_ms: u64,
    pub election_ms_min: u64,
    pub election_ms_max: u64,
    /// Proposals under way on this replica; who comes later waits for a place.
    pub proposals_in_flight_max: usize,
}

impl ReplicaSettings {
    /// For a partition founded by these voters.
    #[must_use]
    pub fn founded_by(founders: impl IntoIterator<Item = NodeId>) -> Self {
        Self {
            founders: founders.into_iter().collect(),
            heartbeat_ms: 50,
            election_ms_min: 150,
            election_ms_max: 300,
            proposals_in_flight_max: 256,
        }
    }

    pub fn config(&self, partition: PartitionId) -> Result<Arc<Config>, StartError> {
        let config = Config {
            cluster_name: format!("hoga-{partition}"),
            heartbeat_interval: self.heartbeat_ms,
            election_timeout_min: self.election_ms_min,
            election_timeout_max: self.election_ms_max,
            // By default a leader that comes back resumes its term, and after a power loss may
            // write another batch under a position a follower has already.
            enable_leader_restore: Some(false),
            enable_pre_vote: Some(true),
            // Snapshots are taken by bytes, and the log is cut as far as the older one of two
            // allows; both are decided by the partition.
            snapshot_policy: SnapshotPolicy::Never,
            max_in_snapshot_log_to_keep: u64::MAX,
            purge_batch_size: 1,
            ..Config::default()
        };
        let valid = config.validate().map_err(|error| StartError::Settings(error.to_string()))?;
        Ok(Arc::new(valid))
    }
}
