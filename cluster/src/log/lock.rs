//! The lock on a data directory: two processes on one log would destroy it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::error::OpenError;

/// The name of the file that carries the lock and the number of the process that holds it.
pub const LOCK_FILE: &str = "LOCK";

/// Holds the directory until dropped. The kernel lets go when the process dies in any way.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

impl DirLock {
    /// Makes the directory if it is missing, and takes its lock without waiting.
    ///
    /// # Errors
    /// [`OpenError::InUse`] names the directory and the process that holds it; nothing changed.
    /// [`OpenError::Io`] when the directory or the file cannot be made.
    pub fn acquire(dir: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io {
            what: format!("locking the data directory {}", dir.display()),
            source,
        };
        std::fs::create_dir_all(dir).map_err(io)?;
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The number only serves the message; the lock does not depend on it.
                let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
                return Err(OpenError::InUse {
                    dir: dir.display().to_string(),
                    holder: if known {
                        format!("process {}", holder.trim())
                    } else {
                        "another process".into()
                    },
                });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        // Its room is kept: the disk may be full.
        file.rewind().map_err(io)?;
        let holder = format!("{}\n", std::process::id());
        file.write_all(holder.as_bytes()).map_err(io)?;
        file.set_len(holder.len() as u64).map_err(io)?;
        Ok(Self { _file: file })
    }
}
