//! All entities as they were at one moment, encoded while they go on.

use crate::entity::EntityId;
use crate::host::Lodger;
use crate::resident::Resident;
use std::collections::{BTreeMap, BTreeSet};

/// An entity's encoded state.
pub type Captured = (EntityId, Vec<u8>);

/// What a capture is for; one of each may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// The state is kept.
    Snapshot,
    /// Only its hash is wanted.
    Checkpoint,
}

/// Encoded bytes after which a step of a capture ends: apply waits no longer than this takes,
/// unless one entity alone is larger.
const STEP_BYTES: usize = 512 * 1024;

/// Who is still to be captured, and what was encoded before a command changed it.
pub(crate) struct Capture {
    missing: BTreeSet<EntityId>,
    saved: Vec<Captured>,
}

impl Capture {
    pub fn of(entities: impl Iterator<Item = EntityId>) -> Capture {
        Capture { missing: entities.collect(), saved: Vec::new() }
    }

    /// Saves an entity that is about to change, if it was not captured before.
    pub fn before_write(&mut self, id: EntityId, resident: &Resident) {
        if self.missing.remove(&id) {
            self.saved.push((id, resident.encode().into_owned()));
        }
    }

    /// What was saved, and up to `most` more entities; true when that was the last of it.
    pub fn some(
        &mut self,
        entities: &BTreeMap<EntityId, Lodger>,
        most: usize,
    ) -> (Vec<Captured>, bool) {
        let mut captured = std::mem::take(&mut self.saved);
        let mut bytes = 0;
        for _ in 0..most {
            if bytes >= STEP_BYTES {
                break;
            }
            let Some(id) = self.missing.pop_first() else { break };
            // One that is gone panicked; it is rebuilt before anything else happens.
            if let Some(lodger) = entities.get(&id) {
                let state = lodger.resident.encode().into_owned();
                bytes += state.len();
                captured.push((id, state));
            }
        }
        (captured, self.missing.is_empty())
    }
}
