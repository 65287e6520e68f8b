//! Reads the log back when it is opened.
//!
//! A damaged place with nothing valid of a later write behind it is a torn tail and is cut there:
//! nobody was told that what stood there is durable. With something valid behind it, what stood
//! there had been acknowledged, and the log does not open.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::ControlFlow;

use bytes::Bytes;

use super::disk::{Disk, write_all};
use super::entry;
use super::error::OpenError;
use super::frame::{BLOCK_BYTES, Frame, Kind, WriteBuffer, u32_at};
use super::index::{Index, Place, Slot};
use super::markers::Markers;
use super::options::LogOptions;
use super::scan::{self, End, Walked};
use super::segment::{self, Segment};
use super::types::PartitionId;
use super::writer::Tail;

/// A log as it was found, ready to be written on.
pub(super) struct Recovered {
    pub index: Index,
    pub markers: Markers,
    pub files: BTreeMap<u64, Segment>,
    pub tail: Tail,
    /// Segments behind the tail that were prepared and never begun.
    pub ready: VecDeque<Segment>,
    pub next_number: u64,
}

/// Opens or founds the log in this directory.
pub(super) fn recover(disk: &dyn Disk, options: &LogOptions) -> Result<Recovered, OpenError> {
    let names = disk.list().map_err(io("listing the log directory"))?;
    if names.iter().any(|name| name == segment::UNFINISHED) {
        disk.remove(segment::UNFINISHED).map_err(io("removing an unfinished segment"))?;
    }
    let mut numbers: BTreeSet<u64> =
        names.iter().filter_map(|name| segment::number_of(name)).collect();
    if numbers.is_empty() {
        segment::create(disk, 1, options.segment_bytes).map_err(io("making the first segment"))?;
        numbers.insert(1);
    }
    let mut reading = Reading {
        disk,
        options,
        index: Index::new(options.cache_bytes_max),
        markers: Markers::default(),
        files: BTreeMap::new(),
    };
    let end = reading.follow(&numbers)?;
    let ready = reading.spares(&numbers, &end)?;
    let tail = reading.mend(end)?;
    reading.check_contents()?;
    let next_number = numbers.last().map_or(2, |last| last + 1);
    let Reading { index, markers, files, .. } = reading;
    Ok(Recovered { index, markers, files, tail, ready, next_number })
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> OpenError {
    let what = what.into();
    move |source| OpenError::Io { what, source }
}

/// The segment the log ends in.
struct Last {
    segment: Segment,
    bytes: Bytes,
    walked: Walked,
    /// Where the log ends or is damaged.
    offset: usize,
    /// A valid write from here on means that it is damaged.
    later_from: usize,
}

struct Reading<'a> {
    disk: &'a dyn Disk,
    options: &'a LogOptions,
    index: Index,
    markers: Markers,
    files: BTreeMap<u64, Segment>,
}

