//! Writes what a performer captures, beside apply.

use super::checkpoint::Trusted;
use super::historian::Historian;
use crate::raft::{SnapshotError, SnapshotMeta, SnapshotWriting, SnapshotWritten};
use crate::snapshot::{self, SnapshotStore};
use crate::state::State;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;

/// A capture under way: its blocks as they come.
pub(crate) struct Writing {
    pub blocks: mpsc::Receiver<Vec<u8>>,
    /// Set before the blocks end, if they end because that was all.
    pub is_whole: Arc<AtomicBool>,
}

impl Writing {
    fn next(&mut self) -> Option<Result<Vec<u8>, snapshot::SnapshotError>> {
        if let Some(block) = self.blocks.blocking_recv() {
            return Some(Ok(block));
        }
        // Half a state must never look like one.
        let was_whole = self.is_whole.swap(true, Ordering::AcqRel);
        let cut_off = || snapshot::SnapshotError::Source("its capture was cut off".into());
        (!was_whole).then(|| Err(cut_off()))
    }
}

/// One partition's snapshot store, shared with the reader of rebuilds.
#[derive(Clone)]
pub(crate) struct Snapshots {
    pub partition: PartitionId,
    pub store: Arc<Mutex<SnapshotStore>>,
    pub historian: Historian,
    /// Index of the newest snapshot, for whoever asks how the partition stands.
    pub newest: Arc<AtomicU64>,
    pub trusted: Trusted,
}

impl Snapshots {
    pub fn write(&self, meta: SnapshotMeta, mut writing: Writing) -> SnapshotWriting {
        let Snapshots { partition, store, historian, newest, .. } = self.clone();
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
                let blocks = std::iter::from_fn(|| writing.next());
                let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
                store.try_write(stored, blocks).map(|_| store.oldest_kept_index())
            };
            let log_needless_through =
                tokio::task::spawn_blocking(write).await.map_err(failed)?.map_err(failed)?;
            newest.store(meta.last.index, Ordering::Relaxed);
            metrics::histogram!("hoga_snapshot_seconds").record(begun.elapsed());
            Ok(SnapshotWritten { log_needless_through })
        })
    }

    /// The state in the newest snapshot, which has to be of this position.
    pub fn state_at(
        &self,
        meta: &SnapshotMeta,
        topology: Topology,
    ) -> Result<State, SnapshotError> {
        let unreadable = |error: &dyn std::fmt::Display| SnapshotError::Reading(error.to_string());
        let loaded = self.store.lock().unwrap_or_else(PoisonError::into_inner).load();
        let loaded = loaded.map_err(|error| unreadable(&error))?;
        let loaded = loaded.ok_or_else(|| unreadable(&"there is none"))?;
        let found = &loaded.manifest.meta;
        if (found.index, found.term) != (meta.last.index, meta.last.term) {
            let (found, wanted) = (found.index, meta.last);
            return Err(unreadable(&format!("the newest is of index {found}, not {wanted}")));
        }
        self.newest.store(found.index, Ordering::Relaxed);
        let bytes = loaded.into_bytes();
        State::decode(self.partition, topology, &bytes).map_err(|error| unreadable(&error))
    }
}

fn failed(error: impl std::fmt::Display) -> SnapshotError {
    SnapshotError::Writing(error.to_string())
}
