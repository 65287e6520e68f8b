//! Reads: questions to an entity between two chunks, at a stated position.

use crate::partition::Core;
use hoga_actors::{Entity, EntityId, Scene};
use hoga_engine::effect::Settles;
use hoga_engine::ids::PartitionId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A position in one partition's log. Positions compare only inside one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    pub partition: PartitionId,
    pub index: u64,
}

/// Why a read has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("account {0} does not exist")]
    NoAccount(Box<str>),
    #[error("there is no book of instrument #{0}")]
    NoBook(u32),
    /// What the read has to see did not arrive in time. Nothing changed; try again.
    #[error("the requested position was not reached in time")]
    TooEarly,
    /// Too many wait for such positions. Nothing changed; try again.
    #[error("too many reads of the partition wait for a position")]
    Crowded,
    /// Nobody leads the partition, or nobody that this node reaches. Nothing changed; try again.
    #[error("partition {0} has no leader now")]
    NoLeader(u16),
    /// The partition is stopping, or its state on this node is in doubt. Nothing changed; try
    /// elsewhere or later.
    #[error("the partition does not serve on this node now")]
    Stopped,
    /// The history store failed.
    #[error("history: {0}")]
    History(String),
}

/// What a read waits for before it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct After {
    /// The log index that must be applied.
    pub index: u64,
    /// The settlements that must have been taken.
    pub settles: Vec<Settles>,
}

impl After {
    /// How far away what it waits for can be.
    pub fn farthest(&self) -> u64 {
        let settles = self.settles.iter().map(|settles| settles.sequence);
        settles.chain([self.index]).max().unwrap_or(0)
    }

    /// Whether the partition, which has taken everything up to `reached`, has come so far.
    pub fn is_met(&self, core: &Core, reached: u64) -> bool {
        let settled = |s: &Settles| core.next_in(s.partition) > s.sequence;
        reached >= self.index && self.settles.iter().all(settled)
    }
}

/// Whom a read is for.
pub(crate) enum Subject {
    Entity(EntityId),
    Account(Box<str>),
    /// Up to `most` entities from `first` on, each handed to `each`, all at one position.
    Entities {
        first: EntityId,
        most: usize,
        each: Each,
    },
    /// The partition's own bookkeeping.
    Core,
}

/// What is asked of every entity of a list.
pub(crate) type Each = Arc<dyn Fn(EntityId, &Entity, &Scene) + Send + Sync>;

/// What a read looks at.
pub(crate) enum Seen<'a> {
    Entity(&'a Entity, &'a Scene, At),
    Core(&'a Core, At),
    Missing,
    /// Nothing: too many wait already.
    Crowd,
}

/// The question itself; it answers through a channel of its own.
pub(crate) type Look = Box<dyn FnOnce(Seen<'_>) + Send>;
