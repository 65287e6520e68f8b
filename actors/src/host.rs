//! Hosts the entities of one partition: active ones in actors, idle accounts as plain state.

use crate::actor::{EntityActor, EntityMessage};
use crate::entity::{Entity, EntityId, Scene};
use crate::meters;
use crate::slice::{Output, Slice};
use crate::supervisor::Supervisor;
use ractor::{Actor, ActorRef};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::oneshot;

/// Chunks without a message after which an account's actor gives its state back.
const IDLE_CHUNKS: u64 = 4096;

/// Active actors looked at for idleness after each chunk.
const SWEEP_PER_CHUNK: usize = 16;

/// Why a partition cannot host entities any more.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The runtime is going down; nothing was applied.
    #[error("an actor could not be started: {0}")]
    Spawn(String),
}

/// An entity panicked in a slice; its state is gone and none of the slice's effects came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Panicked(pub Slice);

/// An entity's encoded state.
pub type Captured = (EntityId, Vec<u8>);

enum Place {
    Active { actor: ActorRef<EntityMessage>, used: u64 },
    Passive(Entity),
}

/// The entities of one partition.
pub struct Host {
    supervisor: ActorRef<()>,
    places: BTreeMap<EntityId, Place>,
    /// Counts chunks: the clock of idleness.
    chunk: u64,
    /// Where the search for idle actors goes on.
    sweep: Option<EntityId>,
    active: usize,
    capture: Option<Capture>,
}

/// A snapshot under way: who is still to be captured, and what came so far.
struct Capture {
    missing: BTreeSet<EntityId>,
    arriving: Vec<(EntityId, oneshot::Receiver<Vec<u8>>)>,
}

impl Host {
    /// # Errors
    /// The runtime is going down.
    pub async fn start() -> Result<Host, HostError> {
        let (supervisor, _) = Actor::spawn(None, Supervisor, ())
            .await
            .map_err(|error| HostError::Spawn(error.to_string()))?;
        Ok(Host {
            supervisor,
            places: BTreeMap::new(),
            chunk: 0,
            sweep: None,
            active: 0,
            capture: None,
        })
    }

    /// Takes an entity in, asleep until its first command.
    pub fn insert(&mut self, id: EntityId, entity: Entity) {
        self.places.insert(id, Place::Passive(entity));
    }

    #[must_use]
    pub fn contains(&self, id: EntityId) -> bool {
        self.places.contains_key(&id)
    }

