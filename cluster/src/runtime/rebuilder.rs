//! Rebuilds one entity from the partition's snapshot and its log.

use super::performer::Rebuild;
use super::snapshots::Snapshots;
use crate::log::PartitionLog;
use crate::partition::{Batch, Core};
use crate::raft::batch_of;
use crate::state::State;
use hoga_actors::{Entity, EntityId};
use std::sync::PoisonError;

/// Bytes of the log read at a time.
const READ_BYTES: usize = 4 << 20;

pub(crate) struct Rebuilder {
    pub snapshots: Snapshots,
    pub log: PartitionLog,
}

impl Rebuild for Rebuilder {
    /// Plans everything since the snapshot again and applies what was for this entity alone.
    ///
    /// The batch under way is left out: the partition tries its steps again, one by one.
    async fn rebuild(&self, core: &Core, entity: EntityId) -> Option<Entity> {
        let (snapshots, log) = (self.snapshots.clone(), self.log.clone());
        let (id, topology) = (core.id(), core.scene().topology);
        let until = core.index();
        let rebuilding = move || {
            let loaded = {
                let mut store = snapshots.store.lock().unwrap_or_else(PoisonError::into_inner);
                store.load().ok()?
            };
            let (state, from) = match loaded {
                Some(loaded) => {
                    let index = loaded.manifest.meta.index;
                    (State::decode(id, topology, &loaded.into_bytes()).ok()?, index + 1)
                }
                None => {
                    (State::empty(id, topology), log.state().purged.map_or(0, |at| at.index + 1))
                }
            };
            let mut found = state.entities.into_iter().find(|(id, _)| *id == entity);
            let mut core = state.core;
            let mut next = from;
            while next < until {
                let entries = log.entries(next..until, READ_BYTES).ok()?;
                let last = entries.last()?;
                next = last.at.index + 1;
                for entry in &entries {
                    if let Some(payload) = batch_of(entry) {
                        let batch: Batch = postcard::from_bytes(payload).ok()?;
                        replay(&mut core, entry.at.index, batch, entity, &mut found);
                    }
                }
            }
            found.map(|(_, entity)| entity)
        };
        tokio::task::spawn_blocking(rebuilding).await.ok().flatten()
    }
}

/// Applies a batch as far as one entity is concerned.
fn replay(
    core: &mut Core,
    index: u64,
    batch: Batch,
    entity: EntityId,
    found: &mut Option<(EntityId, Entity)>,
) {
    core.begin(index, &batch);
    let mut rest = batch.entries.into_iter();
    let mut unused = Vec::new();
    while let Some(mut chunk) = core.plan(&mut rest) {
        if let Some(created) = chunk.created.drain(..).find(|(id, _)| *id == entity) {
            *found = Some(created);
        }
        for slice in chunk.take_slices() {
            let Some((id, state)) = found.as_mut().filter(|(id, _)| *id == slice.entity) else {
                continue;
            };
            debug_assert_eq!(*id, entity);
            for step in slice.steps.iter() {
                state.handle(&step.command, core.scene(), step.at, &mut unused);
                unused.clear();
            }
        }
    }
}
