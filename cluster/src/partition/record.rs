//! A batch as the log has it.
//!
//! ```text
//! version u8 · length of the traces u32, varint · traces · the batch, its traces left out
//! ```
//! A trace is 16 random bytes, and a message carries that of the order which caused it: written as
//! they are, traces would be a third of the log. Those that a gateway made itself are numbered in
//! its run ([`Trace::numbered`]), so that each is written as its distance from the one before.

use super::command::{Batch, Command, Trace};

/// The only form that is read and written.
const VERSION: u8 = 14;

const NONE: u64 = 0;
const SAME: u64 = 1;
const WHOLE: u64 = 2;
/// Distances begin here.
const NEAR: u64 = 3;
/// Distances beyond take more bytes than the trace itself.
const NEAR_MAX: i64 = 1 << 40;

/// Why bytes are no batch.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the record has version {0}; this release reads version {VERSION}")]
    Version(u8),
    #[error("the record's traces do not fit its commands")]
    Traces,
    #[error("the record cannot be read: {0}")]
    Unreadable(#[from] postcard::Error),
}

impl Batch {
    /// The bytes that go into the log.
    #[must_use]
    pub fn encode(mut self) -> Vec<u8> {
        let mut traces = Vec::new();
        let mut last = Last::default();
        self.each_trace(|trace| last.write(std::mem::take(trace), &mut traces));
        let mut bytes = vec![VERSION];
        write_varint(traces.len() as u64, &mut bytes);
        bytes.append(&mut traces);
        postcard::to_extend(&self, bytes).expect("a batch always encodes")
    }

    /// # Errors
    /// The bytes are of another version, or no batch.
    pub fn decode(bytes: &[u8]) -> Result<Batch, RecordError> {
        let short = postcard::Error::DeserializeUnexpectedEnd;
        let (&version, mut rest) = bytes.split_first().ok_or(short.clone())?;
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let length = read_varint(&mut rest).ok_or(short.clone())?;
        let length = usize::try_from(length).map_err(|_| short.clone())?;
        let (mut traces, rest) = rest.split_at_checked(length).ok_or(short)?;
        let mut batch: Batch = postcard::from_bytes(rest)?;
        let (mut last, mut fits) = (Last::default(), true);
        batch.each_trace(|trace| match last.read(&mut traces) {
            Some(read) => *trace = read,
            None => fits = false,
        });
        if fits && traces.is_empty() { Ok(batch) } else { Err(RecordError::Traces) }
    }

    fn each_trace(&mut self, mut each: impl FnMut(&mut Trace)) {
        for entry in &mut self.entries {
            each(&mut entry.trace);
            if let Command::Inbound { messages, .. } = &mut entry.command {
                messages.iter_mut().for_each(|carried| each(&mut carried.trace));
            }
        }
    }
}

/// The last trace that was not none.
#[derive(Default)]
struct Last(Trace);

impl Last {
    fn write(&mut self, trace: Trace, out: &mut Vec<u8>) {
        if trace == Trace::default() {
            return write_varint(NONE, out);
        }
        let before = std::mem::replace(&mut self.0, trace);
        if trace == before {
            return write_varint(SAME, out);
        }
        let distance = trace.number().wrapping_sub(before.number()) as i64;
        if trace.run() == before.run() && distance.unsigned_abs() < NEAR_MAX.unsigned_abs() {
            // The sign goes last, so that small distances in either direction are short.
            let folded = (distance << 1 ^ distance >> 63) as u64;
            return write_varint(NEAR + folded, out);
        }
        write_varint(WHOLE, out);
        out.extend_from_slice(&trace.0.to_le_bytes());
    }

    fn read(&mut self, bytes: &mut &[u8]) -> Option<Trace> {
        match read_varint(bytes)? {
            NONE => return Some(Trace::default()),
            SAME => {}
            WHOLE => {
                let (trace, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                self.0 = Trace(u128::from_le_bytes(*trace));
            }
            near => {
                let folded = near - NEAR;
                let distance = (folded >> 1) as i64 ^ -((folded & 1) as i64);
                let number = self.0.number().wrapping_add(distance as u64);
                self.0 = Trace::numbered(self.0.run(), number);
            }
        }
        Some(self.0)
    }
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Batch, Carried, Command, Entry, Trace};
    use hoga_engine::amount::Ticks;
    use hoga_engine::ids::{InstrumentId, PartitionId};
    use hoga_engine::message::{BoardMessage, Message};
    use hoga_engine::time::Time;

    /// A batch with a tick and an inbound message for each trace.
    fn batch(traces: &[Trace]) -> Batch {
        let entry = |trace: &Trace| Entry { trace: *trace, command: Command::Tick };
        let mut entries: Vec<Entry> = traces.iter().map(entry).collect();
        let (instrument, price) = (InstrumentId(1), Ticks(7));
        let mark =
            Message::ToBoard(BoardMessage::Mark { instrument, price, time: Time(5), stops: 0 });
        let carried = |trace: &Trace| Carried { trace: *trace, message: mark.clone() };
        let messages = traces.iter().rev().map(carried).collect();
        let command = Command::Inbound { source: PartitionId(3), first: 9, messages };
        entries.push(Entry { trace: Trace::default(), command });
        Batch { time: Time(77), entries }
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let (none, odd) = (Trace::default(), Trace(u128::MAX));
        let near = [1, 2, 5, 4, 4, 1_000_000, u64::MAX, 0].map(|n| Trace::numbered(8, n));
        let other = [7, 9].map(|n| Trace::numbered(1 << 63, n));
        let mut traces = vec![none, odd, odd, none];
        traces.extend(near);
        traces.extend(other);
        traces.extend([Trace(1), Trace(2), none]);
        for traces in [&traces[..], &[], &[none]] {
            let batch = batch(traces);
            let read = Batch::decode(&batch.clone().encode());
            assert_eq!(read.expect("it was just written"), batch);
        }
    }

    #[test]
    fn numbered_traces_are_short_in_the_log() {
        let numbered: Vec<Trace> = (0..100).map(|n| Trace::numbered(5, 1_000 + 3 * n)).collect();
        let none = vec![Trace::default(); 100];
        let more = batch(&numbered).encode().len() - batch(&none).encode().len();
        assert!(more < 100, "{more} bytes more for 200 traces");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let whole = batch(&[Trace(3), Trace::numbered(4, 5)]).encode();
        for length in 0..whole.len() {
            assert!(Batch::decode(&whole[..length]).is_err(), "{length} bytes");
        }
        let mut other = whole.clone();
        other[0] = 1;
        assert!(Batch::decode(&other).expect_err("another version").to_string().contains('1'));
    }

    #[test]
    fn a_trace_knows_its_run_and_number() {
        for number in [0, 1, 77, u64::MAX] {
            let trace = Trace::numbered(42, number);
            assert_eq!((trace.run(), trace.number()), (42, number));
        }
    }
}
