//! Replays a partition's log in one thread, with no actors: for `verify`, and to measure.

use crate::partition::{Absorbed, Batch, Core};
use crate::state::{State, hash_core, hash_entity};
use hoga_actors::{Entity, EntityId, Output, Slice};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A partition at some log index.
pub struct Replay {
    pub core: Core,
    pub entities: BTreeMap<EntityId, Entity>,
    /// Entities that panicked; the node would have rebuilt or suspended them.
    pub panicked: Vec<EntityId>,
}

impl Replay {
    #[must_use]
    pub fn from(state: State) -> Replay {
        let entities = state.entities.into_iter().collect();
        Replay { core: state.core, entities, panicked: Vec::new() }
    }

    /// Applies the batch at a log index; returns what would have left the partition.
    pub fn apply(&mut self, index: u64, batch: Batch) -> Vec<Absorbed> {
        self.core.begin(index, &batch);
        let mut rest = batch.entries.into_iter();
        let mut absorbed = Vec::new();
        while let Some(mut chunk) = self.core.plan(&mut rest) {
            self.entities.extend(chunk.created.drain(..));
            let slices = chunk.take_slices();
            let outputs = slices.into_iter().map(|slice| self.run(&slice)).collect();
            absorbed.push(self.core.absorb(chunk, outputs));
        }
        absorbed
    }

    fn run(&mut self, slice: &Slice) -> Output {
        let mut output = Output::default();
        let Some(entity) = self.entities.get_mut(&slice.entity) else {
            self.panicked.push(slice.entity);
            return output;
        };
        let scene = self.core.scene();
        for step in slice.steps.iter() {
            let handled = catch_unwind(AssertUnwindSafe(|| output.run(entity, step, scene)));
            if handled.is_err() {
                // What it left behind is not to be trusted: nothing more is asked of it.
                self.panicked.push(slice.entity);
                self.entities.remove(&slice.entity);
                return output;
            }
        }
        output
    }

    /// The state hash: what snapshots state and replicas compare.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.entities.iter().fold(hash_core(&self.core.encode()), |hash, (id, entity)| {
            hash.wrapping_add(hash_entity(*id, &entity.encode()))
        })
    }
}
