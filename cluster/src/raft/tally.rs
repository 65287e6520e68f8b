//! The machine of the tests: it adds up what it is given, and keeps its snapshots in memory.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{
    Applied, Committed, Machine, SnapshotError, SnapshotMeta, SnapshotWriting, SnapshotWritten,
};
use crate::log::LogPosition;

/// What survives a restart of the machine, and what the test looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf(Arc<Mutex<Shelved>>);

#[derive(Debug, Default)]
struct Shelved {
    /// Newest last; two are kept.
    generations: Vec<(SnapshotMeta, Vec<Bytes>)>,
    /// What the running machine has applied.
    seen: Vec<Bytes>,
    /// Every position applied since the machine was made.
    positions: Vec<LogPosition>,
    refuse_snapshots: bool,
}

impl Shelf {
    pub(super) fn seen(&self) -> Vec<Bytes> {
        self.0.lock().expect("no panic").seen.clone()
    }

    pub(super) fn positions(&self) -> Vec<LogPosition> {
        self.0.lock().expect("no panic").positions.clone()
    }

    pub(super) fn refuse_snapshots(&self, refuse: bool) {
        self.0.lock().expect("no panic").refuse_snapshots = refuse;
    }

    pub(super) fn lose_snapshots(&self) {
        self.0.lock().expect("no panic").generations.clear();
    }

    /// A machine as it is after a start: loaded from the newest snapshot.
    pub(super) fn load(&self) -> Tally {
        let mut shelved = self.0.lock().expect("no panic");
        let newest = shelved.generations.last().cloned();
        let (applied, seen) = match newest {
            Some((meta, seen)) => {
                (Applied { last: Some(meta.last), membership: meta.membership }, seen)
            }
            None => Default::default(),
        };
        shelved.seen = seen;
        shelved.positions.clear();
        Tally { applied, shelf: self.clone() }
    }
}

pub(super) struct Tally {
    applied: Applied,
    shelf: Shelf,
}

impl Machine for Tally {
    fn applied(&self) -> Applied {
        self.applied.clone()
    }

    async fn apply(&mut self, entries: Vec<Committed>) {
        let mut shelved = self.shelf.0.lock().expect("no panic");
        for entry in entries {
            shelved.positions.push(entry.at);
            shelved.seen.extend(entry.payload);
        }
    }

    async fn capture(&mut self, meta: SnapshotMeta) -> SnapshotWriting {
        let shelf = self.shelf.clone();
        let seen = shelf.seen();
        Box::pin(async move {
            let mut shelved = shelf.0.lock().expect("no panic");
            if shelved.refuse_snapshots {
                return Err(SnapshotError::Writing("the shelf is full".into()));
            }
            shelved.generations.push((meta, seen));
            let older = shelved.generations.len().checked_sub(2);
            let older = older.map(|at| shelved.generations[at].0.last.index);
            Ok(SnapshotWritten { log_needless_through: older })
        })
    }
}
