//! Who is awake, and when to look whether it is idle.

use crate::entity::EntityId;
use std::collections::VecDeque;
use std::num::NonZeroU64;

/// Chunks without a command after which an account is asleep again, and its actor goes.
pub(crate) const IDLE_CHUNKS: u64 = 4096;
/// And for each of its entries this many more: however accounts take turns, folding and unfolding
/// them is a small share of the work.
const IDLE_CHUNKS_AN_ENTRY: u64 = 256;
/// Entities looked at in one chunk: folding a usual one takes about a microsecond.
const LOOKS_A_CHUNK: usize = 16;

/// Bounded by the accounts that are awake: each is in it once.
pub(crate) struct Idleness {
    /// Counts chunks: the clock of idleness.
    chunk: NonZeroU64,
    /// The chunk in which to look, ascending, and at whom.
    due: VecDeque<(u64, EntityId)>,
}

impl Idleness {
    pub fn new() -> Idleness {
        Idleness { chunk: NonZeroU64::MIN, due: VecDeque::new() }
    }

    #[inline]
    pub fn now(&self) -> NonZeroU64 {
        self.chunk
    }

    pub fn begin_chunk(&mut self) {
        self.chunk = self.chunk.saturating_add(1);
    }

    /// An account woke up, or was looked at and is awake still.
    pub fn look_later(&mut self, id: EntityId) {
        self.due.push_back((self.chunk.get() + IDLE_CHUNKS, id));
    }

    /// Accounts to look at now. Each is asleep afterwards, or given to [`Idleness::look_later`].
    pub fn take_due(&mut self) -> Vec<EntityId> {
        let is_due = |(due, _): &&(u64, EntityId)| *due <= self.chunk.get();
        let number = self.due.iter().take(LOOKS_A_CHUNK).take_while(is_due).count();
        self.due.drain(..number).map(|(_, id)| id).collect()
    }

    /// An account is gone. That is rare: it panicked.
    pub fn forget(&mut self, id: EntityId) {
        self.due.retain(|(_, other)| *other != id);
    }

    /// Whether an account that was last used in a chunk has been idle for long enough.
    pub fn is_idle(&self, used: NonZeroU64, entries: u64) -> bool {
        self.chunk.get() - used.get() >= IDLE_CHUNKS + entries * IDLE_CHUNKS_AN_ENTRY
    }
}
