//! openraft's view of a replica in the world: entries in, snapshots in and out.

use super::hub::{Hub, Kept};
use super::types::{Members, Meta, SimLogId, SimTypes, Snapshot};
use crate::sim::words::{Moment, NodeId};
use crate::sim::world::Generation;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use hoga_engine::ids::PartitionId;
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend};
use std::io;

pub struct Machine {
    hub: Hub,
    node: NodeId,
    partition: PartitionId,
    last: Option<SimLogId>,
    members: Members,
}

impl Machine {
    /// A machine as its newest snapshot has it.
    #[must_use]
    pub fn new(hub: Hub, node: NodeId, partition: PartitionId, applied: u64) -> Machine {
        let kept = hub.kept(node, partition, applied);
        let (last, members) = kept.map_or_else(Default::default, |kept| (kept.last, kept.members));
        Machine { hub, node, partition, last, members }
    }

    fn newest(&self) -> Option<Snapshot> {
        let (generation, kept) = self.hub.newest(self.node, self.partition)?;
        let meta = Meta { last_log_id: kept.last, last_membership: kept.members };
        Some(Snapshot { meta, snapshot: generation.bytes })
    }
}

impl RaftStateMachine<SimTypes> for Machine {
    type SnapshotData = Bytes;
    type SnapshotBuilder = Durable;

    async fn applied_state(&mut self) -> io::Result<(Option<SimLogId>, Members)> {
        Ok((self.last, self.members.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<SimTypes>>> + Unpin + OptionalSend,
    {
        while let Some(next) = entries.next().await {
            let (entry, responder) = next?;
            let batch = match entry.payload {
                EntryPayload::Normal(batch) => Some(batch.0),
                EntryPayload::Blank => None,
                EntryPayload::Membership(members) => {
                    self.members = Members::new(Some(entry.log_id), members);
                    None
                }
            };
            self.last = Some(entry.log_id);
            let kept = Kept { last: self.last, members: self.members.clone() };
            let (term, index) = (entry.log_id.leader_id.term, entry.log_id.index + 1);
            self.hub.apply(self.node, self.partition, index, term, batch.as_ref(), kept);
            if let Some(responder) = responder {
                responder.send(());
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Durable {
        Durable(self.newest())
    }

    async fn try_create_snapshot_builder(&mut self, force: bool) -> Option<Durable> {
        let newest = self.newest();
        (force || newest.is_some()).then_some(Durable(newest))
    }

    async fn install_snapshot(&mut self, meta: &Meta, bytes: Bytes) -> io::Result<()> {
        self.hub.moment(Moment::SnapshotHalfInstalled, self.node);
        // Here a process may die, with the snapshot received and not taken over.
        super::hub::pause_ms(1).await;
        let index = meta.last_log_id.map_or(0, |last| last.index + 1);
        self.last = meta.last_log_id;
        self.members = meta.last_membership.clone();
        let kept = Kept { last: self.last, members: self.members.clone() };
        let generation = Generation { index, bytes };
        self.hub.install(self.node, self.partition, generation, kept);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshot>> {
        Ok(self.newest())
    }
}

/// Tells openraft of a snapshot that is durable already.
pub struct Durable(Option<Snapshot>);

impl RaftSnapshotBuilder<SimTypes> for Durable {
    type SnapshotData = Bytes;

    async fn build_snapshot(&mut self) -> io::Result<Snapshot> {
        self.0.clone().ok_or_else(|| io::Error::other("no snapshot was written"))
    }
}