impl Reading<'_> {
    /// Follows the seals from the oldest segment to the one that is not sealed.
    fn follow(&mut self, numbers: &BTreeSet<u64>) -> Result<Last, OpenError> {
        let mut number = numbers.first().copied().unwrap_or(1);
        let mut next_number = None;
        let mut size = self.options.segment_bytes;
        let mut last_write: Option<(Segment, Bytes, Walked)> = None;
        loop {
            let (mut found, bytes) = self.read(number)?;
            let begun = segment::read_header(number, &bytes)?;
            size = begun.unwrap_or(size);
            if (bytes.len() as u64) < size {
                let reason = format!("the file has {} of {size} bytes", bytes.len());
                return Err(self.corrupt(number, bytes.len(), BTreeSet::new(), &reason));
            }
            found.bytes = size;
            if begun.is_none() {
                // Never begun, or the first write was torn; its one write does not count.
                if let Some(behind) = scan::later_writes(number, &bytes, BLOCK_BYTES + 1) {
                    return Err(self.corrupt(number, 0, behind, "the header is damaged"));
                }
                // Segments go only when a later one has been begun.
                if last_write.is_none() && number > 1 {
                    let reason = "every segment before this spare one is missing";
                    return Err(self.corrupt(number, 0, BTreeSet::new(), reason));
                }
                self.resync(last_write)?;
                self.files.insert(number, found.clone());
                let offset = BLOCK_BYTES;
                let walked = Walked { end: End::Open { offset }, next_number, last: None };
                let later_from = offset + 1;
                return Ok(Last { segment: found, bytes, walked, offset, later_from });
            }
            let walked = self.replay(number, &bytes, next_number)?;
            next_number = walked.next_number;
            self.files.insert(number, found.clone());
            let next = match walked.end {
                End::Sealed { next } => next,
                End::Open { offset } => {
                    let later_from = offset;
                    return Ok(Last { segment: found, bytes, walked, offset, later_from });
                }
                End::Torn { write, damage: offset, .. } => {
                    let later_from = write.end();
                    return Ok(Last { segment: found, bytes, walked, offset, later_from });
                }
            };
            if !numbers.contains(&next) {
                let reason = "the file of this segment is missing";
                return Err(self.corrupt(next, 0, BTreeSet::new(), reason));
            }
            last_write = Some((found, bytes, walked));
            number = next;
        }
    }

    fn read(&self, number: u64) -> Result<(Segment, Bytes), OpenError> {
        let what = || format!("reading log segment {number}");
        let file = self.disk.open(&segment::file_name(number)).map_err(io(what()))?;
        let length = file.length().map_err(io(what()))?;
        let mut bytes = vec![0; length as usize];
        file.read_at(&mut bytes, 0).map_err(io(what()))?;
        Ok((Segment { number, bytes: length, file }, bytes.into()))
    }

    fn replay(
        &mut self,
        number: u64,
        bytes: &[u8],
        next_number: Option<u64>,
    ) -> Result<Walked, OpenError> {
        let (index, markers) = (&mut self.index, &mut self.markers);
        scan::walk(number, bytes, next_number, |frame| {
            markers.note(number, &frame.head, frame.payload);
            if take(index, number, frame) {
                return ControlFlow::Continue(());
            }
            ControlFlow::Break(OpenError::Corrupt {
                segment: number,
                offset: frame.payload_offset as u64,
                partitions: vec![frame.head.partition],
                reason: "the frame's entries do not fill it".into(),
            })
        })
    }

    /// Checks that nothing valid lies behind the end, and collects the unused segments there.
    fn spares(&self, numbers: &BTreeSet<u64>, last: &Last) -> Result<VecDeque<Segment>, OpenError> {
        let tail = last.segment.number;
        let mut behind = scan::later_writes(tail, &last.bytes, last.later_from);
        let mut spares = VecDeque::new();
        for number in numbers.range(tail + 1..) {
            let (spare, bytes) = self.read(*number)?;
            let begun = segment::read_header(*number, &bytes)?.is_some();
            let found = scan::later_writes(*number, &bytes, BLOCK_BYTES);
            if begun || found.is_some() {
                behind.get_or_insert_default().extend(found.unwrap_or_default());
            } else if spare.bytes == self.options.segment_bytes {
                spares.push_back(spare);
            } else {
                let name = segment::file_name(*number);
                self.disk.remove(&name).map_err(io("removing a segment of another size"))?;
            }
        }
        let Some(mut behind) = behind else { return Ok(spares) };
        // The partition a damaged frame claims to be of counts when it is one that exists.
        let claimed = last.bytes.get(last.offset + 8..last.offset + 12);
        let claimed = claimed.map(|raw| PartitionId(u32_at(raw, 0)));
        behind.extend(claimed.filter(|id| self.markers.0.contains_key(id)));
        let reason = "a checksum is wrong and later writes follow";
        Err(self.corrupt(tail, last.offset, behind, reason))
    }

    fn corrupt(
        &self,
        segment: u64,
        offset: usize,
        partitions: BTreeSet<PartitionId>,
        reason: &str,
    ) -> OpenError {
        let all = || self.markers.0.keys().copied().collect();
        let partitions =
            if partitions.is_empty() { all() } else { partitions.into_iter().collect() };
        OpenError::Corrupt { segment, offset: offset as u64, partitions, reason: reason.into() }
    }

    /// Makes sure that what was found is durable, and cuts a torn tail for good.
    ///
    /// The last write may have been read from a cache the device never got, even after an fsync
    /// that failed: so it is written once more. A torn write keeps the frames that are whole.
    fn mend(&self, last: Last) -> Result<Tail, OpenError> {
        let Last { segment, bytes, walked, .. } = last;
        let what = format!("writing the end of log segment {}", segment.number);
        let number = walked.next_number.unwrap_or(1);
        let tail = |segment, offset: usize, number| Tail { segment, offset: offset as u64, number };
        match walked.end {
            End::Torn { write, whole_frames, damage } => {
                let start = write.place.offset as usize;
                tracing::warn!(segment = segment.number, damage, "cut a torn write off the log");
                if whole_frames == 0 {
                    return Ok(tail(segment, start, number));
                }
                let mut buffer = WriteBuffer::default();
                buffer.begin(write.place);
                for frame in write.frames(&bytes).0 {
                    buffer.frame(frame.head, |out| out.extend_from_slice(frame.payload));
                }
                let mended = buffer.finish();
                rewrite(&segment, mended, start).map_err(io(what))?;
                Ok(tail(segment, start + mended.len(), number + 1))
            }
            End::Open { offset } => {
                if let Some(last) = walked.last {
                    let start = last.place.offset as usize;
                    rewrite(&segment, &bytes[start..last.end()], start).map_err(io(what))?;
                }
                Ok(tail(segment, offset, number))
            }
            End::Sealed { .. } => unreachable!("the tail is not sealed"),
        }
    }

    /// Writes the seal before an empty tail once more, for the same reason.
    fn resync(&self, sealed: Option<(Segment, Bytes, Walked)>) -> Result<(), OpenError> {
        let Some((segment, bytes, walked)) = sealed else { return Ok(()) };
        let Some(last) = walked.last else { return Ok(()) };
        let start = last.place.offset as usize;
        rewrite(&segment, &bytes[start..last.end()], start)
            .map_err(io(format!("writing the end of log segment {}", segment.number)))
    }

    /// Entries without a hole from the last purged one on, and markers that make sense.
    fn check_contents(&self) -> Result<(), OpenError> {
        let oldest = self.files.keys().next().copied().unwrap_or(0);
        let newest = self.files.keys().next_back().copied().unwrap_or(0);
        for (id, partition) in &self.index.partitions {
            let wanted = partition.purged.map_or(0, |at| at.index + 1);
            if !partition.slots.is_empty() && partition.first != wanted {
                return Err(OpenError::Corrupt {
                    segment: oldest,
                    offset: 0,
                    partitions: vec![*id],
                    reason: format!(
                        "entries {wanted} to {} are missing, an older segment must have been lost",
                        partition.first - 1
                    ),
                });
            }
            let last = partition.last().or(partition.purged);
            if partition.committed > last {
                return Err(OpenError::Corrupt {
                    segment: newest,
                    offset: 0,
                    partitions: vec![*id],
                    reason: "entries that were committed are missing at the end".into(),
                });
            }
        }
        Ok(())
    }
}

