//! The actors of a partition's entities: who gets one, and what it is lent.
//!
//! An actor is worth its way there only when there is other work to do meanwhile. So it takes two
//! slices that are large, and a smaller one runs faster where its state is.

use crate::actor::{EntityActor, Loan};
use crate::entity::{Entity, EntityId, Scene};
use crate::host::HostError;
use crate::slice::{Output, Slice};
use crate::supervisor::Supervisor;
use ractor::{Actor, ActorRef};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Commands of one entity in one chunk that outweigh the way to its actor and back, which takes
/// about as long as five of them.
const LARGE_STEPS: usize = 16;

/// Chunks with loans, after the last one to an account, until its actor goes.
const IDLE_LOANS: u64 = 4096;

struct Lent {
    actor: ActorRef<Loan>,
    used: u64,
}

/// The actors, and their supervisor.
pub(crate) struct Lending {
    supervisor: ActorRef<()>,
    actors: BTreeMap<EntityId, Lent>,
    /// Counts chunks with loans: the clock of idleness.
    chunk: u64,
}

/// What comes back: the state, and what the slice came to. An error when the actor ended.
pub(crate) type Returned = oneshot::Receiver<(Entity, Output)>;

impl Lending {
    pub async fn start() -> Result<Lending, HostError> {
        let (supervisor, _) = Actor::spawn(None, Supervisor, ()).await.map_err(spawning)?;
        Ok(Lending { supervisor, actors: BTreeMap::new(), chunk: 0 })
    }

    pub fn actors(&self) -> usize {
        self.actors.len()
    }

    pub fn is_large(slice: &Slice) -> bool {
        slice.steps.len() >= LARGE_STEPS
    }

    pub fn is_worth_it(&self, slices: &[Slice]) -> bool {
        slices.iter().filter(|slice| Lending::is_large(slice)).nth(1).is_some()
    }

    /// Lends an entity to its actor together with its slice.
    pub async fn lend(
        &mut self,
        slice: &Slice,
        entity: Entity,
        scene: &Scene,
    ) -> Result<Returned, HostError> {
        let chunk = self.chunk;
        if !self.actors.contains_key(&slice.entity) {
            let supervisor = self.supervisor.get_cell();
            let spawned = Actor::spawn_linked(None, EntityActor, (), supervisor).await;
            let (actor, _) = spawned.map_err(spawning)?;
            self.actors.insert(slice.entity, Lent { actor, used: chunk });
        }
        let lent = self.actors.get_mut(&slice.entity).expect("it was there, or is now");
        lent.used = chunk;
        let (done, returned) = oneshot::channel();
        let slice = slice.clone();
        // A cast that fails drops the state and `done`, as a panic does.
        drop(lent.actor.cast(Loan { entity, slice, scene: scene.clone(), done }));
        Ok(returned)
    }

    /// Forgets an actor that ended.
    pub fn forget(&mut self, id: EntityId) {
        self.actors.remove(&id);
    }

    /// Lets the actors of accounts go that had nothing large to do for long. Books and boards keep
    /// theirs.
    pub fn dismiss_idle(&mut self) {
        self.chunk += 1;
        if !self.chunk.is_multiple_of(IDLE_LOANS) {
            return;
        }
        let oldest = self.chunk - IDLE_LOANS;
        self.actors.retain(|id, lent| {
            let stays = !matches!(id, EntityId::Account(_)) || lent.used >= oldest;
            if !stays {
                lent.actor.stop(None);
            }
            stays
        });
    }

    pub async fn stop(self) {
        for lent in self.actors.values() {
            lent.actor.stop(None);
        }
        drop(self.supervisor.stop_and_wait(None, None).await);
    }
}

fn spawning(error: ractor::SpawnErr) -> HostError {
    HostError::Spawn(error.to_string())
}
