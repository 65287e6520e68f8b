//! A disk of a node's own: a file system in a file, as root, so that it can be full, or lose
//! power.

use anyhow::{Context, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// `EXT4_IOC_SHUTDOWN` with "do not flush the log": as if the power went.
const SHUT_DOWN: &str = "open my $d, '<', $ARGV[0] or die $!; my $how = pack('L', 2); \
                         ioctl($d, 0x8004587d, $how) or die $!;";
const FILLER: &str = "filler";

const UNMOUNT_TRIES: u32 = 30;
const UNMOUNT_EVERY: Duration = Duration::from_millis(100);

/// A mounted file system.
#[derive(Debug)]
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
    is_mounted: bool,
}

impl Disk {
    /// Makes and mounts one.
    ///
    /// # Errors
    /// Only root may, and a tool or the loop device may be missing.
    pub fn make(directory: &Path, name: &str, mib: u64) -> anyhow::Result<Disk> {
        let (image, mount) = (directory.join(format!("{name}.img")), directory.join(name));
        fs::create_dir_all(&mount)?;
        File::create(&image)?.set_len(mib << 20)?;
        let mut make = Command::new("mkfs.ext4");
        run(make.args(["-q", "-F", "-m", "0"]).arg(&image))?;
        let mut disk = Disk { image, mount, is_mounted: false };
        disk.mount()?;
        Ok(disk)
    }

    /// Where a node keeps its data on it.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.mount.join("data")
    }

    /// # Errors
    /// It is damaged, or the loop device is missing.
    pub fn mount(&mut self) -> anyhow::Result<()> {
        if !self.is_mounted {
            run(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.mount))?;
            self.is_mounted = true;
        }
        Ok(())
    }

    fn unmount(&mut self) -> anyhow::Result<()> {
        for tries in (0..UNMOUNT_TRIES).rev() {
            if !self.is_mounted {
                break;
            }
            match run(Command::new("umount").arg(&self.mount)) {
                Ok(()) => self.is_mounted = false,
                Err(error) if tries == 0 => return Err(error),
                // The kernel may still be closing what a killed process had open.
                Err(_) => std::thread::sleep(UNMOUNT_EVERY),
            }
        }
        Ok(())
    }

    /// Cuts the power: what was not synced is gone. Whoever has files open gets errors.
    ///
    /// # Errors
    /// Neither `xfs_io` nor Perl is there to say so to the kernel.
    pub fn cut_power(&self) -> anyhow::Result<()> {
        let mut xfs_io = Command::new("xfs_io");
        xfs_io.args(["-x", "-c", "shutdown"]).arg(&self.mount);
        if xfs_io.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            return Ok(());
        }
        run(Command::new("perl").args(["-e", SHUT_DOWN]).arg(&self.mount))
    }

    /// Mounts it again after a cut, when nobody has files open any more.
    ///
    /// # Errors
    /// It is still in use, or damaged beyond its journal.
    pub fn power_on(&mut self) -> anyhow::Result<()> {
        self.unmount()?;
        self.mount()
    }

    /// Leaves no space.
    ///
    /// # Errors
    /// The filler cannot be written.
    pub fn fill(&self) -> anyhow::Result<()> {
        let file = File::create(self.mount.join(FILLER))?;
        let mut length = 0_u64;
        let mut step = 256_u64 << 20;
        while step >= 4096 {
            let flags = rustix::fs::FallocateFlags::empty();
            match rustix::fs::fallocate(&file, flags, length, step) {
                Ok(()) => length += step,
                Err(rustix::io::Errno::NOSPC) => step /= 2,
                Err(error) => bail!("filling a disk: {error}"),
            }
        }
        Ok(())
    }

    /// Gives the space back.
    ///
    /// # Errors
    /// The filler cannot be removed.
    pub fn make_space(&self) -> anyhow::Result<()> {
        let filler = self.mount.join(FILLER);
        if filler.exists() {
            fs::remove_file(filler)?;
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.unmount().is_err() {
            // A process that is about to end may still have it; it goes when that has gone.
            drop(run(Command::new("umount").arg("-l").arg(&self.mount)));
        }
        drop(fs::remove_file(&self.image));
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("there is no {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Disk;
    use std::fs::{self, File};
    use std::io::Write;

    /// None where this is not allowed.
    fn disk(folder: &std::path::Path) -> Option<Disk> {
        let made = Disk::make(folder, "d", 256);
        if let Err(why) = &made {
            eprintln!("SKIPPED: {why:#}");
        }
        made.ok()
    }

    #[test]
    fn a_cut_of_the_power_takes_what_was_not_synced() {
        let folder = tempfile::tempdir().expect("a folder");
        let Some(mut disk) = disk(folder.path()) else { return };
        let data = disk.data();
        fs::create_dir(&data).expect("a folder");
        let mut kept = File::create(data.join("kept")).expect("a file");
        kept.write_all(b"synced").expect("written");
        kept.sync_all().expect("synced");
        File::open(&data).expect("the folder").sync_all().expect("synced");
        fs::write(data.join("lost"), b"not synced").expect("written");
        drop(kept);
        disk.cut_power().expect("cut");
        assert!(fs::write(data.join("after"), b"no").is_err());
        disk.power_on().expect("mounted again");
        assert_eq!(fs::read(data.join("kept")).expect("it is there"), b"synced");
        let lost = fs::read(data.join("lost")).unwrap_or_default();
        assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn a_full_disk_has_no_space_until_it_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let Some(disk) = disk(folder.path()) else { return };
        disk.fill().expect("filled");
        let big = vec![1; 1 << 20];
        assert!(fs::write(disk.mount.join("big"), &big).is_err());
        disk.make_space().expect("space");
        fs::write(disk.mount.join("big"), &big).expect("written");
    }
}
