//! Replays a partition's log in one thread, with no actors: for `verify`, to rebuild one entity,
//! and to measure.
//!
//! A command that panics here panicked in the node too, twice, and suspended its entity. So it is
//! noted as poison, and the replay starts again and suspends there.

use crate::partition::{Absorbed, Batch, Core};
use crate::state::{State, hash_core, hash_entity};
use hoga_actors::{Entity, EntityId, Output, Slice};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A command that its entity cannot take: log index, chunk of that batch, place in the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Poison {
    index: u64,
    chunk: usize,
    place: u32,
    entity: EntityId,
}

/// A partition at some log index, or one entity of it.
pub struct Replay {
    pub core: Core,
    pub entities: BTreeMap<EntityId, Entity>,
    /// The one entity that commands are applied to; none for all.
    only: Option<EntityId>,
    poisons: BTreeSet<Poison>,
}

impl Replay {
    /// The whole partition, with what earlier tries found to be poison.
    #[must_use]
    pub fn of(state: State, poisons: BTreeSet<Poison>) -> Replay {
        let entities = state.entities.into_iter();
        let entities = entities.map(|(id, resident)| (id, resident.into_entity())).collect();
        Replay { core: state.core, entities, only: None, poisons }
    }

    /// One entity; what the others do is left out, and so is all that leaves the partition.
    #[must_use]
    pub fn of_one(state: State, entity: EntityId, poisons: BTreeSet<Poison>) -> Replay {
        let mut state = state;
        state.entities.retain(|(id, _)| *id == entity);
        Replay { only: Some(entity), ..Replay::of(state, poisons) }
    }

    /// Applies the first `chunks` chunks of the batch at a log index; returns what would have
    /// left the partition.
    ///
    /// # Errors
    /// A command panicked that was not known to be poison; this replay is of no use any more.
    pub fn apply(
        &mut self,
        index: u64,
        batch: Batch,
        chunks: usize,
    ) -> Result<Vec<Absorbed>, Poison> {
        self.core.begin(index, &batch);
        let mut rest = batch.entries.into_iter();
        let mut absorbed = Vec::new();
        for chunk_no in 0..chunks {
            let Some(mut chunk) = self.core.plan(&mut rest) else { break };
            let only = self.only;
            let wanted = |id: EntityId| only.is_none_or(|only| only == id);
            self.entities.extend(chunk.created.drain(..).filter(|(id, _)| wanted(*id)));
            let slices = chunk.take_slices();
            let mut outputs = Vec::with_capacity(slices.len());
            for slice in slices.iter().filter(|slice| wanted(slice.entity)) {
                outputs.push(self.run(slice, index, chunk_no)?);
            }
            if self.only.is_none() {
                absorbed.push(self.core.absorb(chunk, outputs));
            }
        }
        Ok(absorbed)
    }

    fn run(&mut self, slice: &Slice, index: u64, chunk: usize) -> Result<Output, Poison> {
        let entity = slice.entity;
        let state = self.entities.get_mut(&entity).expect("commands follow their entity");
        let mut output = Output::default();
        for step in slice.steps.iter() {
            let poison = Poison { index, chunk, place: step.place, entity };
            if self.poisons.contains(&poison) {
                self.core.suspend(entity);
            }
            if self.core.suspended().contains_key(&entity) {
                output.append(self.core.refuse_step(entity, step));
                if !self.poisons.contains(&poison) {
                    self.core.park(entity, &step.command);
                }
                continue;
            }
            let scene = self.core.scene();
            catch_unwind(AssertUnwindSafe(|| output.run(state, step, scene)))
                .map_err(|_| poison)?;
        }
        Ok(output)
    }

    /// The state hash: what snapshots state and replicas compare.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.entities.iter().fold(hash_core(&self.core.encode()), |hash, (id, entity)| {
            hash.wrapping_add(hash_entity(*id, &entity.encode()))
        })
    }
}
