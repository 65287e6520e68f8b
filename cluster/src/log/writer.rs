//! The log's thread: it drains the queue, makes one write and one fsync of what it found, and then
//! answers everybody.
//!
//! The next write begins only after the fsync of the one before, so at most one write can be torn.
//! A failed write or fsync poisons the log; nothing is written after it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::mpsc;

use super::core::Core;
use super::disk::{is_full, write_all};
use super::entry;
use super::error::LogError;
use super::frame::{
    BLOCK_BYTES, FRAME_HEADER_BYTES, FrameHead, Kind, WRITE_HEADER_BYTES, WriteBuffer, WritePlace,
};
use super::index::Place;
use super::markers::Markers;
use super::request::{Body, Request};
use super::segment::{self, Segment};
use super::types::{LogPosition, PartitionId};

/// Where the next write goes.
pub(super) struct Tail {
    pub segment: Segment,
    pub offset: u64,
    pub number: u64,
}

pub(super) struct Writer {
    core: Arc<Core>,
    tail: Tail,
    markers: Markers,
    /// The last request of each partition that has been written.
    tickets: BTreeMap<PartitionId, u64>,
    buffer: WriteBuffer,
}

/// Where an entry of the current write ended up.
struct Placed {
    partition: PartitionId,
    index: u64,
    stamp: u64,
    place: Place,
}

impl Writer {
    pub(super) fn new(core: Arc<Core>, tail: Tail, markers: Markers) -> Self {
        let (tickets, buffer) = (BTreeMap::new(), WriteBuffer::default());
        let writer = Self { core, tail, markers, tickets, buffer };
        writer.core.space.set_current(writer.room());
        writer.retire();
        writer
    }

