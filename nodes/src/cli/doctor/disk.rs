//! The data directory: writable, roomy, and how long it takes until something is on the disk.

use super::Finding;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;
/// Three segments of the log, a snapshot of each partition, and room to run.
const FREE_MIN: u64 = 512 * MIB;
const FREE_COMFORTABLE: u64 = 4_096 * MIB;
const FSYNCS: usize = 50;
/// Above it a commit is felt by a person, three of them by everybody.
const FSYNC_SLOW: Duration = Duration::from_millis(20);
const BLOCK: [u8; 4096] = [0; 4096];

/// Three findings about the directory; it is not created for them.
pub fn look(data: &Path) -> Vec<Finding> {
    let place = existing(data);
    vec![writable(data, &place), space(&place), fsync(&place)]
}

/// The directory, or the nearest one above it that is there.
fn existing(data: &Path) -> PathBuf {
    let mut above = data.ancestors().filter(|path| path.is_dir());
    above.next().unwrap_or(Path::new(".")).to_owned()
}

fn writable(data: &Path, place: &Path) -> Finding {
    const WHAT: &str = "data directory";
    match Probe::create(place) {
        Ok(_) => Finding::ok(WHAT, data.display().to_string()),
        Err(error) => {
            let found = format!("{}: {error}", place.display());
            Finding::fail(WHAT, found, "make it writable, or choose another: --data DIR")
        }
    }
}

fn space(place: &Path) -> Finding {
    const WHAT: &str = "free space";
    let status = match rustix::fs::statvfs(place) {
        Ok(status) => status,
        Err(error) => return Finding::warn(WHAT, error.to_string(), "not known here"),
    };
    let free = status.f_bavail.saturating_mul(status.f_frsize);
    let found = format!("{} MiB", free / MIB);
    match free {
        ..FREE_MIN => {
            Finding::fail(WHAT, found, "free at least 512 MiB: a full log takes no orders")
        }
        FREE_MIN..FREE_COMFORTABLE => {
            Finding::warn(WHAT, found, "4 GiB and more let it run for long")
        }
        _ => Finding::ok(WHAT, found),
    }
}

/// The median of what the log waits for at every commit.
fn fsync(place: &Path) -> Finding {
    const WHAT: &str = "fsync";
    match median_fsync(place) {
        Ok(median) => {
            let found = format!("{:.2} ms (median of {FSYNCS})", median.as_secs_f64() * 1e3);
            if median > FSYNC_SLOW {
                let advice = "an order waits for three of them: use a faster disk";
                return Finding::warn(WHAT, found, advice);
            }
            Finding::ok(WHAT, found)
        }
        Err(error) => Finding::fail(WHAT, error.to_string(), "the disk must take writes"),
    }
}

fn median_fsync(place: &Path) -> io::Result<Duration> {
    let mut probe = Probe::create(place)?;
    let mut times = Vec::with_capacity(FSYNCS);
    for _ in 0..FSYNCS {
        let start = Instant::now();
        probe.file.write_all(&BLOCK)?;
        probe.file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[FSYNCS / 2])
}

/// A file that goes when it is dropped.
struct Probe {
    path: PathBuf,
    file: File,
}

impl Probe {
    fn create(place: &Path) -> io::Result<Probe> {
        let path = place.join(format!(".hoga-doctor-{}.tmp", std::process::id()));
        let file = File::create(&path)?;
        Ok(Probe { path, file })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // What cannot be removed is empty and named as temporary.
        drop(fs::remove_file(&self.path));
    }
}
