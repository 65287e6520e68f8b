//! The bytes of entries inside a frame: `length u32 · crc u32 · tag u8 · payload`, one by one.
//!
//! Each entry has a checksum of its own, so that one entry can be read back without its frame.

use bytes::Bytes;

use super::frame::u32_at;

pub(super) const ENTRY_HEADER_BYTES: usize = 9;

/// How many bytes an entry takes in its frame.
pub(super) fn encoded_bytes(payload: &[u8]) -> usize {
    ENTRY_HEADER_BYTES + payload.len()
}

/// Appends an entry to a frame.
pub(super) fn encode(out: &mut Vec<u8>, tag: u8, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&crc(tag, payload).to_le_bytes());
    out.push(tag);
    out.extend_from_slice(payload);
}

/// Takes the entry that fills `bytes` exactly; nothing when it is damaged.
pub(super) fn decode(bytes: &Bytes) -> Option<(u8, Bytes)> {
    let length = length_at(bytes, 0)?;
    if length != bytes.len() {
        return None;
    }
    let (tag, payload) = (bytes[8], bytes.slice(ENTRY_HEADER_BYTES..));
    (u32_at(bytes, 4) == crc(tag, &payload)).then_some((tag, payload))
}

/// The whole length of the entry that starts at `at`, header included.
pub(super) fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let head = bytes.get(at..at.checked_add(ENTRY_HEADER_BYTES)?)?;
    let length = ENTRY_HEADER_BYTES + u32_at(head, 0) as usize;
    (bytes.len() - at >= length).then_some(length)
}

fn crc(tag: u8, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[tag]), payload)
}
