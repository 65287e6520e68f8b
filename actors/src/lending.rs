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

/// The actors, and their supervisor.
pub(crate) struct Lending {
    supervisor: ActorRef<()>,
    actors: BTreeMap<EntityId, ActorRef<Box<Loan>>>,
}

/// What comes back: the state, and what the slice came to. An error when the actor ended.
pub(crate) type Returned = oneshot::Receiver<(Entity, Output)>;

impl Lending {
    pub async fn start() -> Result<Lending, HostError> {
        let (supervisor, _) = Actor::spawn(None, Supervisor, ()).await.map_err(spawning)?;
        Ok(Lending { supervisor, actors: BTreeMap::new() })
    }

    pub fn is_large(slice: &Slice) -> bool {
        slice.steps.len() >= LARGE_STEPS
    }

    pub fn is_worth_it(slices: &[Slice]) -> bool {
        slices.iter().filter(|slice| Lending::is_large(slice)).nth(1).is_some()
    }

    /// Lends an entity to its actor together with its slice.
    pub async fn lend(
        &mut self,
        slice: &Slice,
        entity: Entity,
        scene: &Scene,
    ) -> Result<Returned, HostError> {
        if !self.actors.contains_key(&slice.entity) {
            let supervisor = self.supervisor.get_cell();
            let spawned = Actor::spawn_linked(None, EntityActor, (), supervisor).await;
            let (actor, _) = spawned.map_err(spawning)?;
            self.actors.insert(slice.entity, actor);
        }
        let actor = &self.actors[&slice.entity];
        let (done, returned) = oneshot::channel();
        let slice = slice.clone();
        let loan = Loan { entity, slice, scene: scene.clone(), done };
        // A cast that fails drops the state and `done`, as a panic does.
        drop(actor.cast(Box::new(loan)));
        Ok(returned)
    }

    /// Lets an entity's actor go, if it has one.
    pub fn dismiss(&mut self, id: EntityId) {
        if let Some(actor) = self.actors.remove(&id) {
            actor.stop(None);
        }
    }

    pub async fn stop(self) {
        for actor in self.actors.values() {
            actor.stop(None);
        }
        drop(self.supervisor.stop_and_wait(None, None).await);
    }
}

fn spawning(error: ractor::SpawnErr) -> HostError {
    HostError::Spawn(error.to_string())
}
