//! Walks through the bytes of one segment: the writes that are whole, and where the first damage is.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::error::OpenError;
use super::frame::{BLOCK_BYTES, FORMAT_VERSION, Frame, Kind, WriteHead};
use super::types::PartitionId;

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By a seal that names the next segment.
    Sealed { next: u64 },
    /// At this offset no write begins: the log ends here, or is damaged here.
    Open { offset: usize },
    /// In the middle of a write: from `damage` on its frames are not valid.
    Torn { write: WriteHead, whole_frames: usize, damage: usize },
}

/// What a walk found, besides what it handed to its visitor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    pub end: End,
    /// The number the next write has, if any write was seen here or before.
    pub next_number: Option<u64>,
    /// The last write that is whole.
    pub last: Option<WriteHead>,
}

/// Visits every valid frame of a segment in order, from the first write on.
///
/// # Errors
/// [`OpenError::Version`] when a newer release wrote here; what the visitor breaks with.
pub(super) fn walk(
    segment: u64,
    bytes: &[u8],
    mut next_number: Option<u64>,
    mut visit: impl FnMut(&Frame<'_>) -> ControlFlow<OpenError>,
) -> Result<Walked, OpenError> {
    let mut offset = BLOCK_BYTES;
    let mut last = None;
    loop {
        let ended = |end, last| Ok(Walked { end, next_number, last });
        let Some(write) = WriteHead::read(segment, bytes, offset) else {
            return ended(End::Open { offset }, last);
        };
        if next_number.is_some_and(|expected| expected != write.place.number) {
            return ended(End::Open { offset }, last);
        }
        if write.version != FORMAT_VERSION {
            return Err(OpenError::Version {
                segment,
                found: write.version,
                known: FORMAT_VERSION,
            });
        }
        let (frames, damage) = write.frames(bytes);
        for frame in &frames {
            if let ControlFlow::Break(error) = visit(frame) {
                return Err(error);
            }
        }
        if let Some(damage) = damage {
            let whole_frames = frames.len();
            next_number = Some(write.place.number);
            let end = End::Torn { write, whole_frames, damage };
            return Ok(Walked { end, next_number, last });
        }
        next_number = Some(write.place.number + 1);
        last = Some(write);
        offset = write.end();
        if let Some(seal) = frames.iter().find(|frame| frame.head.kind == Kind::Seal) {
            return Ok(Walked { end: End::Sealed { next: seal.head.first }, next_number, last });
        }
    }
}

/// The partitions that have something in valid writes at or behind `from`; nothing when there is
/// no valid write there.
pub(super) fn later_writes(
    segment: u64,
    bytes: &[u8],
    from: usize,
) -> Option<BTreeSet<PartitionId>> {
    let mut found = None;
    let mut offset = from.next_multiple_of(BLOCK_BYTES).max(BLOCK_BYTES);
    while offset < bytes.len() {
        let Some(write) = WriteHead::read(segment, bytes, offset) else {
            offset += BLOCK_BYTES;
            continue;
        };
        let partitions: &mut BTreeSet<_> = found.get_or_insert_default();
        let (frames, _) = write.frames(bytes);
        let named = frames.iter().filter(|frame| frame.head.kind != Kind::Seal);
        partitions.extend(named.map(|frame| frame.head.partition));
        offset = write.end();
    }
    found
}
