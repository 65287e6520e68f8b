//! A partition's snapshots on their way between nodes: the state, and the history behind it.
//!
//! The state counts the rows of its history, so a snapshot is whole only with them: they follow
//! the state, and are durable before the generation gets its name. Rows that came in after the
//! snapshot may go along; the log that follows writes their equals.

use super::checkpoint::Trusted;
use super::historian::Historian;
use crate::history::{History, RowKey, Rows};
use crate::raft::{
    BLOCK_BYTES_MAX, Block, Depot, Outgoing, SnapshotError, SnapshotMeta, SnapshotName,
};
use crate::snapshot::{self, CHUNK_BYTES, SnapshotStore};
use bytes::Bytes;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::PartitionId;
use hoga_engine::time::Time;
use std::sync::{Arc, Mutex, PoisonError};

/// What a block and its cursor begin with. Rows follow the time before which some were removed.
const STATE: u8 = 0;
const HISTORY: u8 = 1;

/// Chunks of the state that travel together.
const BLOCK_CHUNKS: usize = (BLOCK_BYTES_MAX - 1) / CHUNK_BYTES;
/// Bytes of rows after which a block goes; the last row may exceed it.
const BLOCK_ROWS_BYTES: usize = BLOCK_BYTES_MAX / 2;

/// The depot of one partition.
#[derive(Clone)]
pub(crate) struct PartitionDepot {
    pub partition: PartitionId,
    pub store: Arc<Mutex<SnapshotStore>>,
    pub historian: Historian,
    pub trusted: Trusted,
}

/// A snapshot that is being read for another node: its state is in memory, its history is not.
struct Going {
    name: SnapshotName,
    chunks: Vec<Vec<u8>>,
    /// The next chunk.
    next: usize,
    history: Option<Arc<dyn History>>,
    /// The rows, once all chunks are gone.
    rows: Option<Rows>,
}

impl Depot for PartitionDepot {
    fn open(&self) -> Result<Option<Box<dyn Outgoing>>, SnapshotError> {
        if !self.trusted.now().may_be_kept() {
            return Err(SnapshotError::InDoubt);
        }
        let loaded = self.store.lock().unwrap_or_else(PoisonError::into_inner).load();
        let Some(loaded) = loaded.map_err(|error| unreadable(&error))? else { return Ok(None) };
        let meta = &loaded.manifest.meta;
        let last = crate::log::LogPosition { term: meta.term, index: meta.index };
        let meta = SnapshotMeta { last, membership: meta.membership.clone().into() };
        let name = SnapshotName { meta, generation: loaded.generation };
        let history = self.historian.store();
        let going = Going { name, chunks: loaded.chunks, next: 0, history, rows: None };
        Ok(Some(Box::new(going)))
    }

    fn take(
        &self,
        meta: &SnapshotMeta,
        blocks: &mut dyn Iterator<Item = Result<Block, SnapshotError>>,
    ) -> Result<(), SnapshotError> {
        let stored = snapshot::SnapshotMeta {
            partition: self.partition,
            index: meta.last.index,
            term: meta.last.term,
            membership: meta.membership.to_vec(),
            state_hash: 0,
        };
        let history = self.historian.store();
        // What sets a doubtful store right would take its rows for ones that nobody knows.
        let reach = history.as_ref().map(|history| history.reach()).transpose();
        if reach.map_err(|error| unwritable(&error))?.is_some_and(|reach| reach.is_doubtful) {
            return Err(unwritable(&"the history here is being set right; offer it again"));
        }
        let mut arriving = Arriving { blocks, history: history.clone(), has_ended: false };
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let written = store.try_write(stored, std::iter::from_fn(|| arriving.next_chunk()));
        written.map_err(|error| unwritable(&error))?;
        // Only now the rows are those of a state that is here: until then a start had none that
        // counts them.
        let Some(history) = history else { return Ok(()) };
        history.note(meta.last);
        history.sync().map_err(|error| unwritable(&error))
    }
}

/// Blocks as they come: chunks of the state for the store, rows for the history.
struct Arriving<'a> {
    blocks: &'a mut dyn Iterator<Item = Result<Block, SnapshotError>>,
    history: Option<Arc<dyn History>>,
    has_ended: bool,
}

