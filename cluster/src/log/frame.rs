//! The bytes of one write: a header on a 4 KiB boundary, then frames whose checksums form a chain.
//!
//! ```text
//! header  magic u32 · crc u32 · number u64 · body bytes u32 · frames u32 · version u8 · 0 × 7
//! frame   length u32 · crc u32 · partition u32 · count u32 · term u64 · first u64
//!         · kind u8 · version u8 · 0 × 6 · payload
//! ```
//! Integers are little-endian. The chain begins with (segment, offset, number), so that bytes left
//! over from a segment's former life, or written at another place, never count as valid.

use super::types::{LogPosition, PartitionId};

/// Every write starts on a multiple of this, in bytes.
pub const BLOCK_BYTES: usize = 4096;
/// The only version of frames there is so far.
pub(super) const FORMAT_VERSION: u8 = 1;
pub(super) const WRITE_HEADER_BYTES: usize = 32;
pub(super) const FRAME_HEADER_BYTES: usize = 40;
const WRITE_MAGIC: u32 = 0x5747_4f48;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `count` entries of one term, from index `first`.
    Entries,
    /// The partition's vote, as given by its owner.
    Vote,
    /// Entries up to (term, first) are known to be committed.
    Committed,
    /// Entries from index `first` on are void.
    Truncate,
    /// Entries up to (term, first) are gone.
    Purge,
    /// The segment ends here; the one with number `first` exists and is next.
    Seal,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Entries, Self::Vote, Self::Committed, Self::Truncate, Self::Purge, Self::Seal];

    fn code(self) -> u8 {
        match self {
            Self::Entries => 1,
            Self::Vote => 2,
            Self::Committed => 3,
            Self::Truncate => 4,
            Self::Purge => 5,
            Self::Seal => 6,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Where a write is, and which one it is. Numbers are never used twice in one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WritePlace {
    pub segment: u64,
    pub offset: u64,
    pub number: u64,
}

impl WritePlace {
    fn seed(self) -> u32 {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.segment.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.offset.to_le_bytes());
        bytes[16..].copy_from_slice(&self.number.to_le_bytes());
        crc32c::crc32c(&bytes)
    }
}

/// The fields of a frame, without its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub kind: Kind,
    pub partition: PartitionId,
    pub count: u32,
    pub term: u64,
    pub first: u64,
}

impl FrameHead {
    pub(super) fn marker(kind: Kind, partition: PartitionId, at: LogPosition) -> Self {
        Self { kind, partition, count: 0, term: at.term, first: at.index }
    }

    pub(super) fn position(&self) -> LogPosition {
        LogPosition { term: self.term, index: self.first }
    }
}

/// Builds one write in a buffer that is used again and again.
#[derive(Default)]
pub(super) struct WriteBuffer {
    bytes: Vec<u8>,
    frames: u32,
    chain: u32,
    place: Option<WritePlace>,
}

impl WriteBuffer {
    /// Starts a write at a place, dropping what was in the buffer.
    pub(super) fn begin(&mut self, place: WritePlace) {
        self.bytes.clear();
        self.bytes.resize(WRITE_HEADER_BYTES, 0);
        self.frames = 0;
        self.chain = place.seed();
        self.place = Some(place);
    }

