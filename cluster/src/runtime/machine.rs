//! The performer as consensus sees it.

use super::failing::Failing;
use super::performer::Job;
use super::snapshots::Snapshots;
use crate::raft::{Applied, Committed, Machine, SnapshotError, SnapshotMeta, SnapshotWriting};
use hoga_engine::topology::Topology;
use tokio::sync::{mpsc, oneshot};

/// Hands committed entries to a performer and waits for it.
pub(crate) struct PerformerMachine {
    pub jobs: mpsc::Sender<Job>,
    pub applied: Applied,
    pub snapshots: Snapshots,
    pub topology: Topology,
    pub failing: Failing,
}

impl Machine for PerformerMachine {
    fn applied(&self) -> Applied {
        self.applied.clone()
    }

    async fn apply(&mut self, entries: Vec<Committed>) {
        let (done, applied) = oneshot::channel();
        drop(self.jobs.send(Job::Apply { entries, done }).await);
        if applied.await.is_err() {
            // Of a node that stops, nobody listens any more. Of another one a partition is dead.
            self.failing.say("a partition has stopped applying what is committed");
        }
    }

    async fn capture(&mut self, meta: SnapshotMeta) -> SnapshotWriting {
        if !self.snapshots.trusted.now().may_be_kept() {
            // The state before it is good; this one may not be.
            return Box::pin(std::future::ready(Err(SnapshotError::InDoubt)));
        }
        let (done, writing) = oneshot::channel();
        drop(self.jobs.send(Job::Capture { done }).await);
        match writing.await {
            Ok(writing) => self.snapshots.write(meta, writing),
            Err(_) => Box::pin(std::future::ready(Err(SnapshotError::Stopped))),
        }
    }

    async fn install(&mut self, meta: SnapshotMeta) -> Result<(), SnapshotError> {
        let (snapshots, topology) = (self.snapshots.clone(), self.topology);
        let at = meta.last;
        let loading = tokio::task::spawn_blocking(move || snapshots.state_at(&meta, topology));
        let state = loading.await.map_err(|error| SnapshotError::Reading(error.to_string()))??;
        let (done, installed) = oneshot::channel();
        let job = Job::Install { state: Box::new(state), at, done };
        self.jobs.send(job).await.map_err(|_| SnapshotError::Stopped)?;
        installed.await.map_err(|_| SnapshotError::Stopped)
    }
}
