//! What of the boards a pit has: whether the whole market has fallen too far.

use crate::amount::Ticks;
use crate::effect::Effects;
use crate::ids::InstrumentId;
use crate::instrument::Catalogue;
use crate::message::{BoardMessage, Message, PartitionMessage};
use crate::session::Breaker;
use crate::topology::{Role, Topology};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Index {
    catalogue: Catalogue,
    marks: BTreeMap<InstrumentId, Ticks>,
    breaker: Breaker,
}

impl Index {
    pub fn hear(&mut self, message: &Message, topology: &Topology, out: &mut impl Effects) {
        match message {
            Message::ToPartition(PartitionMessage::Instrument(instrument)) => {
                self.catalogue.instruments.insert(instrument.id, (**instrument).clone());
            }
            &Message::ToBoard(BoardMessage::Mark { instrument, price, time, stops }) => {
                self.marks.insert(instrument, price);
                let Index { catalogue, marks, breaker } = self;
                let Some(level) = breaker.hear(instrument, time, stops, catalogue, marks) else {
                    return;
                };
                for (to, _) in topology.partitions().filter(|(_, role)| *role == Role::Books) {
                    out.send(to, Message::ToPartition(PartitionMessage::Break { level }));
                }
            }
            _ => {}
        }
    }
}
