//! Writes what a performer captures, beside apply.

use super::historian::Historian;
use crate::raft::{SnapshotError, SnapshotMeta, SnapshotWriting, SnapshotWritten};
use crate::snapshot::SnapshotStore;
use hoga_engine::ids::PartitionId;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;

/// A capture under way: its blocks as they come.
pub(crate) struct Writing {
    pub blocks: mpsc::Receiver<Vec<u8>>,
}

/// One partition's snapshot store, shared with the reader of rebuilds.
#[derive(Clone)]
pub(crate) struct Snapshots {
    pub partition: PartitionId,
    pub store: Arc<Mutex<SnapshotStore>>,
    pub historian: Historian,
}

impl Snapshots {
    pub fn write(&self, meta: SnapshotMeta, mut writing: Writing) -> SnapshotWriting {
        let Snapshots { partition, store, historian } = self.clone();
        Box::pin(async move {
            let begun = Instant::now();
            // What the state counts, the history has to have.
            historian.sync().await.map_err(failed)?;
            let stored = crate::snapshot::SnapshotMeta {
                partition,
                index: meta.last.index,
                term: meta.last.term,
                membership: meta.membership.to_vec(),
                state_hash: 0,
            };
            let write = move || {
                let blocks = std::iter::from_fn(|| writing.blocks.blocking_recv());
                let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
                store.write(stored, blocks).map(|_| store.oldest_kept_index())
            };
            let log_needless_through =
                tokio::task::spawn_blocking(write).await.map_err(failed)?.map_err(failed)?;
            metrics::histogram!("hoga_snapshot_seconds").record(begun.elapsed());
            Ok(SnapshotWritten { log_needless_through })
        })
    }
}

fn failed(error: impl std::fmt::Display) -> SnapshotError {
    SnapshotError::Writing(error.to_string())
}
