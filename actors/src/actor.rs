//! The actor of one entity: it works on the state that is lent to it, and gives it back.

use crate::entity::{Entity, Scene};
use crate::meters;
use crate::slice::{Output, Slice};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::time::Instant;
use tokio::sync::oneshot;

/// Commands for an entity, with its state; the lender waits for both to come back. It travels in a
/// box: an actor has room for several of its messages, also while it has none.
pub(crate) struct Loan {
    pub entity: Entity,
    pub slice: Slice,
    pub scene: Scene,
    pub done: oneshot::Sender<(Entity, Output)>,
}

pub(crate) struct EntityActor;

impl Actor for EntityActor {
    type Msg = Box<Loan>;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Box<Loan>>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Box<Loan>>,
        loan: Box<Loan>,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        let Loan { mut entity, slice, scene, done } = *loan;
        let begun = Instant::now();
        let output = Output::of(&slice, &mut entity, &scene);
        meters::handled(entity.kind(), begun.elapsed());
        // A lender that is gone is a partition that stopped; the log has the state.
        drop(done.send((entity, output)));
        Ok(())
    }
}
