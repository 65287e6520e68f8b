//! LOG-1, the other half: what was definitely not done is not in the log, and nothing is there
//! that nobody asked.

use super::Told;
use crate::sim::words::{Broken, hold};
use crate::sim::world::{Asked, Client, Op};
use hoga_engine::client_id::ClientId;
use std::collections::BTreeSet;

#[derive(Default)]
pub struct Requests {
    logged: BTreeSet<(Box<str>, ClientId, u64)>,
}

impl Requests {
    pub fn hear(&mut self, told: &Told) {
        for (account, envelope, _) in &told.requests {
            self.logged.insert((account.clone(), envelope.id, envelope.body_hash));
        }
    }

    pub fn finish(&self, clients: &[Client]) -> Result<(), Broken> {
        let ops = || clients.iter().flat_map(|client| &client.ops);
        let name = |op: &Op| (op.account.clone(), op.id, op.body_hash);
        let asked: BTreeSet<_> = ops().map(name).collect();
        // A client may take an id again, for the same too: then one of them may have been logged.
        let may_be_logged: BTreeSet<_> =
            ops().filter(|op| op.was_unknown || op.answer.is_some()).map(name).collect();
        for name in &self.logged {
            hold!("ORD-1", asked.contains(name), "{name:?} is in the log, and nobody asked it");
        }
        for op in ops() {
            let name = name(op);
            let is_definite = op.given_up && !may_be_logged.contains(&name);
            if !is_definite || op.request == Asked::Read {
                continue;
            }
            let is_absent = !self.logged.contains(&name);
            hold!("LOG-1", is_absent, "{name:?} failed for good, and is in the log");
        }
        Ok(())
    }
}
