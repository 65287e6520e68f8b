//! Entities that failed twice on one command.

use hoga_actors::EntityCommand;
use hoga_engine::time::Time;
use serde::{Deserialize, Serialize};

/// A suspended entity: what came before stands; consequences wait here for a resume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspension {
    /// Log index of the command that could not be applied.
    pub index: u64,
    pub since: Time,
    /// In flight, as far as conservation is concerned.
    pub parked: Vec<EntityCommand>,
}
