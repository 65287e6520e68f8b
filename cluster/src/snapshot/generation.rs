//! One generation while it is written: a sled database in a directory that has no name yet.

use super::durable;
use super::error::SnapshotError;
use super::manifest::{CHUNK_BYTES, Manifest, SnapshotMeta};
use super::read::{Chunks, Read, read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Bytes of sled's page cache. Every page is touched once, so more would only be memory.
const CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes of chunks between two looks at the free space. Until then all of them may be in flight.
const SPACE_CHECK_BYTES: usize = 4 * 1024 * 1024;

pub(super) const MANIFEST_KEY: &[u8] = b"manifest";

/// Chunks sort in order and apart from the manifest.
pub(super) fn chunk_key(number: u32) -> [u8; 5] {
    let mut key = [b'c'; 5];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// How sled failed: it returns errors, and on damaged files it also panics.
pub(super) enum SledFailure {
    Error(sled::Error),
    Panic(String),
}

impl std::fmt::Display for SledFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SledFailure::Error(error) => error.fmt(f),
            SledFailure::Panic(message) => write!(f, "panic: {message}"),
        }
    }
}

/// Calls into sled with a net under it.
///
/// Nothing of ours is inside: what sled leaves behind is dropped with its directory or only read.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, SledFailure> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(SledFailure::Error),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            Err(SledFailure::Panic(text.unwrap_or("without words").to_owned()))
        }
    }
}

/// Opens the database in `dir`; makes one when there is none.
///
/// sled's own threads may hold its lock a moment longer than the handle that was dropped. The
/// node's directory is locked as a whole, so whoever has it is about to let go.
pub(super) fn open_database(dir: &Path) -> Result<sled::Db, SledFailure> {
    if let Ok(held) = std::fs::File::open(dir.join("db")) {
        held.lock().map_err(|error| SledFailure::Error(error.into()))?;
    }
    guarded(|| {
        sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None).open()
    })
}

/// Writes the chunks and then the manifest into `dir`, and returns when all of it has been read
/// back and would survive a loss of power. The name of `dir` itself is not synced.
pub(super) fn write(
    dir: &Path,
    meta: SnapshotMeta,
    blocks: impl Iterator<Item = Result<Vec<u8>, SnapshotError>>,
    reserve_bytes: u64,
) -> Result<Manifest, SnapshotError> {
    std::fs::create_dir_all(dir)
        .map_err(SnapshotError::io(format!("cannot make {}", dir.display())))?;
    check_space(dir, reserve_bytes)?;
    let broken = |reason| SnapshotError::Write { path: dir.to_path_buf(), reason };
    let failed = |failure: SledFailure| broken(failure.to_string());
    let mut writer = ChunkWriter {
        database: open_database(dir).map_err(failed)?,
        pending: Vec::with_capacity(CHUNK_BYTES),
        manifest: Manifest { meta, total_bytes: 0, chunk_crcs: Vec::new() },
        unchecked: 0,
        reserve_bytes,
        path: dir.to_path_buf(),
    };
    for block in blocks {
        writer.push(&block?)?;
    }
    let (database, manifest) = writer.finish()?;
    guarded(move || {
        database.flush()?;
        // Closing writes too, so it belongs under the net and before the sync.
        drop(database);
        Ok(())
    })
    .map_err(failed)?;
    // Read back before it counts. Its first opening also writes the index that later openings
    // start from: a node must be able to read its snapshot when the disk has become full. The
    // reader syncs what it leaves.
    match read(dir, manifest.meta.partition, Chunks::Dropped)? {
        Read::Whole { manifest: found, .. } if found == manifest => Ok(manifest),
        Read::Whole { .. } => Err(broken("another manifest came back".into())),
        Read::Damaged(damage) => Err(broken(damage.to_string())),
    }
}

/// Cuts blocks of any size into chunks of one size.
struct ChunkWriter {
    database: sled::Db,
    pending: Vec<u8>,
    manifest: Manifest,
    /// Bytes of chunks since the last look at the free space.
    unchecked: usize,
    reserve_bytes: u64,
    path: PathBuf,
}

impl ChunkWriter {
    fn push(&mut self, mut block: &[u8]) -> Result<(), SnapshotError> {
        while !block.is_empty() {
            let taken = block.len().min(CHUNK_BYTES - self.pending.len());
            self.pending.extend_from_slice(&block[..taken]);
            block = &block[taken..];
            if self.pending.len() == CHUNK_BYTES {
                self.flush_pending()?;
            }
        }
        Ok(())
    }

    fn flush_pending(&mut self) -> Result<(), SnapshotError> {
        let key = chunk_key(self.manifest.chunk_count());
        self.manifest.chunk_crcs.push(crc32c::crc32c(&self.pending));
        self.manifest.total_bytes += self.pending.len() as u64;
        self.insert(&key, &self.pending)?;
        self.unchecked += self.pending.len();
        self.pending.clear();
        if self.unchecked < SPACE_CHECK_BYTES {
            return Ok(());
        }
        self.unchecked = 0;
        self.guarded(|| self.database.flush())?;
        check_space(&self.path, self.reserve_bytes)
    }

    fn finish(mut self) -> Result<(sled::Db, Manifest), SnapshotError> {
        if !self.pending.is_empty() {
            self.flush_pending()?;
        }
        self.insert(MANIFEST_KEY, &self.manifest.encode())?;
        Ok((self.database, self.manifest))
    }

    fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), SnapshotError> {
        self.guarded(|| self.database.insert(key, value)).map(drop)
    }

    fn guarded<T>(&self, call: impl FnOnce() -> sled::Result<T>) -> Result<T, SnapshotError> {
        guarded(call).map_err(|failure| SnapshotError::Write {
            path: self.path.clone(),
            reason: failure.to_string(),
        })
    }
}

/// sled waits for ever when it meets a full disk, so it must never meet one.
fn check_space(dir: &Path, reserve: u64) -> Result<(), SnapshotError> {
    let available = durable::available_bytes(dir)
        .map_err(SnapshotError::io(format!("cannot see the free space of {}", dir.display())))?;
    if available < reserve {
        return Err(SnapshotError::Full { dir: dir.to_path_buf(), available, reserve });
    }
    Ok(())
}
