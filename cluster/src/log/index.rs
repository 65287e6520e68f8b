//! Where every entry is: in memory still, or at a place in a segment, or both.
//!
//! Owned by the open log behind one lock, held for short moments only. It is ahead of the disk:
//! it has what was appended, not only what is durable.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::cache::Cache;
use super::types::{LogEntry, LogPosition, PartitionId, PartitionState};

/// Where the bytes of an entry (its own header included) are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub segment: u64,
    pub offset: u32,
    pub bytes: u32,
}

/// One entry. It has a payload, or a place, or both.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub term: u64,
    pub tag: u8,
    /// Tells this entry from an earlier one that had the same index.
    pub stamp: u64,
    pub place: Option<Place>,
    pub payload: Option<Bytes>,
}

/// One partition's entries, without holes, and its markers.
#[derive(Debug, Default)]
pub(super) struct PartitionIndex {
    pub first: u64,
    pub slots: VecDeque<Slot>,
    pub vote: Option<Bytes>,
    pub committed: Option<LogPosition>,
    pub purged: Option<LogPosition>,
    /// Requests handed to the log's thread so far.
    pub tickets: u64,
    /// Whether a committed marker waits for the next write, and after which request it may go.
    pub committed_unwritten: Option<u64>,
}

impl PartitionIndex {
    pub(super) fn last(&self) -> Option<LogPosition> {
        let back = self.slots.back()?;
        Some(LogPosition { term: back.term, index: self.next_index() - 1 })
    }

    pub(super) fn next_index(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    pub(super) fn slot(&self, index: u64) -> Option<&Slot> {
        self.slots.get(usize::try_from(index.checked_sub(self.first)?).ok()?)
    }

    fn slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(index.checked_sub(self.first)?).ok()?)
    }

    /// Adds a slot at an index. What was there and behind it is void, as in the log.
    pub(super) fn put(&mut self, index: u64, slot: Slot) {
        if self.slots.is_empty() || index < self.first || index > self.next_index() {
            self.slots.clear();
            self.first = index;
        }
        self.truncate_from(index);
        self.slots.push_back(slot);
    }

    pub(super) fn truncate_from(&mut self, index: u64) {
        let keep = index.saturating_sub(self.first).min(self.slots.len() as u64);
        self.slots.truncate(keep as usize);
    }

    /// Forgets entries up to a position, which may lie beyond the last entry.
    pub(super) fn purge_through(&mut self, at: LogPosition) {
        let gone = (at.index + 1).saturating_sub(self.first).min(self.slots.len() as u64);
        self.slots.drain(..gone as usize);
        self.first = self.first.max(at.index + 1);
        self.purged = self.purged.max(Some(at));
    }

    pub(super) fn state(&self) -> PartitionState {
        PartitionState {
            vote: self.vote.clone(),
            committed: self.committed,
            purged: self.purged,
            last: self.last().or(self.purged),
            first_index: self.first,
        }
    }
}

/// All partitions of the node, and the payloads kept in memory.
#[derive(Debug)]
pub(super) struct Index {
    pub partitions: BTreeMap<PartitionId, PartitionIndex>,
    cache: Cache,
    stamps: u64,
}

impl Index {
    pub(super) fn new(cache_bytes_max: usize) -> Self {
        Self { partitions: BTreeMap::new(), cache: Cache::new(cache_bytes_max), stamps: 0 }
    }

    pub(super) fn partition(&mut self, id: PartitionId) -> &mut PartitionIndex {
        self.partitions.entry(id).or_default()
    }

    /// Makes entries readable before they are durable. Returns the stamp of the first one; the
    /// others follow it one by one.
    ///
    /// # Panics
    /// When the entries leave a hole: consensus never asks for that.
    pub(super) fn append(&mut self, id: PartitionId, entries: &[LogEntry]) -> u64 {
        let first_stamp = self.stamps;
        self.stamps += entries.len() as u64;
        let partition = self.partition(id);
        for (stamp, entry) in (first_stamp..).zip(entries) {
            let next = partition.next_index();
            assert!(
                partition.slots.is_empty() || entry.at.index == next,
                "{id}: entry {} appended where {next} is next",
                entry.at
            );
            let slot = Slot {
                term: entry.at.term,
                tag: entry.tag,
                stamp,
                place: None,
                payload: Some(entry.payload.clone()),
            };
            partition.put(entry.at.index, slot);
        }
        first_stamp
    }

    /// Takes note that an entry is durable at a place. Nothing happens when it is void by now.
    pub(super) fn place(&mut self, id: PartitionId, index: u64, stamp: u64, place: Place) {
        let Some(slot) = self.partitions.get_mut(&id).and_then(|p| p.slot_mut(index)) else {
            return;
        };
        if slot.stamp == stamp {
            slot.place = Some(place);
            let bytes = slot.payload.as_ref().map_or(0, Bytes::len);
            self.cache.keep(id, index, stamp, bytes);
        }
    }

    /// Lets go of the oldest durable payloads beyond the budget.
    pub(super) fn evict(&mut self) {
        while let Some((id, index, stamp)) = self.cache.evict() {
            let slot = self.partitions.get_mut(&id).and_then(|p| p.slot_mut(index));
            if let Some(slot) = slot.filter(|slot| slot.stamp == stamp && slot.place.is_some()) {
                slot.payload = None;
            }
        }
    }

    /// A stamp for an entry found on disk.
    pub(super) fn next_stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps - 1
    }
}
