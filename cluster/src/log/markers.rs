//! What is durable of each partition: its markers, and which segments its entries are in.
//!
//! Owned by the log's thread and by recovery. It decides which segments may be used again, and is
//! written at the front of each new segment so that older ones need not be kept for its sake.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::frame::{FrameHead, Kind, WriteBuffer};
use super::types::{LogPosition, PartitionId};

/// The entries of one partition in one segment, by the highest index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    segment: u64,
    last_index: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Durable {
    pub vote: Option<Bytes>,
    pub committed: Option<LogPosition>,
    pub purged: Option<LogPosition>,
    spans: VecDeque<Span>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Markers(pub BTreeMap<PartitionId, Durable>);

impl Markers {
    /// Follows a frame that is durable in a segment.
    pub(super) fn note(&mut self, segment: u64, head: &FrameHead, payload: &[u8]) {
        if head.kind == Kind::Seal {
            return;
        }
        let durable = self.0.entry(head.partition).or_default();
        match head.kind {
            Kind::Vote => durable.vote = Some(Bytes::copy_from_slice(payload)),
            Kind::Committed => durable.committed = Some(head.position()),
            Kind::Purge => durable.purge(head.position()),
            Kind::Truncate => durable.truncate_from(head.first),
            Kind::Entries => durable.entries(segment, head.first, head.count),
            Kind::Seal => {}
        }
    }

    /// Repeats all markers at the front of a new segment.
    pub(super) fn write(&self, buffer: &mut WriteBuffer) {
        for (id, durable) in &self.0 {
            if let Some(vote) = &durable.vote {
                let nothing = LogPosition { term: 0, index: 0 };
                let head = FrameHead::marker(Kind::Vote, *id, nothing);
                buffer.frame(head, |out| out.extend_from_slice(vote));
            }
            if let Some(purged) = durable.purged {
                buffer.frame(FrameHead::marker(Kind::Purge, *id, purged), |_| {});
            }
            if let Some(committed) = durable.committed {
                buffer.frame(FrameHead::marker(Kind::Committed, *id, committed), |_| {});
            }
        }
    }

    /// The oldest segment that has an entry some partition needs.
    pub(super) fn oldest_needed(&self) -> Option<u64> {
        self.0.values().filter_map(Durable::oldest_needed).min()
    }

    /// The partitions that still need a segment before `segment`.
    pub(super) fn needing_before(&self, segment: u64) -> Vec<PartitionId> {
        let needs = |d: &Durable| d.oldest_needed().is_some_and(|oldest| oldest < segment);
        self.0.iter().filter(|(_, d)| needs(d)).map(|(id, _)| *id).collect()
    }
}

impl Durable {
    fn oldest_needed(&self) -> Option<u64> {
        self.spans.front().map(|span| span.segment)
    }

    fn entries(&mut self, segment: u64, first: u64, count: u32) {
        // Entries replace what was at their indices, here as in the index.
        self.truncate_from(first);
        let last_index = first + u64::from(count.max(1)) - 1;
        match self.spans.back_mut() {
            Some(span) if span.segment == segment => span.last_index = last_index,
            _ => self.spans.push_back(Span { segment, last_index }),
        }
    }

    fn truncate_from(&mut self, first: u64) {
        let Some(last_kept) = first.checked_sub(1) else {
            self.spans.clear();
            return;
        };
        for span in &mut self.spans {
            span.last_index = span.last_index.min(last_kept);
        }
    }

    fn purge(&mut self, at: LogPosition) {
        self.purged = self.purged.max(Some(at));
        while self.spans.front().is_some_and(|span| span.last_index <= at.index) {
            self.spans.pop_front();
        }
    }
}
