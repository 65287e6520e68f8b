//! FILL-3 at its root: what a partition hears from another is what that one said, in the same
//! order, each message once.

use super::Told;
use crate::sim::words::{Broken, hold};
use hoga_engine::ids::PartitionId;
use hoga_engine::message::Message;
use std::collections::{BTreeMap, VecDeque};

#[derive(Default)]
pub struct Channels {
    pub checked: u64,
    /// Said and not heard yet, by source and destination.
    under_way: BTreeMap<(PartitionId, PartitionId), VecDeque<Message>>,
}

impl Channels {
    pub fn hear(&mut self, told: &Told) -> Result<(), Broken> {
        let here = told.partition;
        for (source, message) in &told.heard {
            self.checked += 1;
            let said = self.under_way.entry((*source, here)).or_default().pop_front();
            let same = said.as_ref() == Some(message);
            let (from, to) = (source.0, here.0);
            hold!("FILL-3", same, "{to} hears {message:?} from {from}, which said {said:?}");
        }
        for (to, message) in &told.sent {
            self.under_way.entry((here, *to)).or_default().push_back(message.clone());
        }
        Ok(())
    }
}
