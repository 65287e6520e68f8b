//! The supervisor of a partition's entity actors.
//!
//! A failed child is only counted and logged here: its replacement needs the log, so the
//! partition rebuilds it (see [`crate::Panicked`]). What matters is that neither the
//! supervisor nor a sibling stops with it.

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

pub(crate) struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(child, error) = event {
            tracing::error!(actor = %child.get_id(), %error, "an entity's actor failed");
        }
        Ok(())
    }
}
