//! An entity's share of a chunk of committed commands, and what comes back.

use crate::entity::{EntityCommand, EntityId};
use hoga_engine::effect::Effect;
use hoga_engine::time::Time;

/// One command with its place in the chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Place in the chunk; effects of lower places come first.
    pub place: u32,
    /// Entry time.
    pub at: Time,
    pub command: EntityCommand,
}

/// The commands of one entity, in log order.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    pub entity: EntityId,
    pub steps: Vec<Step>,
}

/// The effects of one slice: each with the place of the command that caused it, in order.
#[derive(Debug, Default, PartialEq)]
pub struct Output {
    pub effects: Vec<(u32, Effect)>,
}
