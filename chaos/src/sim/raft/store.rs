//! The product's log store, with room for planted bugs around it.

use super::types::{SimEntry, SimLogId, SimTypes, SimVote};
use crate::sim::mutants::Mutant;
use futures::Stream;
use hoga_cluster::raft::LogStore;
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend, RaftLogReader};
use std::fmt::Debug;
use std::io;
use std::ops::{RangeBounds, RangeInclusive};

#[derive(Clone)]
pub struct Store {
    inner: LogStore<SimTypes>,
    mutant: Option<Mutant>,
}

impl Store {
    #[must_use]
    pub fn new(inner: LogStore<SimTypes>, mutant: Option<Mutant>) -> Store {
        Store { inner, mutant }
    }
}

impl RaftLogReader<SimTypes> for Store {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> io::Result<Vec<SimEntry>>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        self.inner.try_get_log_entries(range).await
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<SimEntry>> {
        self.inner.limited_get_log_entries(start, end).await
    }

    async fn entries_stream<RB>(
        &mut self,
        range: RB,
    ) -> impl Stream<Item = io::Result<SimEntry>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        self.inner.entries_stream(range).await
    }

    async fn read_vote(&mut self) -> io::Result<Option<SimVote>> {
        if self.mutant == Some(Mutant::TermForgotten) {
            return Ok(None);
        }
        self.inner.read_vote().await
    }

    async fn get_key_log_ids(
        &mut self,
        range: RangeInclusive<SimLogId>,
    ) -> io::Result<Vec<SimLogId>> {
        self.inner.get_key_log_ids(range).await
    }
}

impl RaftLogStorage<SimTypes> for Store {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<SimTypes>> {
        RaftLogStorage::get_log_state(&mut self.inner).await
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &SimVote) -> io::Result<()> {
        if self.mutant == Some(Mutant::VoteNotSynced) {
            let (mut inner, vote) = (self.inner.clone(), *vote);
            drop(<super::runtime::NodeRuntime as openraft::AsyncRuntime>::spawn(async move {
                inner.save_vote(&vote).await.ok();
            }));
            return Ok(());
        }
        self.inner.save_vote(vote).await
    }

    async fn save_committed(&mut self, committed: Option<SimLogId>) -> io::Result<()> {
        self.inner.save_committed(committed).await
    }

    async fn read_committed(&mut self) -> io::Result<Option<SimLogId>> {
        self.inner.read_committed().await
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<SimTypes>) -> io::Result<()>
    where
        I: IntoIterator<Item = SimEntry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        if self.mutant == Some(Mutant::AckBeforeFsync) {
            self.inner.append(entries, IOFlushed::noop()).await?;
            callback.io_completed(Ok(()));
            return Ok(());
        }
        self.inner.append(entries, callback).await
    }

    async fn truncate_after(&mut self, last: Option<SimLogId>) -> io::Result<()> {
        self.inner.truncate_after(last).await
    }

    async fn purge(&mut self, through: SimLogId) -> io::Result<()> {
        self.inner.purge(through).await
    }
}
