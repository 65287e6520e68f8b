//! A library between a node and its system: syncs that fail or hang, a clock that was stepped.

use anyhow::{Context, bail};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("shim.c");
/// Numbers of eight bytes that a node's library looks at.
const ORDERS: u64 = 3;

/// The library, built.
#[derive(Clone, Debug)]
pub struct Shim {
    library: PathBuf,
}

/// What one node's library does.
#[derive(Debug)]
pub struct Orders {
    file: File,
    path: PathBuf,
    library: PathBuf,
}

/// One of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    FailSync = 0,
    StallSync = 1,
    ClockNanos = 2,
}

impl Shim {
    /// Builds the library with this machine's C compiler.
    ///
    /// # Errors
    /// There is none, or it does not.
    pub fn build(directory: &Path) -> anyhow::Result<Shim> {
        let (source, library) = (directory.join("shim.c"), directory.join("shim.so"));
        std::fs::write(&source, SOURCE)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let output = compiler.output().context("there is no C compiler")?;
        if !output.status.success() {
            bail!("the C compiler: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Shim { library })
    }

    /// A node's own orders, all of them nothing.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn orders(&self, path: PathBuf) -> anyhow::Result<Orders> {
        let file = File::create(&path)?;
        file.set_len(ORDERS * 8)?;
        Ok(Orders { file, path, library: self.library.clone() })
    }
}

impl Orders {
    /// What a process has to be started with.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("LD_PRELOAD".into(), self.library.display().to_string()),
            ("HOGA_CHAOS_ORDERS".into(), self.path.display().to_string()),
        ]
    }

    /// # Errors
    /// The file cannot be written.
    pub fn set(&self, order: Order, value: i64) -> anyhow::Result<()> {
        Ok(self.file.write_all_at(&value.to_ne_bytes(), order as u64 * 8)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Shim};
    use std::process::Command;

    #[test]
    fn a_program_sees_what_it_is_ordered_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let Ok(shim) = Shim::build(folder.path()) else {
            eprintln!("SKIPPED: there is no C compiler");
            return;
        };
        let orders = shim.orders(folder.path().join("orders")).expect("orders");
        let date = || {
            let mut date = Command::new("date");
            let output = date.arg("+%s").envs(orders.environment()).output().expect("date runs");
            String::from_utf8_lossy(&output.stdout).trim().parse::<i64>().expect("seconds")
        };
        let now = date();
        orders.set(Order::ClockNanos, 3_600_000_000_000).expect("written");
        assert!((3_590..3_660).contains(&(date() - now)));
        let sync = || {
            let mut sync = Command::new("sync");
            sync.arg(folder.path().join("orders")).envs(orders.environment());
            sync.output().expect("sync runs").status.success()
        };
        assert!(sync());
        orders.set(Order::FailSync, 1).expect("written");
        assert!(!sync());
    }
}
