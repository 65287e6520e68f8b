//! The generations of one partition: which there are, which are sound, which may go.

use super::error::{Damaged, SnapshotError};
use super::manifest::{Manifest, SnapshotMeta};
use super::read::{Chunks, Read, read};
use super::{durable, generation};
use hoga_engine::ids::PartitionId;
use std::fs;
use std::path::{Path, PathBuf};

/// Sound generations kept after each write: the newest, and one to fall back to.
pub const GENERATIONS_KEPT: usize = 2;

/// Free bytes below which no snapshot is begun or gone on with. The log takes its segments of
/// 64 MiB from the same disk, in one go.
pub const RESERVE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;

/// The snapshots of one partition. All methods block on the disk; one owner calls them.
#[derive(Debug)]
pub struct SnapshotStore {
    dir: PathBuf,
    partition: PartitionId,
    /// Oldest first.
    generations: Vec<KeptGeneration>,
    /// Never used before, not even by a write that failed.
    next_generation: u64,
    reserve_bytes: u64,
}

/// A generation on disk, and what is known of it in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptGeneration {
    pub generation: u64,
    /// The log index it stands at; none while it was neither written nor read since the start.
    pub index: Option<u64>,
    /// It was tried and found damaged; the next write removes it.
    pub damaged: bool,
}

/// A state that is whole, and what had to be passed over to find it.
#[derive(Debug)]
pub struct Loaded {
    pub generation: u64,
    pub manifest: Manifest,
    /// The state's bytes, in order.
    pub chunks: Vec<Vec<u8>>,
    /// Newer generations that could not be used, newest first.
    pub damaged: Vec<Damaged>,
}

impl Loaded {
    /// The state's bytes in one piece.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.chunks.concat()
    }
}

impl SnapshotStore {
    /// Opens, or makes, the directory of `partition`'s snapshots and removes what a crash left
    /// unfinished there. Reads no snapshot yet.
    ///
    /// # Errors
    /// [`SnapshotError::Io`].
    pub fn open(dir: impl Into<PathBuf>, partition: PartitionId) -> Result<Self, SnapshotError> {
        let dir = dir.into();
        let cannot =
            || SnapshotError::io(format!("cannot open the snapshots in {}", dir.display()));
        durable::make_dir(&dir).map_err(cannot())?;
        let mut generations = Vec::new();
        for entry in fs::read_dir(&dir).map_err(cannot())? {
            let name = entry.map_err(cannot())?.file_name();
            let Some(rest) = name.to_str().and_then(|name| name.strip_prefix("gen-")) else {
                continue;
            };
            if rest.ends_with(".tmp") {
                durable::remove_if_there(&dir.join(&name)).map_err(cannot())?;
            } else if let Ok(generation) = rest.parse() {
                generations.push(KeptGeneration { generation, index: None, damaged: false });
            }
        }
        generations.sort_by_key(|kept| kept.generation);
        let next_generation = generations.last().map_or(1, |newest| newest.generation + 1);
        let reserve_bytes = RESERVE_BYTES_DEFAULT;
        Ok(SnapshotStore { dir, partition, generations, next_generation, reserve_bytes })
    }

    /// The same store with another reserve than [`RESERVE_BYTES_DEFAULT`].
    #[must_use]
    pub fn with_reserve(self, reserve_bytes: u64) -> Self {
        SnapshotStore { reserve_bytes, ..self }
    }