    /// Adds a frame; `fill` appends its payload. Returns where in the write the payload starts.
    pub(super) fn frame(&mut self, head: FrameHead, fill: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bytes.len();
        let out = &mut self.bytes;
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&head.partition.0.to_le_bytes());
        out.extend_from_slice(&head.count.to_le_bytes());
        out.extend_from_slice(&head.term.to_le_bytes());
        out.extend_from_slice(&head.first.to_le_bytes());
        out.extend_from_slice(&[head.kind.code(), FORMAT_VERSION, 0, 0, 0, 0, 0, 0]);
        let payload = out.len();
        fill(out);
        let length = (out.len() - payload) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        self.chain = frame_crc(self.chain, &out[start..]);
        out[start + 4..start + 8].copy_from_slice(&self.chain.to_le_bytes());
        self.frames += 1;
        payload
    }

    /// Completes the header and pads to a whole number of blocks.
    pub(super) fn finish(&mut self) -> &[u8] {
        let place = self.place.take().expect("a write that was begun");
        let body = (self.bytes.len() - WRITE_HEADER_BYTES) as u32;
        let head = &mut self.bytes[..WRITE_HEADER_BYTES];
        head[..4].copy_from_slice(&WRITE_MAGIC.to_le_bytes());
        head[8..16].copy_from_slice(&place.number.to_le_bytes());
        head[16..20].copy_from_slice(&body.to_le_bytes());
        head[20..24].copy_from_slice(&self.frames.to_le_bytes());
        head[24] = FORMAT_VERSION;
        let crc = crc32c::crc32c_append(place.seed(), &head[8..]);
        head[4..8].copy_from_slice(&crc.to_le_bytes());
        let padded = self.bytes.len().next_multiple_of(BLOCK_BYTES);
        self.bytes.resize(padded, 0);
        &self.bytes
    }
}

fn frame_crc(chain: u32, frame: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(chain, &frame[..4]);
    crc32c::crc32c_append(crc, &frame[8..])
}

/// A valid header of a write found in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WriteHead {
    pub place: WritePlace,
    pub version: u8,
    pub frames: u32,
    body_bytes: usize,
}

impl WriteHead {
    /// Reads the header at `offset`, if a valid one is there.
    pub(super) fn read(segment: u64, bytes: &[u8], offset: usize) -> Option<Self> {
        let head = bytes.get(offset..offset + WRITE_HEADER_BYTES)?;
        if u32_at(head, 0) != WRITE_MAGIC {
            return None;
        }
        let place = WritePlace { segment, offset: offset as u64, number: u64_at(head, 8) };
        let crc = crc32c::crc32c_append(place.seed(), &head[8..]);
        (crc == u32_at(head, 4)).then(|| Self {
            place,
            version: head[24],
            frames: u32_at(head, 20),
            body_bytes: u32_at(head, 16) as usize,
        })
    }

    /// Where the write after this one starts.
    pub(super) fn end(&self) -> usize {
        (self.place.offset as usize + WRITE_HEADER_BYTES + self.body_bytes)
            .next_multiple_of(BLOCK_BYTES)
    }

    /// The frames that are whole, and where the first damaged one starts if there is one.
    pub(super) fn frames<'a>(&self, bytes: &'a [u8]) -> (Vec<Frame<'a>>, Option<usize>) {
        let mut frames = Vec::with_capacity(self.frames.min(1024) as usize);
        let mut offset = self.place.offset as usize + WRITE_HEADER_BYTES;
        let mut chain = self.place.seed();
        for _ in 0..self.frames {
            let Some(frame) = Frame::read(bytes, offset, chain) else {
                return (frames, Some(offset));
            };
            chain = frame.crc;
            offset = frame.payload_offset + frame.payload.len();
            frames.push(frame);
        }
        (frames, None)
    }
}

/// A frame whose checksum holds.
pub(super) struct Frame<'a> {
    pub head: FrameHead,
    pub payload: &'a [u8],
    /// Where the payload starts in its segment.
    pub payload_offset: usize,
    crc: u32,
}

impl<'a> Frame<'a> {
    fn read(bytes: &'a [u8], offset: usize, chain: u32) -> Option<Self> {
        let head = bytes.get(offset..offset + FRAME_HEADER_BYTES)?;
        let payload_offset = offset + FRAME_HEADER_BYTES;
        let length = u32_at(head, 0) as usize;
        let payload = bytes.get(payload_offset..payload_offset.checked_add(length)?)?;
        let crc = frame_crc(chain, &bytes[offset..payload_offset + length]);
        if crc != u32_at(head, 4) || head[33] != FORMAT_VERSION {
            return None;
        }
        let head = FrameHead {
            kind: Kind::from_code(head[32])?,
            partition: PartitionId(u32_at(head, 8)),
            count: u32_at(head, 12),
            term: u64_at(head, 16),
            first: u64_at(head, 24),
        };
        Some(Self { head, payload, payload_offset, crc })
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