impl Arriving<'_> {
    /// The next bytes of the state. Ends only when the history is durable as well.
    fn next_chunk(&mut self) -> Option<Result<Vec<u8>, snapshot::SnapshotError>> {
        if self.has_ended {
            return None;
        }
        let next = self.state_or_end();
        self.has_ended = !matches!(next, Ok(Some(_)));
        next.map_err(|error| snapshot::SnapshotError::Source(error.to_string())).transpose()
    }

    fn state_or_end(&mut self) -> Result<Option<Vec<u8>>, SnapshotError> {
        loop {
            let Some(block) = self.blocks.next() else {
                if let Some(history) = &self.history {
                    history.sync().map_err(|error| unwritable(&error))?;
                }
                return Ok(None);
            };
            match block?.bytes.split_first() {
                Some((&STATE, bytes)) => return Ok(Some(bytes.to_vec())),
                Some((&HISTORY, rows)) => self.write_rows(rows)?,
                _ => return Err(unwritable(&"a block of no known kind")),
            }
        }
    }

    fn write_rows(&self, mut bytes: &[u8]) -> Result<(), SnapshotError> {
        let history = self.history.as_ref();
        let history = history.ok_or_else(|| unwritable(&"this partition has no history"))?;
        let (swept, rows) = bytes.split_first_chunk().ok_or_else(|| unwritable(&"half a block"))?;
        bytes = rows;
        let swept = Time(u64::from_le_bytes(*swept));
        if swept > Time(0) {
            history.mark_swept(swept).map_err(|error| unwritable(&error))?;
        }
        let mut rows: Vec<HistoryRow> = Vec::new();
        while !bytes.is_empty() {
            let read = postcard::take_from_bytes(bytes);
            let (row, rest) = read.map_err(|error| unwritable(&error))?;
            rows.push(row);
            bytes = rest;
        }
        history.append(&rows).map_err(|error| unwritable(&error))
    }
}

impl Going {
    fn next_state(&mut self) -> Block {
        let end = self.chunks.len().min(self.next + BLOCK_CHUNKS);
        let mut bytes = vec![STATE];
        for chunk in &mut self.chunks[self.next..end] {
            // It is not needed again: a resumed snapshot is read anew.
            bytes.append(&mut std::mem::take(chunk));
        }
        self.next = end;
        let mut cursor = vec![STATE];
        cursor.extend_from_slice(&(end as u64).to_le_bytes());
        Block { cursor: cursor.into(), bytes: bytes.into() }
    }

    fn next_rows(&mut self) -> Result<Option<Block>, SnapshotError> {
        let Some(history) = &self.history else { return Ok(None) };
        let rows = self.rows.get_or_insert_with(|| history.export(None));
        let swept = history.swept().map_err(|error| unreadable(&error))?;
        let mut bytes = vec![HISTORY];
        bytes.extend_from_slice(&swept.unwrap_or_default().0.to_le_bytes());
        let mut last = None;
        while bytes.len() < BLOCK_ROWS_BYTES {
            let Some(row) = rows.next() else { break };
            let row = row.map_err(|error| unreadable(&error))?;
            last = Some(RowKey::of(&row));
            bytes = postcard::to_extend(&row, bytes).map_err(|error| unreadable(&error))?;
        }
        let Some(last) = last else { return Ok(None) };
        let mut cursor = vec![HISTORY];
        cursor.extend_from_slice(&last.to_bytes());
        Ok(Some(Block { cursor: cursor.into(), bytes: Bytes::from(bytes) }))
    }
}

impl Outgoing for Going {
    fn name(&self) -> SnapshotName {
        self.name.clone()
    }

    fn resume(&mut self, cursor: &[u8]) -> Result<(), SnapshotError> {
        let strange = || unreadable(&"a cursor that is none of this snapshot");
        match cursor.split_first() {
            Some((&STATE, next)) => {
                let next = next.try_into().map(u64::from_le_bytes).map_err(|_| strange())?;
                self.next = usize::try_from(next).map_err(|_| strange())?;
                if self.next > self.chunks.len() {
                    return Err(strange());
                }
            }
            Some((&HISTORY, key)) => {
                let after = RowKey::from_bytes(key).ok_or_else(strange)?;
                self.next = self.chunks.len();
                self.rows = self.history.as_ref().map(|history| history.export(Some(after)));
            }
            _ => return Err(strange()),
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Block>, SnapshotError> {
        if self.next < self.chunks.len() {
            return Ok(Some(self.next_state()));
        }
        self.next_rows()
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> SnapshotError {
    SnapshotError::Reading(error.to_string())
}

fn unwritable(error: &dyn std::fmt::Display) -> SnapshotError {
    SnapshotError::Writing(error.to_string())
}
