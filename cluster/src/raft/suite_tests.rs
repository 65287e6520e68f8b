//! openraft's own suite for storage, on our log.

use std::io;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use openraft::errors::ErrorSource;
use openraft::impls::BoxedErrorSource;
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use openraft::testing::log::{StoreBuilder, Suite};
use openraft::{EmptyNode, OptionalSend, Snapshot, StorageError};

use super::types::{NodeId, RaftLogId, RaftSnapshotMeta, StoredMembers, Term};
use super::{LogStore, SnapshotToken, TokioRaft};
use crate::log::{LogOptions, MemoryDisk, PartitionId, SegmentLog};

type TokenSnapshot = Snapshot<Term, NodeId, EmptyNode, SnapshotToken>;

/// The suite wants a machine that takes snapshots from others as well; this one is its position.
#[derive(Clone, Default)]
struct Position {
    last: Option<RaftLogId>,
    membership: StoredMembers,
    snapshot: Option<RaftSnapshotMeta>,
}

impl RaftStateMachine<TokioRaft> for Position {
    type SnapshotData = SnapshotToken;
    type SnapshotBuilder = Self;

    async fn applied_state(&mut self) -> io::Result<(Option<RaftLogId>, StoredMembers)> {
        Ok((self.last, self.membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<TokioRaft>>> + Unpin + OptionalSend,
    {
        while let Some(next) = entries.next().await {
            let (entry, responder) = next?;
            self.last = Some(entry.log_id);
            if let openraft::EntryPayload::Membership(members) = entry.payload {
                self.membership = StoredMembers::new(Some(entry.log_id), members);
            }
            if let Some(responder) = responder {
                responder.send(());
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Self {
        self.snapshot = Some(RaftSnapshotMeta {
            last_log_id: self.last,
            last_membership: self.membership.clone(),
        });
        self.clone()
    }

    async fn install_snapshot(
        &mut self,
        meta: &RaftSnapshotMeta,
        _snapshot: SnapshotToken,
    ) -> io::Result<()> {
        self.last = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        self.snapshot = Some(meta.clone());
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<TokenSnapshot>> {
        Ok(self.snapshot.clone().map(|meta| Snapshot { meta, snapshot: SnapshotToken }))
    }
}

impl RaftSnapshotBuilder<TokioRaft> for Position {
    type SnapshotData = SnapshotToken;

    async fn build_snapshot(&mut self) -> io::Result<TokenSnapshot> {
        let meta = self.snapshot.clone().ok_or(io::ErrorKind::NotFound)?;
        Ok(Snapshot { meta, snapshot: SnapshotToken })
    }
}

struct Builder;

impl StoreBuilder<TokioRaft, LogStore<TokioRaft>, Position, SegmentLog> for Builder {
    async fn build(
        &self,
    ) -> Result<(SegmentLog, LogStore<TokioRaft>, Position), StorageError<TokioRaft>> {
        let log = SegmentLog::open(Arc::new(MemoryDisk::new()), LogOptions::small())
            .map_err(|error| StorageError::read(BoxedErrorSource::from_error(&error)))?;
        let store = LogStore::new(log.partition(PartitionId(1)));
        Ok((log, store, Position::default()))
    }
}

#[tokio::test]
async fn the_log_passes_the_storage_suite_of_openraft() {
    Suite::test_all(Builder).await.expect("every test of the suite");
}