    /// The body of the log's thread.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        while let Some(first) = queue.blocking_recv() {
            self.serve(first, &mut queue);
        }
        self.close();
    }

    /// Serves a request and all that wait behind it, in as few writes as possible.
    pub(super) fn serve(&mut self, first: Request, queue: &mut mpsc::Receiver<Request>) {
        let mut next = Some(first);
        while let Some(request) = next.take() {
            next = self.serve_some(request, queue);
        }
    }

    /// Serves a request and as many behind it as fit into one write; returns the first that did
    /// not fit.
    pub(super) fn serve_some(
        &mut self,
        first: Request,
        queue: &mut mpsc::Receiver<Request>,
    ) -> Option<Request> {
        let mut next = None;
        let mut bytes = first.encoded_bytes();
        let mut batch = vec![first];
        while let Ok(request) = queue.try_recv() {
            bytes += request.encoded_bytes();
            if bytes > self.core.options.write_bytes_max {
                next = Some(request);
                break;
            }
            batch.push(request);
        }
        if batch.iter().any(|request| matches!(request.body, Body::Close)) {
            queue.close();
        }
        self.write_batch(batch);
        next
    }

    /// Whether the largest write has its place already, in this segment or a prepared one.
    pub(super) fn has_place(&self) -> bool {
        let largest = self.core.options.write_bytes_max as u64;
        self.room() > 2 * largest || self.core.space.ready_segments() > 0
    }

    pub(super) fn close(&mut self) {
        self.write_batch(Vec::new());
        self.core.space.close();
    }

    fn write_batch(&mut self, batch: Vec<Request>) {
        let outcome = self.core.check().and_then(|()| self.write_and_sync(&batch));
        for request in batch {
            request.complete(outcome.clone());
        }
    }

    fn write_and_sync(&mut self, batch: &[Request]) -> Result<(), LogError> {
        for request in batch {
            let reached = self.tickets.entry(request.partition).or_default();
            *reached = request.ticket.max(*reached);
        }
        let marks = self.committed_marks();
        let requests: usize = batch.iter().map(Request::encoded_bytes).sum();
        let body = requests + marks.len() * FRAME_HEADER_BYTES;
        if body == 0 {
            return Ok(());
        }
        if (WRITE_HEADER_BYTES + body) as u64 > self.room() {
            self.roll()?;
        }
        let place = self.place();
        self.buffer.begin(place);
        let fresh = place.offset == BLOCK_BYTES as u64;
        if fresh {
            self.markers.write(&mut self.buffer);
        }
        let mut placed = Vec::new();
        for request in batch {
            self.encode(request, &mut placed);
        }
        for (partition, at) in marks {
            let head = FrameHead::marker(Kind::Committed, partition, at);
            self.buffer.frame(head, |_| {});
            self.markers.note(place.segment, &head, &[]);
        }
        self.flush(fresh)?;
        self.core.counters.entries.fetch_add(placed.len() as u64, Ordering::Relaxed);
        self.publish(placed);
        // The first write of a segment says again what older ones are kept for: before it is
        // durable none of them may go.
        if fresh || batch.iter().any(|request| matches!(request.body, Body::Purge(_))) {
            self.retire();
        }
        Ok(())
    }

    /// Committed markers that may go with this write: all before them is in it or behind it.
    fn committed_marks(&self) -> Vec<(PartitionId, LogPosition)> {
        let mut marks = Vec::new();
        for (id, partition) in &mut self.core.index().partitions {
            let reached = self.tickets.get(id).copied().unwrap_or(0);
            if partition.committed_unwritten.is_some_and(|ticket| ticket <= reached) {
                partition.committed_unwritten = None;
                marks.extend(partition.committed.map(|at| (*id, at)));
            }
        }
        marks
    }

    fn place(&self) -> WritePlace {
        WritePlace {
            segment: self.tail.segment.number,
            offset: self.tail.offset,
            number: self.tail.number,
        }
    }

    /// Bytes left in the segment, the block for its seal kept back.
    fn room(&self) -> u64 {
        (self.tail.segment.bytes - BLOCK_BYTES as u64).saturating_sub(self.tail.offset)
    }

    fn encode(&mut self, request: &Request, placed: &mut Vec<Placed>) {
        let id = request.partition;
        let head = |kind, first| FrameHead { kind, partition: id, count: 0, term: 0, first };
        match &request.body {
            Body::Append { first_stamp, entries } => {
                let mut stamp = *first_stamp;
                for run in entries.chunk_by(|a, b| a.at.term == b.at.term) {
                    let head = FrameHead {
                        count: run.len() as u32,
                        term: run[0].at.term,
                        ..head(Kind::Entries, run[0].at.index)
                    };
                    self.encode_run(head, run, &mut stamp, placed);
                }
            }
            Body::Vote(vote) => self.marker(head(Kind::Vote, 0), vote),
            Body::Truncate { first } => self.marker(head(Kind::Truncate, *first), &[]),
            Body::Purge(at) => self.marker(FrameHead::marker(Kind::Purge, id, *at), &[]),
            Body::Flush | Body::Close => {}
        }
    }

    fn encode_run(
        &mut self,
        head: FrameHead,
        run: &[super::types::LogEntry],
        stamp: &mut u64,
        placed: &mut Vec<Placed>,
    ) {
        let start = placed.len();
        let at = self.buffer.frame(head, |out| {
            for item in run {
                entry::encode(out, item.tag, &item.payload);
            }
        });
        let mut offset = self.tail.offset + at as u64;
        for item in run {
            let bytes = entry::encoded_bytes(&item.payload);
            let place = Place {
                segment: self.tail.segment.number,
                offset: offset as u32,
                bytes: bytes as u32,
            };
            let (partition, index) = (head.partition, item.at.index);
            placed.push(Placed { partition, index, stamp: *stamp, place });
            offset += bytes as u64;
            *stamp += 1;
        }
        debug_assert_eq!(placed.len() - start, head.count as usize);
        self.markers.note(self.tail.segment.number, &head, &[]);
    }

    fn marker(&mut self, head: FrameHead, payload: &[u8]) {
        self.buffer.frame(head, |out| out.extend_from_slice(payload));
        self.markers.note(self.tail.segment.number, &head, payload);
    }

    /// Writes what is in the buffer and waits until it is durable.
    fn flush(&mut self, fresh: bool) -> Result<(), LogError> {
        let Self { buffer, tail, core, .. } = self;
        let begun = Instant::now();
        let bytes = buffer.finish();
        let file = tail.segment.file.as_ref();
        if fresh {
            let header = segment::header(tail.segment.number, tail.segment.bytes);
            write_patiently(core, || core.busy.during(|| write_all(file, &header, 0)))?;
        }
        write_patiently(core, || core.busy.during(|| write_all(file, bytes, tail.offset)))?;
        if let Err(error) = core.busy.during(|| file.sync()) {
            core.fatal.poison(&format!("fsync of log segment {}: {error}", tail.segment.number));
            return core.check();
        }
        metrics::histogram!("hoga_log_append_seconds").record(begun.elapsed());
        core.counters.writes.fetch_add(1, Ordering::Relaxed);
        core.counters.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        tail.offset += bytes.len() as u64;
        tail.number += 1;
        self.core.space.set_current(self.room());
        Ok(())
    }

    fn publish(&self, placed: Vec<Placed>) {
        let mut index = self.core.index();
        for item in placed {
            index.place(item.partition, item.index, item.stamp, item.place);
        }
        index.evict();
    }

    /// Seals the current segment and goes on in the next one.
    fn roll(&mut self) -> Result<(), LogError> {
        let next = self.next_segment()?;
        let place = self.place();
        self.buffer.begin(place);
        // The seal names its successor, so that a lost last segment does not go unnoticed.
        let successor = LogPosition { term: 0, index: next.number };
        self.buffer.frame(FrameHead::marker(Kind::Seal, PartitionId(0), successor), |_| {});
        self.flush(place.offset == BLOCK_BYTES as u64)?;
        self.core.files().insert(next.number, next.clone());
        self.tail = Tail { segment: next, offset: BLOCK_BYTES as u64, number: self.tail.number };
        self.core.space.set_current(self.room());
        self.core.counters.rolls.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn next_segment(&self) -> Result<Segment, LogError> {
        let space = &self.core.space;
        loop {
            if let Some(segment) = space.take() {
                return Ok(segment);
            }
            self.core.check()?;
            if space.is_closed() {
                return Err(LogError::Closed);
            }
            space.await_attempt();
        }
    }

    /// Gives back the segments nobody needs, and reports who needs very old ones.
    fn retire(&self) {
        let current = self.tail.segment.number;
        let needed = self.markers.oldest_needed().unwrap_or(current).min(current);
        let kept = {
            let mut files = self.core.files();
            let kept = files.split_off(&needed);
            std::mem::replace(&mut *files, kept)
        };
        for segment in kept.into_values() {
            self.core.space.retire(segment);
        }
        let old = current.saturating_sub(self.core.options.stale_segments);
        let stale = self.markers.needing_before(old);
        self.core.stale.send_if_modified(|reported| {
            let changed = *reported != stale;
            *reported = stale;
            changed
        });
    }
}

/// Repeats a write for as long as the disk is full; any other failure poisons the log.
fn write_patiently(
    core: &Core,
    mut write: impl FnMut() -> std::io::Result<()>,
) -> Result<(), LogError> {
    loop {
        match write() {
            Ok(()) => return Ok(()),
            Err(error) if is_full(&error) && !core.space.is_closed() => {
                tracing::warn!(%error, "the log waits for space");
                core.space.pause();
            }
            Err(error) => {
                core.fatal.poison(&format!("writing the log: {error}"));
                return core.check();
            }
        }
    }
}
