//! Which payloads stay in memory: the most recent durable ones, up to a number of bytes.

use std::collections::VecDeque;

use super::types::PartitionId;

#[derive(Debug)]
pub(super) struct Cache {
    bytes_max: usize,
    bytes: usize,
    /// Oldest first.
    kept: VecDeque<(PartitionId, u64, u64, usize)>,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, kept: VecDeque::new() }
    }

    pub(super) fn keep(&mut self, id: PartitionId, index: u64, stamp: u64, bytes: usize) {
        self.bytes += bytes;
        self.kept.push_back((id, index, stamp, bytes));
    }

    /// The next entry whose payload has to go, if the budget is exceeded.
    pub(super) fn evict(&mut self) -> Option<(PartitionId, u64, u64)> {
        if self.bytes <= self.bytes_max {
            return None;
        }
        let (id, index, stamp, bytes) = self.kept.pop_front()?;
        self.bytes -= bytes;
        Some((id, index, stamp))
    }
}
