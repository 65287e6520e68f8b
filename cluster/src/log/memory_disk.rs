//! A disk in memory that remembers every step, loses what was not synced, and fails on demand.
//!
//! For tests and for the simulator. A directory operation counts as durable at once, so that what
//! is tested is the log's order of writes and fsyncs.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, DiskFile};

/// Devices lose or keep whole sectors, in bytes.
const SECTOR_BYTES: usize = 512;

/// One thing that happened to a disk; `file` is the number of a file in order of creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskStep {
    Create { name: String, file: usize },
    Write { file: usize, offset: u64, bytes: Vec<u8> },
    Sync { file: usize },
    Rename { from: String, to: String },
    Remove { name: String },
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, usize>,
    files: Vec<Vec<u8>>,
    steps: Vec<DiskStep>,
    capacity_bytes: Option<u64>,
    syncs_until_failure: Option<u64>,
    write_failure: Option<ErrorKind>,
    write_bytes_max: Option<usize>,
}

impl State {
    fn apply(&mut self, step: DiskStep) {
        match &step {
            DiskStep::Create { name, file } => {
                self.files.resize_with(self.files.len().max(file + 1), Vec::new);
                self.names.insert(name.clone(), *file);
            }
            DiskStep::Write { file, offset, bytes } => self.put(*file, *offset as usize, bytes),
            DiskStep::Sync { .. } => {}
            DiskStep::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            DiskStep::Remove { name } => {
                self.names.remove(name);
            }
        }
        self.steps.push(step);
    }

    fn put(&mut self, file: usize, offset: usize, bytes: &[u8]) {
        let data = &mut self.files[file];
        data.resize(data.len().max(offset + bytes.len()), 0);
        data[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn used_bytes(&self) -> u64 {
        self.names.values().map(|file| self.files[*file].len() as u64).sum()
    }
}

/// A disk in memory; clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

impl MemoryDisk {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that happened so far, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<DiskStep> {
        self.state().steps.clone()
    }

    /// The disk as it is after a process was killed behind these steps: nothing is lost.
    #[must_use]
    pub fn after_kill(steps: &[DiskStep]) -> Self {
        Self::after_power_loss(steps, |_| true)
    }

    /// The disk as it is after the power failed behind these steps: of what was written to a file
    /// since its last sync, a sector stays when `survives` says so; it is asked with a number
    /// that counts those sectors from 0.
    #[must_use]
    pub fn after_power_loss(steps: &[DiskStep], mut survives: impl FnMut(usize) -> bool) -> Self {
        let mut state = State::default();
        let mut sectors = 0..;
        for (at, step) in steps.iter().enumerate() {
            let DiskStep::Write { file, offset, bytes } = step else {
                state.apply(step.clone());
                continue;
            };
            let (file, offset) = (*file, *offset);
            let sync = DiskStep::Sync { file };
            if steps[at..].contains(&sync) {
                state.apply(step.clone());
                continue;
            }
            for (nth, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                if sectors.next().is_some_and(&mut survives) {
                    let offset = offset + (nth * SECTOR_BYTES) as u64;
                    state.apply(DiskStep::Write { file, offset, bytes: sector.to_vec() });
                }
            }
        }
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Lets the files take no more than so many bytes together; nothing means no bound.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity_bytes = bytes;
    }

    /// Bytes in all files.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.state().used_bytes()
    }

    /// After `successes` more syncs, every sync fails.
    pub fn fail_syncs_after(&self, successes: u64) {
        self.state().syncs_until_failure = Some(successes);
    }

    /// From now on every write fails in this way; nothing means that they work again.
    pub fn fail_writes(&self, kind: Option<ErrorKind>) {
        self.state().write_failure = kind;
    }

    /// Lets one call write no more than so many bytes.
    pub fn shorten_writes(&self, bytes_max: usize) {
        self.state().write_bytes_max = Some(bytes_max);
    }

    /// Changes a file behind the log's back; for damage.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[name];
        change(&mut state.files[file]);
    }
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.state().names.get(name).copied().ok_or(ErrorKind::NotFound)?;
        Ok(Arc::new(MemoryFile { disk: self.clone(), file }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        let file = state.files.len();
        state.apply(DiskStep::Create { name: name.into(), file });
        Ok(Arc::new(MemoryFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.state().apply(DiskStep::Rename { from: from.into(), to: to.into() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().apply(DiskStep::Remove { name: name.into() });
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        Ok(())
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    file: usize,
}

impl DiskFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        let start = offset as usize;
        let found = state.files[self.file].get(start..start + buf.len());
        buf.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        if let Some(kind) = state.write_failure {
            return Err(kind.into());
        }
        let taken = buf.len().min(state.write_bytes_max.unwrap_or(usize::MAX));
        let length = state.files[self.file].len() as u64;
        let grown = (offset + taken as u64).saturating_sub(length);
        if state.capacity_bytes.is_some_and(|most| grown > 0 && state.used_bytes() + grown > most) {
            return Err(ErrorKind::StorageFull.into());
        }
        let bytes = buf[..taken].to_vec();
        state.apply(DiskStep::Write { file: self.file, offset, bytes });
        Ok(taken)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        match &mut state.syncs_until_failure {
            Some(0) => return Err(io::Error::other("the device failed")),
            Some(left) => *left -= 1,
            None => {}
        }
        state.apply(DiskStep::Sync { file: self.file });
        Ok(())
    }
}
