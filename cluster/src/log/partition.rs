//! One partition's view of the node's log.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::core::Core;
use super::entry;
use super::error::LogError;
use super::index::{PartitionIndex, Place};
use super::request::{Body, Completion, Request, entry_bytes, split};
use super::space::Reservation;
use super::types::{LogEntry, LogPosition, PartitionId, PartitionState};

/// Neighbouring entries are read from disk together, up to this many bytes.
const READ_BYTES_MAX: usize = 1 << 20;

/// A handle to one partition of the log; cheap to clone.
///
/// One owner at a time appends, truncates and purges; any number may read.
#[derive(Clone)]
pub struct PartitionLog {
    id: PartitionId,
    core: Arc<Core>,
    queue: mpsc::Sender<Request>,
}

/// Where the payload of one entry is to be taken from.
enum Source {
    Memory(Bytes),
    Disk(Place),
}

impl PartitionLog {
    pub(super) fn new(id: PartitionId, core: Arc<Core>, queue: mpsc::Sender<Request>) -> Self {
        core.index().partition(id);
        Self { id, core, queue }
    }

    #[must_use]
    pub fn id(&self) -> PartitionId {
        self.id
    }

    /// What is known now; it may be ahead of what is durable.
    #[must_use]
    pub fn state(&self) -> PartitionState {
        self.core.index().partition(self.id).state()
    }

    /// The largest payload one entry may have, in bytes.
    #[must_use]
    pub fn entry_bytes_max(&self) -> usize {
        self.core.options.entry_bytes_max()
    }

    /// Makes room for an append with a payload of `bytes`, or says that there is none.
    ///
    /// # Errors
    /// [`LogError::Full`] when there is no space, [`LogError::Poisoned`] or [`LogError::Closed`]
    /// when the log takes nothing more. Nothing changed.
    pub async fn reserve(&self, bytes: usize) -> Result<Reservation, LogError> {
        self.core.check()?;
        // Each append may end up in a write of its own, padded to a whole block.
        let write = bytes.next_multiple_of(super::frame::BLOCK_BYTES);
        let room = (write + super::frame::BLOCK_BYTES) as u64;
        self.core.space.reserve(room).await
    }