fn rewrite(segment: &Segment, bytes: &[u8], offset: usize) -> std::io::Result<()> {
    if offset == BLOCK_BYTES {
        write_all(segment.file.as_ref(), &segment::header(segment.number, segment.bytes), 0)?;
    }
    write_all(segment.file.as_ref(), bytes, offset as u64)?;
    segment.file.sync()
}

/// Follows a frame in the index. False when its entries do not fill it exactly.
fn take(index: &mut Index, segment: u64, frame: &Frame<'_>) -> bool {
    let head = &frame.head;
    match head.kind {
        Kind::Entries => return take_entries(index, segment, frame),
        Kind::Vote => {
            index.partition(head.partition).vote = Some(Bytes::copy_from_slice(frame.payload));
        }
        Kind::Committed => index.partition(head.partition).committed = Some(head.position()),
        Kind::Truncate => index.partition(head.partition).truncate_from(head.first),
        Kind::Purge => index.partition(head.partition).purge_through(head.position()),
        Kind::Seal => {}
    }
    true
}

fn take_entries(index: &mut Index, segment: u64, frame: &Frame<'_>) -> bool {
    let mut at = 0;
    for entry_index in frame.head.first..frame.head.first + u64::from(frame.head.count) {
        let Some(length) = entry::length_at(frame.payload, at) else { return false };
        let stamp = index.next_stamp();
        let slot = Slot {
            term: frame.head.term,
            tag: frame.payload[at + 8],
            stamp,
            place: Some(Place {
                segment,
                offset: (frame.payload_offset + at) as u32,
                bytes: length as u32,
            }),
            payload: None,
        };
        index.partition(frame.head.partition).put(entry_index, slot);
        at += length;
    }
    at == frame.payload.len()
}
