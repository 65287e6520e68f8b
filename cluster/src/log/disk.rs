//! What the log asks of a disk: few operations, so that a simulator or a test can stand in.
//!
//! Names are plain file names inside one directory. Every error is the operating system's.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::OpenError;
use super::lock::DirLock;

/// One directory of segment files.
pub trait Disk: Send + Sync + 'static {
    /// The names of all files, in any order.
    ///
    /// # Errors
    /// The directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// The file is not there or not accessible.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Makes an empty file, dropping an old one of that name.
    ///
    /// # Errors
    /// The directory cannot be written.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives a file another name. Durable only after `sync_dir`.
    ///
    /// # Errors
    /// The directory cannot be written.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file. Durable only after `sync_dir`.
    ///
    /// # Errors
    /// The directory cannot be written.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    ///
    /// # Errors
    /// The device failed; what is durable is not known.
    fn sync_dir(&self) -> io::Result<()>;
}

/// One segment file. Offsets and lengths are in bytes.
pub trait DiskFile: Send + Sync {
    /// The length of the file.
    ///
    /// # Errors
    /// The file cannot be inspected.
    fn length(&self) -> io::Result<u64>;
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// The device failed, or the file ends before the buffer is full.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes some bytes from the front of the buffer and says how many.
    ///
    /// # Errors
    /// The device failed, or has no space.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize>;
    /// Makes all that was written durable. After an error, what is durable is not known.
    ///
    /// # Errors
    /// The device failed.
    fn sync(&self) -> io::Result<()>;
}

/// Writes the whole buffer, whatever the device takes at a time.
pub(super) fn write_all(file: &dyn DiskFile, mut buf: &[u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match file.write_at(buf, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => {
                buf = &buf[taken..];
                offset += taken as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether an error means want of space, which is survivable, and nothing else.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// A real directory, locked against other processes for as long as this value lives.
pub struct DirectoryDisk {
    dir: PathBuf,
    handle: File,
    _lock: DirLock,
}

impl DirectoryDisk {
    /// Makes the directory if it is missing, and locks it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it, [`OpenError::Io`] when the directory
    /// cannot be made or opened.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let lock = DirLock::acquire(dir)?;
        let handle = File::open(dir).map_err(|source| OpenError::Io {
            what: format!("opening the log directory {}", dir.display()),
            source,
        })?;
        Ok(Self { dir: dir.to_owned(), handle, _lock: lock })
    }
}

impl Disk for DirectoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for item in std::fs::read_dir(&self.dir)? {
            if let Ok(name) = item?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.dir.join(name))?;
        Ok(Arc::new(RealFile(file)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.dir.join(name);
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.handle.sync_all()
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(buf, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