    pub fn ids(&self) -> impl Iterator<Item = EntityId> + '_ {
        self.places.keys().copied()
    }

    /// Number of entities, and how many of them have an actor.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.places.len(), self.active)
    }

    /// Runs the slices of one chunk side by side and waits for all of them.
    ///
    /// # Errors
    /// The runtime is going down. A panic is no error: it is reported in the second list.
    pub async fn run(
        &mut self,
        slices: Vec<Slice>,
        scene: &Scene,
    ) -> Result<(Vec<Output>, Vec<Panicked>), HostError> {
        self.chunk += 1;
        let mut waiting = Vec::with_capacity(slices.len());
        for slice in slices {
            let actor = self.activate(slice.entity).await?;
            self.capture_before_write(slice.entity, &actor);
            let (done, answer) = oneshot::channel();
            let steps = slice.steps.clone();
            // A cast that fails drops `done`, so the wait below ends as for a panic.
            drop(actor.cast(EntityMessage::Run { steps, scene: scene.clone(), done }));
            waiting.push((slice, answer));
        }
        let (mut outputs, mut panicked) = (Vec::with_capacity(waiting.len()), Vec::new());
        for (slice, answer) in waiting {
            match answer.await {
                Ok(output) => outputs.push(output),
                Err(_) => {
                    self.remove(slice.entity);
                    meters::restarted(slice.entity);
                    panicked.push(Panicked(slice));
                }
            }
        }
        self.passivate_idle().await;
        Ok((outputs, panicked))
    }

    /// Puts a rebuilt entity in the place of one that panicked.
    pub fn rebuild(&mut self, id: EntityId, entity: Entity) {
        self.insert(id, entity);
    }

    fn remove(&mut self, id: EntityId) {
        if let Some(Place::Active { .. }) = self.places.remove(&id) {
            self.active -= 1;
        }
    }

    /// Asks an entity a question between two chunks.
    ///
    /// Returns none when there is no such entity.
    pub async fn read<T: Send + 'static>(
        &self,
        id: EntityId,
        question: impl FnOnce(&Entity) -> T + Send + 'static,
    ) -> Option<T> {
        match self.places.get(&id)? {
            Place::Passive(entity) => Some(question(entity)),
            Place::Active { actor, .. } => {
                let (done, answer) = oneshot::channel();
                let look = move |entity: &Entity| drop(done.send(question(entity)));
                drop(actor.cast(EntityMessage::Read(Box::new(look))));
                answer.await.ok()
            }
        }
    }

    /// Up to `most` entities from `first` on, in the order of their ids.
    #[must_use]
    pub fn ids_from(&self, first: EntityId, most: usize) -> Vec<EntityId> {
        self.places.range(first..).map(|(id, _)| *id).take(most).collect()
    }

    async fn activate(&mut self, id: EntityId) -> Result<ActorRef<EntityMessage>, HostError> {
        let chunk = self.chunk;
        if let Some(Place::Active { actor, used }) = self.places.get_mut(&id) {
            *used = chunk;
            return Ok(actor.clone());
        }
        let Some(Place::Passive(entity)) = self.places.remove(&id) else {
            panic!("{id} has commands but was never inserted");
        };
        let supervisor = self.supervisor.get_cell();
        let (actor, _) = Actor::spawn_linked(None, EntityActor, entity, supervisor)
            .await
            .map_err(|error| HostError::Spawn(error.to_string()))?;
        self.places.insert(id, Place::Active { actor: actor.clone(), used: chunk });
        self.active += 1;
        Ok(actor)
    }

    /// Sends accounts that have been idle for long back to sleep, a few at a time.
    async fn passivate_idle(&mut self) {
        if !self.chunk.is_multiple_of(64) {
            return;
        }
        let from = self.sweep.take();
        let after = |id: &EntityId| from.is_none_or(|from| *id > from);
        let look: Vec<EntityId> =
            self.places.keys().filter(|id| after(id)).take(SWEEP_PER_CHUNK * 64).copied().collect();
        self.sweep = look.last().copied();
        for id in look {
            self.passivate_if_idle(id).await;
        }
    }

    async fn passivate_if_idle(&mut self, id: EntityId) {
        let Some(Place::Active { actor, used }) = self.places.get(&id) else { return };
        if !matches!(id, EntityId::Account(_)) || self.chunk - used < IDLE_CHUNKS {
            return;
        }
        let (done, answer) = oneshot::channel();
        drop(actor.cast(EntityMessage::Passivate { done }));
        if let Ok(entity) = answer.await {
            self.places.insert(id, Place::Passive(entity));
            self.active -= 1;
        }
    }

    /// Begins a snapshot of every entity as it is now.
    ///
    /// Nothing is copied yet: an entity is encoded before its next command, or when
    /// [`Host::capture_some`] comes to it. Apply never waits for more than one entity.
    pub fn begin_capture(&mut self) {
        let missing = self.places.keys().copied().collect();
        self.capture = Some(Capture { missing, arriving: Vec::new() });
    }

    fn capture_before_write(&mut self, id: EntityId, actor: &ActorRef<EntityMessage>) {
        let Some(capture) = &mut self.capture else { return };
        if capture.missing.remove(&id) {
            let (done, encoded) = oneshot::channel();
            drop(actor.cast(EntityMessage::Capture { done }));
            capture.arriving.push((id, encoded));
        }
    }

    /// Encodes up to `most` more entities of the snapshot under way.
    ///
    /// Returns what is encoded, and true when that was the last of it.
    pub async fn capture_some(&mut self, most: usize) -> (Vec<Captured>, bool) {
        let Some(mut capture) = self.capture.take() else { return (Vec::new(), true) };
        let mut captured = Vec::new();
        for (id, encoded) in capture.arriving.drain(..) {
            if let Ok(bytes) = encoded.await {
                captured.push((id, bytes));
            }
        }
        for _ in 0..most {
            let Some(id) = capture.missing.pop_first() else { break };
            match self.places.get(&id) {
                Some(Place::Passive(entity)) => captured.push((id, entity.encode())),
                Some(Place::Active { actor, .. }) => {
                    let (done, encoded) = oneshot::channel();
                    drop(actor.cast(EntityMessage::Capture { done }));
                    capture.arriving.push((id, encoded));
                }
                None => {}
            }
        }
        let is_last = capture.missing.is_empty() && capture.arriving.is_empty();
        if !is_last {
            self.capture = Some(capture);
        }
        (captured, is_last)
    }

    /// Stops every actor. Their states are gone; the log has them.
    pub async fn stop(self) {
        for place in self.places.values() {
            if let Place::Active { actor, .. } = place {
                actor.stop(None);
            }
        }
        drop(self.supervisor.stop_and_wait(None, None).await);
    }
}
