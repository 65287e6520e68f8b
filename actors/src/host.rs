//! Hosts the entities of one partition and gives them their commands.
//!
//! An entity's state rests here between two chunks, folded when it is an account that nobody asks
//! for. A small slice runs where it is; a large one is
//! lent, state and all, to the entity's actor, so that several of them run side by side. Either
//! way one slice at a time has the state, and whoever panics with it loses nothing but that.

use crate::capture::Capture;
use crate::entity::{Entity, EntityId, Scene};
use crate::idleness::Idleness;
use crate::lending::Lending;
use crate::meters;
use crate::resident::Resident;
use crate::slice::{Output, Slice};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

pub use crate::capture::{Captured, Purpose};

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

/// An entity at home.
pub(crate) struct Lodger {
    pub resident: Resident,
    /// The chunk of its last command; none while it is asleep.
    used: Option<NonZeroU64>,
}

/// The entities of one partition.
pub struct Host {
    entities: BTreeMap<EntityId, Lodger>,
    lending: Lending,
    idleness: Idleness,
    awake: usize,
    captures: BTreeMap<Purpose, Capture>,
}

impl Host {
    /// # Errors
    /// The runtime is going down.
    pub async fn start() -> Result<Host, HostError> {
        let lending = Lending::start().await?;
        Ok(Host {
            entities: BTreeMap::new(),
            lending,
            idleness: Idleness::new(),
            awake: 0,
            captures: BTreeMap::new(),
        })
    }

    /// Takes an entity in, also in the place of one that panicked; asleep until a command comes.
    pub fn insert(&mut self, id: EntityId, resident: impl Into<Resident>) {
        self.entities.insert(id, Lodger { resident: resident.into(), used: None });
    }

    #[must_use]
    pub fn contains(&self, id: EntityId) -> bool {
        self.entities.contains_key(&id)
    }

