//! openraft's view of a partition's log.

use std::fmt::Debug;
use std::io;
use std::marker::PhantomData;
use std::ops::{Bound, Range, RangeBounds, RangeInclusive};

use futures::Stream;
use futures::stream;
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend, RaftLogReader};

use super::codec;
use super::types::{RaftEntry, RaftLogId, RaftTypes, Vote};
use crate::log::PartitionLog;

/// Entries handed out at a time, in payload bytes; at least one entry is.
const CHUNK_BYTES: usize = 1 << 20;

/// A partition's log, for consensus over any runtime.
#[derive(Clone)]
pub struct LogStore<C> {
    log: PartitionLog,
    types: PhantomData<fn() -> C>,
}

impl<C: RaftTypes> LogStore<C> {
    #[must_use]
    pub fn new(log: PartitionLog) -> Self {
        Self { log, types: PhantomData }
    }

    fn read(&self, range: Range<u64>, bytes_max: usize) -> io::Result<Vec<RaftEntry>> {
        let entries = self.log.entries(range, bytes_max)?;
        entries.into_iter().map(codec::from_log).collect()
    }
}

fn whole(range: &impl RangeBounds<u64>) -> Range<u64> {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before + 1,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last + 1,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    start..end
}

impl<C: RaftTypes> RaftLogReader<C> for LogStore<C> {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> io::Result<Vec<RaftEntry>>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        self.read(whole(&range), usize::MAX)
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> io::Result<Vec<RaftEntry>> {
        self.read(start..end, CHUNK_BYTES)
    }

    /// Apply reads through this: piece by piece, so that a long tail never is in memory at once.
    async fn entries_stream<RB>(
        &mut self,
        range: RB,
    ) -> impl Stream<Item = io::Result<RaftEntry>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let state = (self.clone(), whole(&range), Vec::new().into_iter());
        stream::unfold(state, |(store, mut left, mut piece)| async move {
            if piece.len() == 0 {
                if left.is_empty() {
                    return None;
                }
                match store.read(left.clone(), CHUNK_BYTES) {
                    Ok(entries) => piece = entries.into_iter(),
                    Err(error) => return Some((Err(error), (store, 0..0, piece))),
                }
            }
            let Some(entry) = piece.next() else {
                if store.log.state().last.is_none_or(|last| last.index < left.start) {
                    return None;
                }
                let missing = format!("entry {} of {} is purged", left.start, store.log.id());
                let missing = io::Error::new(io::ErrorKind::NotFound, missing);
                return Some((Err(missing), (store, 0..0, piece)));
            };
            left.start = entry.log_id.index + 1;
            Some((Ok(entry), (store, left, piece)))
        })
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        self.log.state().vote.map(|vote| codec::decode_vote(&vote)).transpose()
    }

    /// The last entry of each term. The trait's own text still speaks of the first ones; what
    /// openraft does with the answer, and its suite, want the last.
    async fn get_key_log_ids(
        &mut self,
        range: RangeInclusive<RaftLogId>,
    ) -> io::Result<Vec<RaftLogId>> {
        let terms = self.log.terms(range.start().index..range.end().index + 1);
        let lasts = terms.chunk_by(|a, b| a.term == b.term).filter_map(|term| term.last());
        Ok(lasts.copied().map(codec::log_id).collect())
    }
}

impl<C: RaftTypes> RaftLogStorage<C> for LogStore<C> {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<C>> {
        let state = self.log.state();
        Ok(LogState {
            last_purged_log_id: state.purged.map(codec::log_id),
            last_log_id: state.last.map(codec::log_id),
        })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        Ok(self.log.save_vote(codec::encode_vote(vote)).await?)
    }

    async fn save_committed(&mut self, committed: Option<RaftLogId>) -> io::Result<()> {
        self.log.save_committed(committed.as_ref().map(codec::position));
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<RaftLogId>> {
        Ok(self.log.state().committed.map(codec::log_id))
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<C>) -> io::Result<()>
    where
        I: IntoIterator<Item = RaftEntry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries = entries.into_iter().map(codec::to_log).collect::<io::Result<Vec<_>>>()?;
        let done = move |outcome: Result<(), crate::log::LogError>| {
            callback.io_completed(outcome.map_err(io::Error::from));
        };
        Ok(self.log.append(entries, Box::new(done)).await?)
    }

    async fn truncate_after(&mut self, last: Option<RaftLogId>) -> io::Result<()> {
        let first = last.map_or(0, |last| last.index + 1);
        Ok(self.log.truncate_from(first).await?)
    }

    async fn purge(&mut self, through: RaftLogId) -> io::Result<()> {
        Ok(self.log.purge_through(codec::position(&through)).await?)
    }
}
