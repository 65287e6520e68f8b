//! Clients and gateways that are there, and what follows when they are not.

use super::chunk::Chunk;
use super::core::Core;
use super::sessions::{Lapsed, SessionRef};
use hoga_actors::{EntityCommand, EntityId};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Answer;
use hoga_engine::ids::Origin;
use hoga_engine::reject::Reject;
use hoga_engine::request::{AccountRequest, Envelope};

impl Core {
    pub(super) fn open_session(
        &mut self,
        name: &str,
        id: ClientId,
        cancels: bool,
        origin: Origin,
    ) -> Answer {
        let Some(account) = self.state.directory.get(name) else {
            return Answer::refused(Reject::AccountNotFound { name: name.into() });
        };
        // Commands are counted, so a later opening has a larger epoch.
        let epoch = self.state.commands;
        match self.state.sessions.open(account, id, cancels, origin, epoch) {
            Ok(epoch) => Answer::SessionOpened { epoch },
            Err(max) => Answer::refused(Reject::TooManySessions { max: max as u64 }),
        }
    }

    /// Whether a session is still that of who opened it in this epoch.
    pub(super) fn is_open(&self, name: &str, id: ClientId, epoch: u64) -> bool {
        let account = self.state.directory.get(name);
        account.is_some_and(|one| self.state.sessions.is_open(one, id, epoch))
    }

    pub(super) fn attend(&mut self, gateway: Origin, lost: Vec<SessionRef>) {
        self.state.sessions.hear(gateway);
        for SessionRef { account, id, epoch } in lost {
            if let Some(account) = self.state.directory.get(&account) {
                self.state.sessions.lose(account, id, epoch);
            }
        }
    }

    /// Ends the sessions that have been without a client or a gateway for too long. Those of a
    /// suspended account wait: nothing of it can be cancelled.
    pub(super) fn plan_lapses(&mut self, place: u32, chunk: &mut Chunk) {
        let suspended = &self.state.suspended;
        let is_kept = |account| suspended.contains_key(&EntityId::Account(account));
        for lapsed in self.state.sessions.lapse(is_kept) {
            let Lapsed { account, id: session, epoch, opened_by, cancels } = lapsed;
            if cancels {
                let id = ClientId::of_lapse(epoch);
                // Whoever opened the session was answered long ago and hears nothing of this.
                let envelope = Envelope { origin: opened_by, id, body_hash: 0, sent_at: None };
                let request = AccountRequest::Lapse { session };
                let command = EntityCommand::Request(envelope, request);
                chunk.step(EntityId::Account(account), place, command);
            }
        }
    }
}
