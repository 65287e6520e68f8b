//! The machine of the tests: it adds up what it is given, and keeps its snapshots in memory.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{
    Applied, Block, Committed, Depot, Machine, Outgoing, SnapshotError, SnapshotMeta, SnapshotName,
    SnapshotWriting, SnapshotWritten,
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
    /// Snapshots taken over from another node.
    installed: usize,
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

    /// As after a snapshot of what a machine had seen.
    pub(super) fn holding(meta: SnapshotMeta, seen: Vec<Bytes>) -> Shelf {
        let shelf = Shelf::default();
        shelf.0.lock().expect("no panic").generations.push((meta, seen));
        shelf
    }

    /// The newest snapshot.
    pub(super) fn newest(&self) -> Option<(SnapshotMeta, Vec<Bytes>)> {
        self.0.lock().expect("no panic").generations.last().cloned()
    }

    /// The index of the snapshot before the newest.
    pub(super) fn fallback(&self) -> Option<u64> {
        let shelved = self.0.lock().expect("no panic");
        shelved.generations.iter().rev().nth(1).map(|(meta, _)| meta.last.index)
    }

    pub(super) fn installed(&self) -> usize {
        self.0.lock().expect("no panic").installed
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

    async fn install(&mut self, meta: SnapshotMeta) -> Result<(), SnapshotError> {
        let mut shelved = self.shelf.0.lock().expect("no panic");
        let newest = shelved.generations.last().cloned();
        let (found, seen) = newest.ok_or(SnapshotError::GivenUp)?;
        if found != meta {
            return Err(SnapshotError::Reading("another snapshot is the newest".into()));
        }
        shelved.seen = seen;
        shelved.installed += 1;
        Ok(())
    }
}

/// The bytes of a block: a number of batches.
const BLOCK_BATCHES: usize = 16;

struct Going {
    name: SnapshotName,
    seen: Vec<Bytes>,
    at: usize,
}

impl Outgoing for Going {
    fn name(&self) -> SnapshotName {
        self.name.clone()
    }

    fn resume(&mut self, cursor: &[u8]) -> Result<(), SnapshotError> {
        let at = cursor.try_into().map(u64::from_le_bytes);
        self.at = at.map_err(|_| SnapshotError::Reading("a strange cursor".into()))? as usize;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Block>, SnapshotError> {
        if self.at >= self.seen.len() {
            return Ok(None);
        }
        let end = self.seen.len().min(self.at + BLOCK_BATCHES);
        let batches: Vec<&[u8]> = self.seen[self.at..end].iter().map(AsRef::as_ref).collect();
        self.at = end;
        let bytes = postcard::to_stdvec(&batches).expect("it encodes").into();
        let cursor = Bytes::copy_from_slice(&(end as u64).to_le_bytes());
        Ok(Some(Block { cursor, bytes }))
    }
}

impl Depot for Shelf {
    fn open(&self) -> Result<Option<Box<dyn Outgoing>>, SnapshotError> {
        let shelved = self.0.lock().expect("no panic");
        let newest = shelved.generations.last().cloned();
        Ok(newest.map(|(meta, seen)| {
            let generation = shelved.generations.len() as u64;
            let name = SnapshotName { meta, generation };
            Box::new(Going { name, seen, at: 0 }) as Box<dyn Outgoing>
        }))
    }

    fn take(
        &self,
        meta: &SnapshotMeta,
        blocks: &mut dyn Iterator<Item = Result<Block, SnapshotError>>,
    ) -> Result<(), SnapshotError> {
        let mut seen = Vec::new();
        for block in blocks {
            let bytes = block?.bytes;
            let batches: Vec<&[u8]> = postcard::from_bytes(&bytes).expect("it was encoded");
            seen.extend(batches.into_iter().map(Bytes::copy_from_slice));
        }
        self.0.lock().expect("no panic").generations.push((meta.clone(), seen));
        Ok(())
    }
}
