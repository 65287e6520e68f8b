//! A run of committed commands that entities may work on side by side.

use super::command::Trace;
use hoga_actors::{Entity, EntityCommand, EntityId, Output, Slice, Step};
use hoga_engine::effect::Effect;
use hoga_engine::ids::PartitionId;
use hoga_engine::time::Time;
use std::collections::BTreeMap;

/// What the plan of some commands came to.
#[derive(Default)]
pub struct Chunk {
    /// Entities that come into being before the slices run.
    pub created: Vec<(EntityId, Entity)>,
    slices: BTreeMap<EntityId, Vec<Step>>,
    /// Effects of commands that the partition handles itself, by place.
    pub(super) inline: Output,
    /// Trace and time of each place.
    pub(super) places: Vec<(Trace, Time)>,
    /// Sources that sent something, with what is expected of them next.
    pub(super) heard: BTreeMap<PartitionId, u64>,
    /// Behind this chunk, which is empty otherwise, every replica takes the hash of its state.
    pub is_checkpoint: bool,
}

impl Chunk {
    /// Opens the place of the next command.
    pub(super) fn open(&mut self, trace: Trace, at: Time) -> u32 {
        self.places.push((trace, at));
        (self.places.len() - 1) as u32
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn step(&mut self, entity: EntityId, place: u32, command: EntityCommand) {
        let at = self.places[place as usize].1;
        self.slices.entry(entity).or_default().push(Step { place, at, command });
    }

    pub(super) fn effect(&mut self, place: u32, effect: Effect) {
        self.inline.effects.push(effect);
        self.inline.ends.push((place, self.inline.effects.len()));
    }

    /// The slices to run, in order of entity.
    pub fn take_slices(&mut self) -> Vec<Slice> {
        let slices = std::mem::take(&mut self.slices);
        slices.into_iter().map(|(entity, steps)| Slice::new(entity, steps)).collect()
    }

    /// Number of commands planned.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.places.len()
    }
}
