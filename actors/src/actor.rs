//! The actor of one entity: a mailbox around a state.

use crate::entity::{Entity, Scene};
use crate::meters;
use crate::slice::{Output, Step};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// What an entity's actor is asked.
pub(crate) enum EntityMessage {
    /// Apply these commands; the sender waits for what follows from them.
    Run { steps: Arc<Vec<Step>>, scene: Scene, done: oneshot::Sender<Output> },
    /// Encode the state as it is now.
    Capture { done: oneshot::Sender<Vec<u8>> },
    /// Look at the state.
    Read(Box<dyn FnOnce(&Entity) + Send>),
    /// Give the state back and stop.
    Passivate { done: oneshot::Sender<Entity> },
}

pub(crate) struct EntityActor;

impl Actor for EntityActor {
    type Msg = EntityMessage;
    /// None once the state was given back.
    type State = Option<Entity>;
    type Arguments = Entity;

    async fn pre_start(
        &self,
        _myself: ActorRef<EntityMessage>,
        entity: Entity,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(Some(entity))
    }

    async fn handle(
        &self,
        myself: ActorRef<EntityMessage>,
        message: EntityMessage,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let Some(entity) = state else { return Ok(()) };
        // A receiver that is gone has stopped waiting; the state went on all the same.
        match message {
            EntityMessage::Run { steps, scene, done } => {
                let mut output = Output::default();
                let begun = Instant::now();
                steps.iter().for_each(|step| output.run(entity, step, &scene));
                meters::handled(entity.kind(), begun.elapsed());
                drop(done.send(output));
            }
            EntityMessage::Capture { done } => drop(done.send(entity.encode())),
            EntityMessage::Read(look) => look(entity),
            EntityMessage::Passivate { done } => {
                if let Some(entity) = state.take() {
                    drop(done.send(entity));
                }
                myself.stop(None);
            }
        }
        Ok(())
    }
}