    pub fn ids(&self) -> impl Iterator<Item = EntityId> + '_ {
        self.entities.keys().copied()
    }

    /// Number of entities, and how many of them are awake.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.entities.len(), self.awake)
    }

    /// Runs the slices of one chunk and waits for all of them; what they came to is in the order
    /// of the slices.
    ///
    /// # Errors
    /// The runtime is going down. A panic is no error of the host's.
    pub async fn run(
        &mut self,
        slices: Vec<Slice>,
        scene: &Scene,
    ) -> Result<Vec<Result<Output, Panicked>>, HostError> {
        if !Lending::is_worth_it(&slices) {
            return Ok(self.run_here(slices, scene));
        }
        self.begin_chunk();
        let mut lent = Vec::new();
        for (place, slice) in slices.iter().enumerate() {
            if Lending::is_large(slice) {
                self.wake(slice.entity);
                let lodger = self.entities.remove(&slice.entity);
                let lodger = lodger.unwrap_or_else(|| never_inserted(slice.entity));
                let entity = lodger.resident.into_entity();
                lent.push((place, self.lending.lend(slice, entity, scene).await?));
            }
        }
        let mut done: Vec<Option<Result<Output, Panicked>>> = Vec::new();
        for slice in &slices {
            let is_here = !Lending::is_large(slice);
            done.push(is_here.then(|| self.run_one(slice, scene)));
        }
        for (place, loan) in lent {
            let slice = &slices[place];
            done[place] = Some(match loan.await {
                Ok((entity, output)) => {
                    let used = Some(self.idleness.now());
                    let lodger = Lodger { resident: entity.into(), used };
                    self.entities.insert(slice.entity, lodger);
                    Ok(output)
                }
                // The actor ended with the state in its hands.
                Err(_) => {
                    self.lending.dismiss(slice.entity);
                    self.lost(slice.entity);
                    Err(Panicked(slice.clone()))
                }
            });
        }
        Ok(done.into_iter().flatten().collect())
    }

    /// Runs slices one after the other, on the calling task: what a replay does, where every core
    /// has a partition of its own to work on.
    pub fn run_here(&mut self, slices: Vec<Slice>, scene: &Scene) -> Vec<Result<Output, Panicked>> {
        self.begin_chunk();
        slices.iter().map(|slice| self.run_one(slice, scene)).collect()
    }

    fn run_one(&mut self, slice: &Slice, scene: &Scene) -> Result<Output, Panicked> {
        let entity = self.wake(slice.entity);
        // A state that a panic went through is not looked at again: it is dropped here.
        let (kind, begun) = (entity.kind(), Instant::now());
        let ran = catch_unwind(AssertUnwindSafe(|| Output::of(slice, entity, scene)));
        meters::handled(kind, begun.elapsed());
        ran.map_err(|_| {
            self.entities.remove(&slice.entity);
            self.lost(slice.entity);
            tracing::error!(entity = %slice.entity, "an entity failed");
            Panicked(slice.clone())
        })
    }

    /// An entity that is about to have a command.
    fn wake(&mut self, id: EntityId) -> &mut Entity {
        let lodger = self.entities.get_mut(&id).unwrap_or_else(|| never_inserted(id));
        for capture in self.captures.values_mut() {
            capture.before_write(id, &lodger.resident);
        }
        if lodger.used.replace(self.idleness.now()).is_none() {
            self.awake += 1;
            // Books and boards stay awake.
            if matches!(id, EntityId::Account(_)) {
                self.idleness.look_later(id);
            }
        }
        lodger.resident.unfold()
    }

    /// An entity panicked; whoever rebuilds it inserts it again.
    fn lost(&mut self, id: EntityId) {
        self.awake -= 1;
        self.idleness.forget(id);
        meters::restarted(id);
    }

    /// Moves the clock of idleness on, and puts accounts to sleep that have been idle for long, a
    /// few at a time.
    fn begin_chunk(&mut self) {
        self.idleness.begin_chunk();
        for id in self.idleness.take_due() {
            let Some(lodger) = self.entities.get_mut(&id) else { continue };
            let Some(used) = lodger.used else { continue };
            let entries = lodger.resident.entries();
            if entries.is_none_or(|entries| !self.idleness.is_idle(used, entries)) {
                self.idleness.look_later(id);
                continue;
            }
            lodger.resident.fold();
            lodger.used = None;
            self.awake -= 1;
            self.lending.dismiss(id);
        }
    }

    /// Asks an entity a question between two chunks.
    ///
    /// Returns none when there is no such entity, or the question itself fails.
    pub fn read<T>(&self, id: EntityId, question: impl FnOnce(&Entity) -> T) -> Option<T> {
        let resident = &self.entities.get(&id)?.resident;
        // A question changes nothing, so the state is whole whatever happens to it.
        let answer = catch_unwind(AssertUnwindSafe(|| resident.read(question)));
        answer.inspect_err(|_| tracing::error!(entity = %id, "a question failed")).ok()
    }

    /// Up to `most` entities from `first` on, in the order of their ids.
    #[must_use]
    pub fn ids_from(&self, first: EntityId, most: usize) -> Vec<EntityId> {
        self.entities.range(first..).map(|(id, _)| *id).take(most).collect()
    }

    /// Begins to capture every entity as it is now; one that was under way for the same purpose
    /// is given up.
    ///
    /// Nothing is copied yet: an entity is encoded before its next command, or when
    /// [`Host::capture_some`] comes to it. Apply never waits for more than one entity.
    pub fn begin_capture(&mut self, purpose: Purpose) {
        self.captures.insert(purpose, Capture::of(self.entities.keys().copied()));
    }

    /// Encodes up to `most` more entities of a capture under way.
    ///
    /// Returns what is encoded, and true when that was the last of it.
    pub fn capture_some(&mut self, purpose: Purpose, most: usize) -> (Vec<Captured>, bool) {
        let Some(capture) = self.captures.get_mut(&purpose) else { return (Vec::new(), true) };
        let (captured, is_last) = capture.some(&self.entities, most);
        if is_last {
            self.captures.remove(&purpose);
        }
        (captured, is_last)
    }

    /// Nobody wants the rest of a capture.
    pub fn give_up_capture(&mut self, purpose: Purpose) {
        self.captures.remove(&purpose);
    }

    /// Stops every actor. The states go with the host; the log has them.
    pub async fn stop(self) {
        self.lending.stop().await;
    }
}

fn never_inserted<T>(id: EntityId) -> T {
    panic!("{id} has commands but was never inserted")
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
