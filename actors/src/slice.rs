//! An entity's share of a chunk of committed commands, and what comes back.

use crate::entity::{Entity, EntityCommand, EntityId, Scene};
use hoga_engine::effect::Effect;
use hoga_engine::time::Time;
use std::sync::Arc;

/// One command with its place in the chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Place in the chunk; effects of lower places come first.
    pub place: u32,
    /// Entry time.
    pub at: Time,
    pub command: EntityCommand,
}

/// The commands of one entity, in log order. Shared, because a panic makes them be tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    pub entity: EntityId,
    pub steps: Arc<Vec<Step>>,
}

impl Slice {
    #[must_use]
    pub fn new(entity: EntityId, steps: Vec<Step>) -> Slice {
        Slice { entity, steps: Arc::new(steps) }
    }
}

/// The effects of one slice, in order, and where those of each command end.
#[derive(Debug, Default, PartialEq)]
pub struct Output {
    pub effects: Vec<Effect>,
    /// For each command: its place, and how many effects there are up to its last one.
    pub ends: Vec<(u32, usize)>,
}

impl Output {
    /// What all steps of a slice come to.
    #[must_use]
    pub fn of(slice: &Slice, entity: &mut Entity, scene: &Scene) -> Output {
        let mut output = Output::default();
        slice.steps.iter().for_each(|step| output.run(entity, step, scene));
        output
    }

    /// Takes in the effects of another output, behind its own.
    pub fn append(&mut self, other: Output) {
        let before = self.effects.len();
        self.effects.extend(other.effects);
        self.ends.extend(other.ends.into_iter().map(|(place, end)| (place, before + end)));
    }

    /// Applies a step to an entity and takes in what follows from it.
    pub fn run(&mut self, entity: &mut Entity, step: &Step, scene: &Scene) {
        entity.handle(&step.command, scene, step.at, &mut self.effects);
        self.ends.push((step.place, self.effects.len()));
    }
}
