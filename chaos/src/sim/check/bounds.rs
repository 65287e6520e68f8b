//! CAP-1: what waits for a leader stays within its bound, however much is asked of it.

use crate::sim::words::{Broken, hold};
use crate::sim::world::Room;
use hoga_engine::ids::PartitionId;

#[derive(Default)]
pub struct Bounds {
    pub checked: u64,
}

impl Bounds {
    pub fn waits(
        &mut self,
        partition: PartitionId,
        waiting: Room,
        room: Room,
    ) -> Result<(), Broken> {
        self.checked += 1;
        let id = partition.0;
        let fits = waiting.clients <= room.clients && waiting.inbound <= room.inbound;
        hold!("CAP-1", fits, "{waiting:?} wait for {id}, which has {room:?}");
        Ok(())
    }
}
