//! A node's disk: what the process sees, and what would be left if the power failed now.
//!
//! It stands in for a directory under the product's segment log. Writes go into the process's
//! image at once and become durable with the file's next sync. At a power loss every sector that
//! was written since stays or goes by the seed, so writes tear.

use hoga_cluster::log::{Disk, DiskFile};
use hoga_engine::pit::Chooser;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Devices lose or keep whole sectors, in bytes.
const SECTOR: usize = 512;

#[derive(Clone, Debug, Default)]
struct File {
    image: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeMap<usize, ()>,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, usize>,
    files: Vec<File>,
    is_full: bool,
    fails: bool,
    /// A planted bug: a sync says that it was done.
    lies: bool,
    has_failed: bool,
}

/// Clones share the disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    #[must_use]
    pub fn new(lies: bool) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(State { lies, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_full(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// From now on every sync fails.
    pub fn set_failing(&self, fails: bool) {
        self.state().fails = fails;
    }

    /// Whether a sync has failed since the process began.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state().has_failed
    }

    /// The power fails: of what was not synced, sectors stay as the dice say. Returns whether
    /// some stayed and some went.
    pub fn lose_power(&self, dice: &mut Chooser) -> bool {
        let (mut kept, mut gone) = (false, false);
        let mut state = self.state();
        (state.fails, state.has_failed) = (false, false);
        // Some crashes keep nearly everything, some nearly nothing.
        let keeps = *dice.one_of(&[0, 10, 50, 90, 100]);
        for file in &mut state.files {
            let dirty = std::mem::take(&mut file.dirty);
            for sector in dirty.into_keys() {
                let from = sector * SECTOR;
                let to = (from + SECTOR).min(file.image.len());
                if dice.below(100) < keeps {
                    kept = true;
                    if file.durable.len() < to {
                        file.durable.resize(to, 0);
                    }
                    file.durable[from..to].copy_from_slice(&file.image[from..to]);
                } else {
                    gone = true;
                }
            }
            file.image = file.durable.clone();
        }
        kept && gone
    }

    /// The process is gone, and the kernel has all that it wrote.
    pub fn lose_process(&self) {
        let mut state = self.state();
        (state.fails, state.has_failed) = (false, false);
    }

    /// Damages a byte in the middle of what is durable. False when there is nothing to damage.
    pub fn damage(&self, dice: &mut Chooser) -> bool {
        let mut state = self.state();
        let mut files: Vec<usize> = state.names.values().copied().collect();
        files.retain(|file| state.files[*file].durable.iter().any(|byte| *byte != 0));
        let Some(&file) = files.first() else { return false };
        let file = &mut state.files[file];
        let end = file.durable.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        if end < 3 * 4096 {
            return false;
        }
        let place = 4096 + dice.below((end - 2 * 4096) as u64) as usize;
        file.durable[place] ^= 0x10;
        file.image = file.durable.clone();
        true
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.state().names.get(name).copied().ok_or(ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        if state.is_full {
            return Err(ErrorKind::StorageFull.into());
        }
        let file = state.files.len();
        state.files.push(File::default());
        state.names.insert(name.into(), file);
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let file = state.names.remove(from).ok_or(ErrorKind::NotFound)?;
        state.names.insert(to.into(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(file) = state.names.remove(name) {
            state.files[file] = File::default();
        }
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        Ok(())
    }
}

struct SimFile {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].image.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        let start = offset as usize;
        let found = state.files[self.file].image.get(start..start + buf.len());
        buf.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let is_full = state.is_full;
        let file = &mut state.files[self.file];
        let (start, end) = (offset as usize, offset as usize + buf.len());
        if end > file.image.len() {
            if is_full {
                return Err(ErrorKind::StorageFull.into());
            }
            file.image.resize(end, 0);
        }
        file.image[start..end].copy_from_slice(buf);
        for sector in start / SECTOR..end.div_ceil(SECTOR) {
            file.dirty.insert(sector, ());
        }
        Ok(buf.len())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if state.fails {
            state.has_failed = true;
            return Err(io::Error::other("the device failed"));
        }
        if state.lies {
            return Ok(());
        }
        let file = &mut state.files[self.file];
        let dirty = std::mem::take(&mut file.dirty);
        if file.durable.len() < file.image.len() {
            file.durable.resize(file.image.len(), 0);
        }
        for sector in dirty.into_keys() {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(file.image.len());
            file.durable[from..to].copy_from_slice(&file.image[from..to]);
        }
        Ok(())
    }
}
