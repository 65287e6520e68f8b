//! Taking a snapshot of a partition, and cutting the log behind it.

use std::time::Duration;

use openraft::Raft;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::type_config::TypeConfigExt;
use tokio::sync::{Mutex, watch};

use super::applier::Applier;
use super::error::SnapshotError;
use super::machine::Machine;
use super::types::RaftTypes;
use crate::log::PartitionId;

/// How long openraft may take to hear of a snapshot that is durable; it is one round of its queue.
const NOTED_WITHIN: Duration = Duration::from_secs(30);

/// After how long a snapshot that failed while the log grows is tried again: what failed it, a full
/// disk, may have passed, and nothing else says so.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Takes the snapshots of one replica, one at a time.
pub(super) struct Snapshotter<M: Machine, C: RaftTypes> {
    partition: PartitionId,
    raft: Raft<C, Applier<M>>,
    one_at_a_time: Mutex<()>,
}

impl<M: Machine, C: RaftTypes> Snapshotter<M, C> {
    pub(super) fn new(partition: PartitionId, raft: Raft<C, Applier<M>>) -> Self {
        Self { partition, raft, one_at_a_time: Mutex::new(()) }
    }

    /// Captures, writes, and lets the log go as far as the machine allows. False when nothing was
    /// applied since the last snapshot.
    pub(super) async fn take(&self) -> Result<bool, SnapshotError> {
        let _turn = self.one_at_a_time.lock().await;
        Ok(self.write(false).await?.is_some())
    }

    /// Replaces every snapshot that is kept, and lets the log go up to the last applied entry: the
    /// older one must be as new as the newest, so the same state may have to be written twice.
    pub(super) async fn renew(&self) -> Result<(), SnapshotError> {
        let _turn = self.one_at_a_time.lock().await;
        for again in [false, true] {
            let Some((last, needless)) = self.write(again).await? else { continue };
            if needless.is_some_and(|through| through >= last) {
                break;
            }
        }
        Ok(())
    }

    /// One snapshot: its last index, and the one up to which the log is not needed any more.
    async fn write(&self, again: bool) -> Result<Option<(u64, Option<u64>)>, SnapshotError> {
        let stopped = |_| SnapshotError::Stopped;
        let captured = self
            .raft
            .with_state_machine(move |applier: &mut Applier<M>| Box::pin(applier.capture(again)))
            .await
            .map_err(stopped)??;
        let Some((meta, writing)) = captured else { return Ok(None) };
        let written = writing.await?;
        let last = meta.last_log_id;
        self.raft
            .with_state_machine(move |applier: &mut Applier<M>| {
                applier.captured(meta);
                Box::pin(std::future::ready(()))
            })
            .await
            .map_err(stopped)?;
        if self.raft.metrics().borrow_watched().snapshot < last {
            self.raft.trigger().snapshot().await.map_err(stopped)?;
        }
        self.raft
            .wait(Some(NOTED_WITHIN))
            .metrics(|metrics| metrics.snapshot >= last, "the snapshot is noted")
            .await
            .map_err(|_| SnapshotError::Stopped)?;
        if let Some(through) = written.log_needless_through {
            self.raft.trigger().purge_log(through).await.map_err(stopped)?;
        }
        Ok(last.map(|last| (last.index, written.log_needless_through)))
    }

    /// Takes snapshots whenever the partition keeps old segments of the log from being used again;
    /// until the replica goes.
    pub(super) async fn keep_log_short(
        &self,
        mut stale: watch::Receiver<Vec<PartitionId>>,
        mut running: watch::Receiver<()>,
    ) {
        loop {
            let mine = stale.borrow_and_update().contains(&self.partition);
            let failed = if mine { self.renew().await.err() } else { None };
            if let Some(error) = &failed {
                tracing::warn!(partition = %self.partition, %error, "the log grows");
            }
            tokio::select! {
                biased;
                _ = running.changed() => return,
                changed = stale.changed() => if changed.is_err() { return },
                () = C::sleep(AGAIN_AFTER), if failed.is_some() => {}
            }
        }
    }
}
