//! Rebuilds one entity from the partition's snapshot and its log.

use super::performer::Rebuild;
use super::snapshots::Snapshots;
use crate::log::PartitionLog;
use crate::partition::Batch;
use crate::raft::batch_of;
use crate::replay::{Poison, Replay};
use crate::state::State;
use hoga_actors::{Entity, EntityId};
use hoga_engine::topology::Topology;
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// Bytes of the log read at a time.
const READ_BYTES: usize = 4 << 20;

#[derive(Clone)]
pub(crate) struct Rebuilder {
    pub snapshots: Snapshots,
    pub log: PartitionLog,
    pub topology: Topology,
}

impl Rebuild for Rebuilder {
    async fn rebuild(&self, entity: EntityId, index: u64, chunks: usize) -> Option<Entity> {
        let rebuilder = self.clone();
        let rebuilding = move || {
            let mut poisons = BTreeSet::new();
            loop {
                match rebuilder.replay(entity, index, chunks, poisons.clone())? {
                    Ok(entity) => return Some(entity),
                    // It suspended the entity when it was applied; so it does now.
                    Err(poison) => drop(poisons.insert(poison)),
                }
            }
        };
        tokio::task::spawn_blocking(rebuilding).await.ok().flatten()
    }
}

impl Rebuilder {
    /// None when the snapshot or the log cannot be read, when the log does not reach back to the
    /// snapshot, or when the entity is not in them.
    fn replay(
        &self,
        entity: EntityId,
        index: u64,
        chunks: usize,
        poisons: BTreeSet<Poison>,
    ) -> Option<Result<Entity, Poison>> {
        let loaded = {
            let mut store = self.snapshots.store.lock().unwrap_or_else(PoisonError::into_inner);
            store.load().ok()?
        };
        let id = self.snapshots.partition;
        let (state, mut next) = match loaded {
            Some(loaded) => {
                let after = loaded.manifest.meta.index + 1;
                (State::decode(id, self.topology, &loaded.into_bytes()).ok()?, after)
            }
            None => (State::empty(id, self.topology), 0),
        };
        let mut replay = Replay::of_one(state, entity, poisons);
        while next <= index {
            let entries = self.log.entries_at(next..index + 1, READ_BYTES).ok()?;
            next += entries.len() as u64;
            for entry in &entries {
                let Some(payload) = batch_of(entry) else { continue };
                let batch = Batch::decode(payload).ok()?;
                // Of the batch under way only what is behind the entity already.
                let chunks = if entry.at.index == index { chunks } else { usize::MAX };
                if let Err(poison) = replay.apply(entry.at.index, batch, chunks) {
                    return Some(Err(poison));
                }
            }
        }
        replay.entities.remove(&entity).map(Ok)
    }
}