    /// Writes a new generation from blocks of any size and removes what it makes superfluous.
    /// When this returns, the snapshot survives a loss of power.
    ///
    /// # Errors
    /// [`SnapshotError::Full`], [`SnapshotError::Write`] or [`SnapshotError::Io`]; what was there
    /// before still is.
    ///
    /// # Panics
    /// When `meta` names another partition than the one this store was opened for.
    pub fn write(
        &mut self,
        meta: SnapshotMeta,
        blocks: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Manifest, SnapshotError> {
        self.try_write(meta, blocks.into_iter().map(Ok))
    }

    /// As [`SnapshotStore::write`], from blocks that may end in an error: then nothing is written.
    ///
    /// # Errors
    /// As [`SnapshotStore::write`]; [`SnapshotError::Older`] when a newer state is here, because
    /// the newest generation has to be the newest state; and what the blocks end in.
    ///
    /// # Panics
    /// As [`SnapshotStore::write`].
    pub fn try_write(
        &mut self,
        meta: SnapshotMeta,
        blocks: impl IntoIterator<Item = Result<Vec<u8>, SnapshotError>>,
    ) -> Result<Manifest, SnapshotError> {
        assert_eq!(meta.partition, self.partition, "a snapshot of another partition");
        let sound = self.generations.iter().filter(|kept| !kept.damaged);
        if let Some(newest) = sound.filter_map(|kept| kept.index).max()
            && newest > meta.index
        {
            return Err(SnapshotError::Older { index: meta.index, newest });
        }
        let generation = self.next_generation;
        self.next_generation += 1;
        let unnamed = self.dir.join(format!("gen-{generation}.tmp"));
        let blocks = blocks.into_iter();
        let written = generation::write(&unnamed, meta, blocks, self.reserve_bytes);
        let written = written.and_then(|manifest| {
            fs::rename(&unnamed, self.path(generation))
                .map_err(SnapshotError::io(format!("cannot name {}", unnamed.display())))?;
            Ok(manifest)
        });
        let manifest = written.inspect_err(|_| {
            // What cannot be removed now is removed when the store is opened again.
            let _ = durable::remove_if_there(&unnamed);
        })?;
        let index = Some(manifest.meta.index);
        // Until its name is durable it does not count as one of those to fall back to.
        self.generations.push(KeptGeneration { generation, index, damaged: true });
        durable::sync_dir(&self.dir)
            .map_err(SnapshotError::io(format!("cannot sync {}", self.dir.display())))?;
        if let Some(newest) = self.generations.last_mut() {
            newest.damaged = false;
        }
        self.prune();
        Ok(manifest)
    }

    /// The newest state that is whole; none when there never was a snapshot.
    ///
    /// # Errors
    /// [`SnapshotError::AllDamaged`] when there are generations and none is whole;
    /// [`SnapshotError::Version`], [`SnapshotError::Foreign`] and [`SnapshotError::Io`] stop the
    /// search at once, because the older generation is no remedy for them.
    pub fn load(&mut self) -> Result<Option<Loaded>, SnapshotError> {
        let mut damaged = Vec::new();
        for at in (0..self.generations.len()).rev() {
            let generation = self.generations[at].generation;
            let path = self.path(generation);
            match read(&path, self.partition, Chunks::Kept)? {
                Read::Whole { manifest, chunks } => {
                    self.generations[at].index = Some(manifest.meta.index);
                    return Ok(Some(Loaded { generation, manifest, chunks, damaged }));
                }
                Read::Damaged(reason) => {
                    self.generations[at].damaged = true;
                    tracing::warn!(
                        partition = self.partition.0,
                        path = %path.display(),
                        %reason,
                        "a snapshot is damaged, trying the one before it"
                    );
                    damaged.push(Damaged { generation, path, reason });
                }
            }
        }
        if damaged.is_empty() {
            return Ok(None);
        }
        Err(SnapshotError::AllDamaged { dir: self.dir.clone(), damaged })
    }

    /// Which of the generations on disk are damaged, oldest first.
    ///
    /// # Errors
    /// As for [`SnapshotStore::load`].
    pub fn damaged(&self) -> Result<Vec<Damaged>, SnapshotError> {
        let mut damaged = Vec::new();
        for kept in &self.generations {
            let (generation, path) = (kept.generation, self.path(kept.generation));
            if let Read::Damaged(reason) = read(&path, self.partition, Chunks::Dropped)? {
                damaged.push(Damaged { generation, path, reason });
            }
        }
        Ok(damaged)
    }

    /// The oldest whole state behind which a log that begins at `first_index` goes on; none when
    /// there is none. After a state came from another node, the generation before it is older.
    ///
    /// # Errors
    /// As for [`SnapshotStore::load`]; damaged generations are passed over.
    pub fn load_oldest(&self, first_index: u64) -> Result<Option<Loaded>, SnapshotError> {
        for kept in &self.generations {
            let generation = kept.generation;
            let found = read(&self.path(generation), self.partition, Chunks::Kept)?;
            if let Read::Whole { manifest, chunks } = found
                && manifest.meta.index + 1 >= first_index
            {
                return Ok(Some(Loaded { generation, manifest, chunks, damaged: Vec::new() }));
            }
        }
        Ok(None)
    }

    /// The index of the older of the two generations kept: the log may lose entries up to and
    /// including it, and nothing after it.
    ///
    /// None means that nothing may go: there is no second generation yet, or it was neither
    /// written nor read since the start.
    #[must_use]
    pub fn oldest_kept_index(&self) -> Option<u64> {
        let sound = self.generations.iter().rev().filter(|kept| !kept.damaged);
        let kept: Vec<_> = sound.take(GENERATIONS_KEPT).collect();
        if kept.len() < GENERATIONS_KEPT {
            return None;
        }
        kept.iter().map(|kept| kept.index).min().flatten()
    }

    /// What is on disk, oldest first.
    #[must_use]
    pub fn generations(&self) -> &[KeptGeneration] {
        &self.generations
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self, generation: u64) -> PathBuf {
        self.dir.join(format!("gen-{generation}"))
    }

    /// Removes all but the newest sound generations. A directory loses its name first, so that a
    /// crash in the middle leaves nothing that looks like a snapshot.
    fn prune(&mut self) {
        let sound = self.generations.iter().filter(|kept| !kept.damaged).count();
        let mut surplus = sound.saturating_sub(GENERATIONS_KEPT);
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for generation in self.generations.drain(..) {
            if generation.damaged {
                gone.push(generation);
            } else if surplus > 0 {
                surplus -= 1;
                gone.push(generation);
            } else {
                kept.push(generation);
            }
        }
        self.generations = kept;
        for KeptGeneration { generation, .. } in gone {
            let unnamed = self.dir.join(format!("gen-{generation}.tmp"));
            let removed = fs::rename(self.path(generation), &unnamed)
                .and_then(|()| durable::remove_if_there(&unnamed));
            if let Err(error) = removed {
                // Only space is lost; opening the store tries again.
                tracing::warn!(path = %unnamed.display(), %error, "cannot remove a snapshot");
            }
        }
    }
}