    /// Appends entries in order. They can be read when this returns, and are durable when `done`
    /// is called with `Ok`. On a full disk they wait for space; see [`Self::try_append`].
    ///
    /// # Errors
    /// Nothing was appended, and `done` is not called.
    pub async fn append(&self, entries: Vec<LogEntry>, done: Completion) -> Result<(), LogError> {
        self.core.check()?;
        let max = self.core.options.entry_bytes_max();
        let bytes = entries.iter().map(|entry| entry.payload.len()).max().unwrap_or(0);
        if bytes > max {
            return Err(LogError::TooLarge { bytes, max });
        }
        let mut parts = split(entries, self.core.options.write_bytes_max);
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            self.enqueue_entries(part, None).await?;
        }
        self.enqueue_entries(last, Some(done)).await
    }

    /// Appends entries if there is room for them.
    ///
    /// # Errors
    /// As [`Self::append`], and [`LogError::Full`]: nothing was appended, retry later.
    pub async fn try_append(
        &self,
        entries: Vec<LogEntry>,
        done: Completion,
    ) -> Result<(), LogError> {
        let room = self.reserve(entries.iter().map(entry_bytes).sum()).await?;
        let done = Box::new(move |outcome| {
            drop(room);
            done(outcome);
        });
        self.append(entries, done).await
    }

    async fn enqueue_entries(
        &self,
        entries: Vec<LogEntry>,
        done: Option<Completion>,
    ) -> Result<(), LogError> {
        // The place in the queue comes first: nothing is undone when waiting for it is given up.
        let place = self.queue.reserve().await.map_err(|_| LogError::Closed)?;
        let (ticket, first_stamp) = {
            let mut index = self.core.index();
            let first_stamp = index.append(self.id, &entries);
            (next_ticket(index.partition(self.id)), first_stamp)
        };
        let body = Body::Append { first_stamp, entries };
        place.send(Request { partition: self.id, ticket, body, done });
        Ok(())
    }

    /// Saves the vote; durable when this returns.
    ///
    /// # Errors
    /// Whether the vote is durable is not known; the log takes nothing more.
    pub async fn save_vote(&self, vote: Bytes) -> Result<(), LogError> {
        let body = Body::Vote(vote.clone());
        self.change(body, |partition| partition.vote = Some(vote)).await
    }

    /// Removes the entries from index `first` on; durable when this returns.
    ///
    /// # Errors
    /// Whether it happened is not known; the log takes nothing more.
    pub async fn truncate_from(&self, first: u64) -> Result<(), LogError> {
        self.change(Body::Truncate { first }, |partition| partition.truncate_from(first)).await
    }

    /// Forgets the entries up to a position, so that their segments can be used again; durable
    /// when this returns.
    ///
    /// # Errors
    /// Whether it happened is not known; the log takes nothing more.
    pub async fn purge_through(&self, at: LogPosition) -> Result<(), LogError> {
        self.change(Body::Purge(at), |partition| partition.purge_through(at)).await
    }

    /// Waits until all that was asked before is durable, committed markers included.
    ///
    /// # Errors
    /// The log takes nothing more.
    pub async fn flush(&self) -> Result<(), LogError> {
        self.change(Body::Flush, |_| ()).await
    }

    async fn change(
        &self,
        body: Body,
        act: impl FnOnce(&mut PartitionIndex),
    ) -> Result<(), LogError> {
        self.core.check()?;
        let (done, outcome) = oneshot::channel();
        let place = self.queue.reserve().await.map_err(|_| LogError::Closed)?;
        let ticket = {
            let mut index = self.core.index();
            let partition = index.partition(self.id);
            act(partition);
            next_ticket(partition)
        };
        let done: Completion = Box::new(move |result| {
            // Whoever asked may have gone; the change stands all the same.
            done.send(result).ok();
        });
        place.send(Request { partition: self.id, ticket, body, done: Some(done) });
        outcome.await.unwrap_or(Err(LogError::Closed))
    }

    /// Notes that entries up to a position are committed. It becomes durable with the next write,
    /// whoever causes that: a marker alone is not worth an fsync.
    pub fn save_committed(&self, at: Option<LogPosition>) {
        let mut index = self.core.index();
        let partition = index.partition(self.id);
        partition.committed = at;
        partition.committed_unwritten = Some(partition.tickets);
    }

    /// The term of each entry of a range, as far as the entries are there.
    #[must_use]
    pub fn terms(&self, range: Range<u64>) -> Vec<LogPosition> {
        let mut index = self.core.index();
        let partition = index.partition(self.id);
        let present = range
            .filter_map(|index| Some(LogPosition { term: partition.slot(index)?.term, index }));
        present.collect()
    }

    /// As [`PartitionLog::entries`], for a replay that goes on with the first of the range: what
    /// was purged before it would be left out without a word.
    ///
    /// # Errors
    /// [`LogError::Missing`] when that one is not there; as for [`PartitionLog::entries`].
    pub fn entries_at(
        &self,
        range: Range<u64>,
        bytes_max: usize,
    ) -> Result<Vec<LogEntry>, LogError> {
        let index = range.start;
        let entries = self.entries(range, bytes_max)?;
        match entries.first() {
            Some(first) if first.at.index == index => Ok(entries),
            _ => Err(LogError::Missing { partition: self.id, index }),
        }
    }

    /// Entries of a range, in order, without holes; it ends early where entries end, or after the
    /// one that reaches `bytes_max` payload bytes. Entries no longer in memory are read from disk
    /// on the calling thread.
    ///
    /// # Errors
    /// [`LogError::Unreadable`] when the disk does not give back what was written.
    pub fn entries(&self, range: Range<u64>, bytes_max: usize) -> Result<Vec<LogEntry>, LogError> {
        let found = self.sources(range, bytes_max);
        let mut entries = Vec::with_capacity(found.len());
        let mut window = Window::default();
        for (at, tag, source) in found {
            let payload = match source {
                Source::Memory(payload) => payload,
                Source::Disk(place) => match self.read(place, &mut window) {
                    Ok(payload) => payload,
                    // Purged and its segment used again since we looked: then it is not there.
                    Err(_) if !self.is_at(at, place) => break,
                    Err(error) => return Err(error),
                },
            };
            entries.push(LogEntry { at, tag, payload });
        }
        Ok(entries)
    }

    fn sources(&self, range: Range<u64>, bytes_max: usize) -> Vec<(LogPosition, u8, Source)> {
        let mut index = self.core.index();
        let partition = index.partition(self.id);
        let mut found = Vec::new();
        let mut bytes = 0;
        for index in range.start.max(partition.first)..range.end.min(partition.next_index()) {
            let Some(slot) = partition.slot(index) else { break };
            let at = LogPosition { term: slot.term, index };
            let source = match (&slot.payload, slot.place) {
                (Some(payload), _) => {
                    bytes += payload.len();
                    Source::Memory(payload.clone())
                }
                (None, Some(place)) => {
                    bytes += place.bytes as usize;
                    Source::Disk(place)
                }
                (None, None) => unreachable!("{at} of {} has no payload and no place", self.id),
            };
            found.push((at, slot.tag, source));
            if bytes >= bytes_max {
                break;
            }
        }
        found
    }

    fn is_at(&self, at: LogPosition, place: Place) -> bool {
        let mut index = self.core.index();
        index.partition(self.id).slot(at.index).is_some_and(|slot| slot.place == Some(place))
    }

    fn read(&self, place: Place, window: &mut Window) -> Result<Bytes, LogError> {
        let unreadable = |cause: &str| LogError::Unreadable {
            segment: place.segment,
            offset: u64::from(place.offset),
            cause: cause.into(),
        };
        if !window.covers(place) {
            let segment = self.core.files().get(&place.segment).cloned();
            let segment = segment.ok_or_else(|| unreadable("the segment is gone"))?;
            let left = (segment.bytes - u64::from(place.offset)) as usize;
            let length = READ_BYTES_MAX.min(left).max(place.bytes as usize);
            let mut buffer = vec![0; length];
            let read = segment.file.read_at(&mut buffer, u64::from(place.offset));
            read.map_err(|error| unreadable(&error.to_string()))?;
            self.core.counters.disk_reads.fetch_add(1, Ordering::Relaxed);
            *window = Window { segment: place.segment, offset: place.offset, bytes: buffer.into() };
        }
        let start = (place.offset - window.offset) as usize;
        let bytes = window.bytes.slice(start..start + place.bytes as usize);
        entry::decode(&bytes)
            .map(|(_, payload)| payload)
            .ok_or_else(|| unreadable("the entry's checksum is wrong"))
    }
}

fn next_ticket(partition: &mut PartitionIndex) -> u64 {
    partition.tickets += 1;
    partition.tickets
}

/// A piece of a segment that was read ahead.
#[derive(Default)]
struct Window {
    segment: u64,
    offset: u32,
    bytes: Bytes,
}

impl Window {
    fn covers(&self, place: Place) -> bool {
        self.segment == place.segment
            && place.offset >= self.offset
            && (place.offset - self.offset) as usize + place.bytes as usize <= self.bytes.len()
    }
}
