//! ORD-2: what was cancelled, and acknowledged as such, never trades again.

use super::Told;
use crate::sim::words::{Broken, hold};
use crate::sim::world::{Asked, Op};
use hoga_engine::effect::Answer;
use hoga_engine::ids::OrderKey;
use hoga_engine::message::{AccountMessage, Message, OutcomeOf};
use hoga_engine::order::Status;
use hoga_engine::request::AccountRequest;
use std::collections::BTreeSet;

#[derive(Default)]
pub struct Gone {
    pub checked: u64,
    gone: BTreeSet<OrderKey>,
}

impl Gone {
    /// A client hears that its order is cancelled.
    pub fn heard(&mut self, op: &Op, answer: &Answer) {
        let is_cancel = matches!(op.request, Asked::Account(AccountRequest::Cancel { .. }));
        if let (true, Answer::Decided { outcome, .. }) = (is_cancel, answer)
            && outcome.status == Status::Cancelled
            && matches!(outcome.of, OutcomeOf::Cancel(_))
        {
            self.gone.insert(outcome.order);
            self.checked += 1;
        }
    }

    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        for (_, message) in &told.sent {
            if let Message::ToAccount(_, AccountMessage::Settle(leg)) = message {
                let is_there = !self.gone.contains(&leg.order);
                hold!("ORD-2", is_there, "{leg:?} trades, and was acknowledged as cancelled");
            }
        }
        Ok(())
    }
}
