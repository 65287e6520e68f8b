//! openraft's view of a partition's machine.
//!
//! Snapshots are written outside of openraft, which would stop for good when one fails: it only
//! hears of those that are durable.

use std::io;

use futures::{Stream, StreamExt};
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, Snapshot};

use super::codec;
use super::error::SnapshotError;
use super::machine::{Committed, Machine, SnapshotMeta, SnapshotWriting};
use super::network::SnapshotToken;
use super::types::{NodeId, RaftLogId, RaftSnapshotMeta, RaftTypes, StoredMembers, Term};
use crate::log::{LogPosition, PartitionLog};

/// Entries given to the machine at a time.
const CHUNK_ENTRIES: usize = 64;
/// Payload bytes given to the machine at a time; one entry may exceed it.
const CHUNK_BYTES: usize = 1 << 20;

type RaftSnapshot = Snapshot<Term, NodeId, openraft::EmptyNode, SnapshotToken>;

/// Feeds a machine with what is committed.
pub struct Applier<M> {
    machine: M,
    last: Option<LogPosition>,
    membership: StoredMembers,
    /// The newest snapshot that is durable.
    durable: Option<RaftSnapshotMeta>,
}

impl<M: Machine> Applier<M> {
    /// Takes a machine as it was loaded.
    ///
    /// # Errors
    /// The membership stored with its snapshot cannot be read.
    pub fn new(machine: M) -> io::Result<Self> {
        let applied = machine.applied();
        let membership = codec::decode_stored(&applied.membership)?;
        let durable = applied.last.map(|last| RaftSnapshotMeta {
            last_log_id: Some(codec::log_id(last)),
            last_membership: membership.clone(),
        });
        Ok(Self { machine, last: applied.last, membership, durable })
    }

    /// Begins a snapshot as of now; nothing when there is no state. When the newest snapshot is as
    /// good, only `again` makes another one.
    pub(super) async fn capture(
        &mut self,
        again: bool,
    ) -> Result<Option<(RaftSnapshotMeta, SnapshotWriting)>, SnapshotError> {
        let Some(last) = self.last else { return Ok(None) };
        let last_log_id = Some(codec::log_id(last));
        let newest = self.durable.as_ref().and_then(|durable| durable.last_log_id);
        if !again && newest == last_log_id {
            return Ok(None);
        }
        let membership = codec::encode_stored(&self.membership)
            .map_err(|error| SnapshotError::Writing(error.to_string()))?;
        let writing = self.machine.capture(SnapshotMeta { last, membership }).await;
        let meta = RaftSnapshotMeta { last_log_id, last_membership: self.membership.clone() };
        Ok(Some((meta, writing)))
    }

    /// Replaces a state that is wrong by the newest snapshot in the machine's store, which is not
    /// ahead of it, and applies the log behind that again. What consensus knows stays as it is.
    pub(super) async fn reinstall(
        &mut self,
        snapshot: SnapshotMeta,
        log: &PartitionLog,
    ) -> Result<(), SnapshotError> {
        let (mut next, last) = (snapshot.last.index + 1, self.last.map_or(0, |last| last.index));
        // All of it is read before anything changes: there is no way back from the middle.
        let mut again = Vec::new();
        while next <= last {
            let entries = log.entries_at(next..last + 1, CHUNK_BYTES).map_err(|error| {
                SnapshotError::Reading(format!("the log behind the snapshot: {error}"))
            })?;
            next += entries.len() as u64;
            again.extend(entries.into_iter().map(|entry| Committed {
                at: entry.at,
                payload: codec::batch_of(&entry).cloned(),
            }));
        }
        let last_membership = codec::decode_stored(&snapshot.membership)
            .map_err(|error| SnapshotError::Reading(error.to_string()))?;
        let last_log_id = Some(codec::log_id(snapshot.last));
        self.machine.install(snapshot).await?;
        self.durable = Some(RaftSnapshotMeta { last_log_id, last_membership });
        let mut again = again.into_iter();
        loop {
            let chunk: Vec<Committed> = again.by_ref().take(CHUNK_ENTRIES).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            self.machine.apply(chunk).await;
        }
    }

    pub(super) fn captured(&mut self, meta: RaftSnapshotMeta) {
        self.durable = Some(meta);
    }
}

impl<C: RaftTypes, M: Machine> RaftStateMachine<C> for Applier<M> {
    type SnapshotData = SnapshotToken;
    type SnapshotBuilder = DurableSnapshot;

    async fn applied_state(&mut self) -> io::Result<(Option<RaftLogId>, StoredMembers)> {
        Ok((self.last.map(codec::log_id), self.membership.clone()))
    }

    async fn apply<S>(&mut self, entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<C>>> + Unpin + OptionalSend,
    {
        // The end of the entries may be met in the middle of a chunk and again at its beginning.
        let mut entries = entries.fuse();
        loop {
            let mut chunk = Vec::new();
            let mut responders = Vec::new();
            let mut bytes = 0;
            while chunk.len() < CHUNK_ENTRIES && bytes < CHUNK_BYTES {
                let Some(next) = entries.next().await else { break };
                let (entry, responder) = next?;
                let payload = match entry.payload {
                    EntryPayload::Normal(batch) => Some(batch.0),
                    EntryPayload::Blank => None,
                    EntryPayload::Membership(members) => {
                        self.membership = StoredMembers::new(Some(entry.log_id), members);
                        None
                    }
                };
                bytes += payload.as_ref().map_or(0, bytes::Bytes::len);
                chunk.push(Committed { at: codec::position(&entry.log_id), payload });
                responders.extend(responder);
            }
            let Some(last) = chunk.last() else { return Ok(()) };
            self.last = Some(last.at);
            self.machine.apply(chunk).await;
            for responder in responders {
                responder.send(());
            }
        }
    }

    async fn get_snapshot_builder(&mut self) -> DurableSnapshot {
        DurableSnapshot { meta: self.durable.clone() }
    }

    async fn try_create_snapshot_builder(&mut self, force: bool) -> Option<DurableSnapshot> {
        (force || self.durable.is_some()).then(|| DurableSnapshot { meta: self.durable.clone() })
    }

    async fn install_snapshot(
        &mut self,
        meta: &RaftSnapshotMeta,
        _snapshot: SnapshotToken,
    ) -> io::Result<()> {
        let last = meta.last_log_id.as_ref().map(codec::position);
        let last = last.ok_or_else(|| io::Error::other("a snapshot of nothing"))?;
        let membership = codec::encode_stored(&meta.last_membership)?;
        let installed = self.machine.install(SnapshotMeta { last, membership }).await;
        installed.map_err(io::Error::other)?;
        self.last = Some(last);
        self.membership = meta.last_membership.clone();
        self.durable = Some(meta.clone());
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<RaftSnapshot>> {
        Ok(self.durable.clone().map(|meta| Snapshot { meta, snapshot: SnapshotToken }))
    }
}

/// Tells openraft of a snapshot that is durable already.
pub struct DurableSnapshot {
    meta: Option<RaftSnapshotMeta>,
}

impl<C: RaftTypes> RaftSnapshotBuilder<C> for DurableSnapshot {
    type SnapshotData = SnapshotToken;

    async fn build_snapshot(&mut self) -> io::Result<RaftSnapshot> {
        let meta = self.meta.clone().ok_or_else(|| io::Error::other("no snapshot was written"))?;
        Ok(Snapshot { meta, snapshot: SnapshotToken })
    }
}
