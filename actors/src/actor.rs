//! The actor of one entity: a mailbox around a state.

use crate::entity::{Entity, Scene};
use crate::slice::{Output, Step};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

/// What an entity's actor is asked.
pub(crate) enum EntityMessage {
    /// Apply these commands; the sender waits for what follows from them.
    Run { steps: Vec<Step>, scene: Scene, done: oneshot::Sender<Output> },
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
                drop(done.send(run(entity, &steps, &scene)));
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

/// Applies steps in order.
pub(crate) fn run(entity: &mut Entity, steps: &[Step], scene: &Scene) -> Output {
    let mut output = Output::default();
    let mut effects = Vec::new();
    for step in steps {
        entity.handle(&step.command, scene, step.at, &mut effects);
        output.effects.extend(effects.drain(..).map(|effect| (step.place, effect)));
    }
    output
}
