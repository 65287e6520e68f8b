//! One partition's state on one node, applied inline: the product's core and entities, no actors.
//!
//! It takes the same steps as a performer: decode, plan, run the slices, absorb. Between running
//! and absorbing sits the place where a planted bug may edit what entities said.

use super::mutants::Mutant;
use super::surgery;
use hoga_actors::{Captured, Entity, EntityId, Output};
use hoga_cluster::partition::{Absorbed, Batch, Core};
use hoga_cluster::state::{self, State, StateError, hash_core, hash_entity};
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use xxhash_rust::xxh3::xxh3_64;

pub struct Replica {
    pub core: Core,
    pub entities: BTreeMap<EntityId, Entity>,
    /// Index of the last entry, of consensus itself included.
    pub applied: u64,
    mutant: Option<Mutant>,
}

impl Replica {
    #[must_use]
    pub fn empty(partition: PartitionId, topology: Topology, mutant: Option<Mutant>) -> Replica {
        Replica::of(State::empty(partition, topology), 0, mutant)
    }

    /// # Errors
    /// The bytes are no state.
    pub fn decode(
        partition: PartitionId,
        topology: Topology,
        bytes: &[u8],
        applied: u64,
        mutant: Option<Mutant>,
    ) -> Result<Replica, StateError> {
        Ok(Replica::of(State::decode(partition, topology, bytes)?, applied, mutant))
    }

    fn of(state: State, applied: u64, mutant: Option<Mutant>) -> Replica {
        let entities = state.entities.into_iter();
        let entities = entities.map(|(id, resident)| (id, resident.into_entity())).collect();
        Replica { core: state.core, entities, applied, mutant }
    }

    /// The state as a snapshot keeps it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let entities: Vec<Captured> =
            self.entities.iter().map(|(id, entity)| (*id, entity.encode())).collect();
        state::whole(&self.core.encode(), &entities)
    }

    /// What replicas compare.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.entities.iter().fold(hash_core(&self.core.encode()), |hash, (id, entity)| {
            hash.wrapping_add(hash_entity(*id, &entity.encode()))
        })
    }

    /// Applies the entry at an index; none for one of consensus itself.
    ///
    /// # Errors
    /// The core or an entity panicked; says how.
    pub fn apply(&mut self, index: u64, batch: Option<&[u8]>) -> Result<Vec<Absorbed>, String> {
        self.applied = index;
        let Some(bytes) = batch else { return Ok(Vec::new()) };
        let batch: Batch = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        let act = AssertUnwindSafe(|| self.perform(index, batch));
        catch_unwind(act).map_err(|panic| super::quiet::text_of(panic.as_ref()))
    }

    fn perform(&mut self, index: u64, mut batch: Batch) -> Vec<Absorbed> {
        if let Some(mutant) = self.mutant {
            mutant.edit_batch(&self.core, index, &mut batch);
        }
        self.core.begin(index, &batch);
        let mut entries = batch.entries.into_iter();
        let mut absorbed = Vec::new();
        while let Some(mut chunk) = self.core.plan(&mut entries) {
            self.entities.extend(chunk.created.drain(..));
            let mut outputs = Vec::new();
            for slice in chunk.take_slices() {
                let entity = self.entities.get_mut(&slice.entity);
                let entity = entity.expect("commands follow their entity");
                let mut output = Output::default();
                for step in slice.steps.iter() {
                    let before = self.mutant.map(|mutant| surgery::before(mutant, entity, step));
                    match self.mutant.and_then(|mutant| mutant.edit_step(step)) {
                        Some(step) => output.run(entity, &step, self.core.scene()),
                        None => output.run(entity, step, self.core.scene()),
                    }
                    if let Some((mutant, before)) = self.mutant.zip(before) {
                        surgery::after(mutant, entity, step, &before);
                    }
                }
                if let Some(mutant) = self.mutant {
                    mutant.edit_output(slice.entity, &mut output);
                }
                outputs.push(output);
            }
            absorbed.push(self.core.absorb(chunk, outputs));
        }
        absorbed
    }
}

/// One number for everything that left a partition by one entry.
#[must_use]
pub fn hash_of(absorbed: &[Absorbed]) -> u64 {
    let mut bytes = Vec::new();
    for one in absorbed {
        let Absorbed { answers, repeated, rows, market, orders, .. } = one;
        let Absorbed { balances, notices, ranked, heard, grew, .. } = one;
        let told = (orders, balances, notices);
        let all = (answers, repeated, rows, market, told, ranked, heard, grew);
        bytes = postcard::to_extend(&all, bytes).expect("what was said always encodes");
    }
    xxh3_64(&bytes)
}
