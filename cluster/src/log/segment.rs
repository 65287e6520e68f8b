//! A segment file: its name, the block at its front, and how an empty one is made.

use std::io;
use std::sync::Arc;

use super::disk::{Disk, DiskFile, write_all};
use super::error::OpenError;
use super::frame::{BLOCK_BYTES, FORMAT_VERSION, u32_at, u64_at};

const SUFFIX: &str = ".seg";
const HEADER_MAGIC: u32 = 0x5347_4f48;
/// Zeros are written in pieces of this size.
const ZERO_BYTES: usize = 1 << 20;
/// A segment that is still being made has this name; there is never more than one.
pub(super) const UNFINISHED: &str = "segment.tmp";

/// A segment and the file it lives in.
#[derive(Clone)]
pub(super) struct Segment {
    pub number: u64,
    pub bytes: u64,
    pub file: Arc<dyn DiskFile>,
}

pub(super) fn file_name(number: u64) -> String {
    format!("{number:016}{SUFFIX}")
}

pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(SUFFIX).filter(|digits| digits.len() == 16)?.parse().ok()
}

/// The block at the front of a segment; it goes to the disk together with the first write.
pub(super) fn header(number: u64, segment_bytes: u64) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block[..4].copy_from_slice(&HEADER_MAGIC.to_le_bytes());
    block[8..16].copy_from_slice(&number.to_le_bytes());
    block[16..24].copy_from_slice(&segment_bytes.to_le_bytes());
    block[24] = FORMAT_VERSION;
    let crc = crc32c::crc32c(&block[8..]);
    block[4..8].copy_from_slice(&crc.to_le_bytes());
    block
}

/// The size a segment was made with, if the header of this very segment is there and whole.
///
/// # Errors
/// [`OpenError::Version`] when a newer release wrote it.
pub(super) fn read_header(number: u64, bytes: &[u8]) -> Result<Option<u64>, OpenError> {
    let Some(block) = bytes.get(..BLOCK_BYTES) else { return Ok(None) };
    let whole = u32_at(block, 0) == HEADER_MAGIC
        && u32_at(block, 4) == crc32c::crc32c(&block[8..])
        && u64_at(block, 8) == number;
    if !whole {
        return Ok(None);
    }
    if block[24] != FORMAT_VERSION {
        return Err(OpenError::Version {
            segment: number,
            found: block[24],
            known: FORMAT_VERSION,
        });
    }
    Ok(Some(u64_at(block, 16)))
}

/// Makes a zeroed segment and gives it its name once it is durable.
///
/// A file that grows costs an fsync many times as long; zeros written beforehand avoid that.
pub(super) fn create(disk: &dyn Disk, number: u64, segment_bytes: u64) -> io::Result<Segment> {
    let file = disk.create(UNFINISHED)?;
    let zeros = vec![0; ZERO_BYTES.min(segment_bytes as usize)];
    let mut offset = 0;
    while offset < segment_bytes {
        let piece = zeros.len().min((segment_bytes - offset) as usize);
        write_all(file.as_ref(), &zeros[..piece], offset)?;
        offset += piece as u64;
    }
    file.sync()?;
    disk.rename(UNFINISHED, &file_name(number))?;
    disk.sync_dir()?;
    Ok(Segment { number, bytes: segment_bytes, file })
}

/// Gives a segment nobody needs a new number. What is in it carries the old number in its
/// checksums, so none of it is valid any more and nothing has to be zeroed.
pub(super) fn recycle(disk: &dyn Disk, old: Segment, number: u64) -> io::Result<Segment> {
    disk.rename(&file_name(old.number), &file_name(number))?;
    disk.sync_dir()?;
    Ok(Segment { number, ..old })
}
