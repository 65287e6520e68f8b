//! A replica over the lives of its process: each begins with a snapshot and takes the log behind it.
//!
//! A process that dies again before it wrote another snapshot begins its next life as it began the
//! one before, and hears the same entries: the state behind them is what it was. Where nodes die
//! faster than they write, nearly everything that replicas did was this. So what the earlier life
//! came to is kept beside the host, and taken over where that one stood; whoever looks in between
//! makes the replica take the entries after all.

use super::host::Generation;
use crate::sim::mutants::Mutant;
use crate::sim::replica::Replica;
use bytes::Bytes;
use hoga_cluster::partition::Absorbed;
use hoga_cluster::state::StateError;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use std::cell::OnceCell;

/// Of so many starts of a process, one takes nothing over from an earlier life.
const WHOLE_EVERY: u32 = 16;

/// What a process had come to when it died.
pub struct Earlier {
    begins: Option<Generation>,
    replica: Replica,
    /// Behind which entry it began to write a snapshot, and what it wrote.
    captured: Option<(u64, Generation)>,
}

pub struct Life {
    partition: PartitionId,
    topology: Topology,
    mutant: Option<Mutant>,
    /// The snapshot that it began with; none for the state before the first entry.
    begins: Option<Generation>,
    applied: u64,
    /// Entries that were not taken, because an earlier life took them.
    skipped: Vec<Option<Bytes>>,
    replica: OnceCell<Replica>,
    earlier: Option<Earlier>,
    captured: Option<(u64, Generation)>,
}

impl Life {
    /// Begins with a snapshot.
    ///
    /// # Errors
    /// The bytes are no state.
    pub fn begin(
        partition: PartitionId,
        topology: Topology,
        mutant: Option<Mutant>,
        begins: Option<Generation>,
        (earlier, incarnation): (Option<Earlier>, u32),
    ) -> Result<Life, StateError> {
        let is_same = |earlier: &Earlier| match (&earlier.begins, &begins) {
            (None, None) => true,
            (Some(one), Some(other)) => one.is_same(other),
            _ => false,
        };
        let earlier = earlier.filter(|it| !incarnation.is_multiple_of(WHOLE_EVERY) && is_same(it));
        let mut life = Life {
            partition,
            topology,
            mutant,
            applied: begins.as_ref().map_or(0, |begins| begins.index),
            begins,
            skipped: Vec::new(),
            replica: OnceCell::new(),
            earlier,
            captured: None,
        };
        if life.earlier.is_none() {
            life.replica = OnceCell::from(life.first()?);
        }
        Ok(life)
    }

    /// Begins with no entry.
    #[must_use]
    pub fn empty(partition: PartitionId, topology: Topology, mutant: Option<Mutant>) -> Life {
        let replica = OnceCell::from(Replica::empty(partition, topology, mutant));
        Life {
            partition,
            topology,
            mutant,
            begins: None,
            applied: 0,
            skipped: Vec::new(),
            replica,
            earlier: None,
            captured: None,
        }
    }

    /// Goes on from a peer's snapshot.
    #[must_use]
    pub fn installed(
        partition: PartitionId,
        topology: Topology,
        mutant: Option<Mutant>,
        begins: Generation,
        replica: Replica,
    ) -> Life {
        let applied = begins.index;
        let mut life = Life::empty(partition, topology, mutant);
        (life.begins, life.applied, life.replica) = (Some(begins), applied, replica.into());
        life
    }

    fn first(&self) -> Result<Replica, StateError> {
        let (partition, topology, mutant) = (self.partition, self.topology, self.mutant);
        match &self.begins {
            None => Ok(Replica::empty(partition, topology, mutant)),
            Some(it) => Replica::decode(partition, topology, &it.bytes, it.index, mutant),
        }
    }

    /// Index of the last entry, of consensus itself included.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// The state behind the last entry.
    #[must_use]
    pub fn replica(&self) -> &Replica {
        self.replica.get_or_init(|| {
            let mut replica = self.first().expect("an earlier life read the same snapshot");
            for (batch, index) in self.skipped.iter().zip(replica.applied + 1..) {
                let applied = replica.apply(index, batch.as_ref().map(|bytes| &bytes[..]));
                applied.expect("an earlier life took the same entry");
            }
            replica
        })
    }

    /// Takes the next entry as an earlier life took it; false when there is none that did, or
    /// somebody has looked at the state since.
    pub fn skip(&mut self, batch: Option<&Bytes>) -> bool {
        if self.replica.get().is_some() {
            return false;
        }
        let Some(earlier) = &self.earlier else { return false };
        self.applied += 1;
        if self.applied == earlier.replica.applied {
            self.skipped = Vec::new();
            self.captured = self.captured.take().or_else(|| earlier.captured.clone());
            if let Some(earlier) = self.earlier.take() {
                self.replica = earlier.replica.into();
            }
        } else {
            self.skipped.push(batch.cloned());
        }
        true
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// The core or an entity panicked; says how.
    pub fn apply(&mut self, batch: Option<&Bytes>) -> Result<Vec<Absorbed>, String> {
        let _ = self.replica();
        self.applied += 1;
        let replica = self.replica.get_mut().expect("somebody looked at it just now");
        replica.apply(self.applied, batch.map(|bytes| &bytes[..]))
    }

    /// The bytes of a snapshot behind the last entry.
    pub fn capture(&mut self, encode: impl FnOnce(&Replica) -> Generation) -> Generation {
        let earlier = self.earlier.as_ref().and_then(|earlier| earlier.captured.as_ref());
        let known = earlier.or(self.captured.as_ref()).filter(|(at, _)| *at == self.applied);
        let generation = match known {
            Some((_, generation)) => generation.clone(),
            None => encode(self.replica()),
        };
        self.captured = Some((self.applied, generation.clone()));
        generation
    }

    /// What the next life may take over.
    #[must_use]
    pub fn end(self) -> Option<Earlier> {
        let Life { begins, replica, earlier, captured, .. } = self;
        let Some(replica) = replica.into_inner() else { return earlier };
        let further = earlier.filter(|earlier| earlier.replica.applied > replica.applied);
        further.or(Some(Earlier { begins, replica, captured }))
    }
}
