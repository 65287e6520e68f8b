//! Encoding a partition's entities as they were at one moment, a few at a time between two
//! batches: for a snapshot, or for the hash at a checkpoint.

use super::checkpoint::{Heard, Taken};
use super::performer::{Performer, Rebuild};
use super::snapshots::Writing;
use crate::state;
use hoga_actors::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::oneshot;

/// Entities encoded at a time, between two batches.
const CAPTURE_STEP: usize = 128;
/// Blocks of a snapshot that may wait for its writer.
const CAPTURED_BLOCKS: usize = 4;

/// A snapshot that is being captured: where its blocks go, and the hash of what went.
pub(super) struct CaptureUnderWay {
    blocks: mpsc::Sender<Vec<u8>>,
    hash: u64,
    /// Tells the writer that the last block was the last.
    is_whole: Arc<AtomicBool>,
}

/// A hash that is being taken.
pub(super) struct HashUnderWay {
    index: u64,
    hash: u64,
    took: Duration,
}

/// Waits until the writer of a snapshot takes one more block; for ever when there is none.
pub(super) async fn room_for_block(
    blocks: Option<mpsc::Sender<Vec<u8>>>,
) -> Result<OwnedPermit<Vec<u8>>, SendError<()>> {
    match blocks {
        Some(blocks) => blocks.reserve_owned().await,
        None => std::future::pending().await,
    }
}

impl<R: Rebuild> Performer<R> {
    pub(super) fn blocks(&self) -> Option<mpsc::Sender<Vec<u8>>> {
        self.writing.as_ref().map(|writing| writing.blocks.clone())
    }

    pub(super) fn capture(&mut self, done: oneshot::Sender<Writing>) {
        let (blocks, writing) = mpsc::channel(CAPTURED_BLOCKS);
        let core = self.core.encode();
        self.outlets.visible.bytes.store(0, Ordering::Relaxed);
        self.host.begin_capture(Purpose::Snapshot);
        // The channel is empty, so there is room.
        drop(blocks.try_send(state::core_block(&core)));
        let is_whole = Arc::new(AtomicBool::new(false));
        let hash = state::hash_core(&core);
        self.writing = Some(CaptureUnderWay { blocks, hash, is_whole: is_whole.clone() });
        drop(done.send(Writing { blocks: writing, is_whole }));
    }

    pub(super) fn capture_more(&mut self, room: OwnedPermit<Vec<u8>>) {
        let (captured, is_last) = self.host.capture_some(Purpose::Snapshot, CAPTURE_STEP);
        let Some(writing) = &mut self.writing else { return };
        writing.hash = writing.hash.wrapping_add(state::hash_entities(&captured));
        let mut block = state::entity_block(&captured);
        if is_last {
            block.extend_from_slice(&writing.hash.to_le_bytes());
            writing.is_whole.store(true, Ordering::Release);
            self.writing = None;
        }
        room.send(block);
    }

    pub(super) fn give_up_writing(&mut self) {
        self.writing = None;
        self.host.give_up_capture(Purpose::Snapshot);
    }

    /// Begins to take the hash of the state as it is now. One that is still under way was too slow
    /// for its leader, and is given up.
    pub(super) fn begin_checkpoint(&mut self) {
        self.outlets.visible.checkpointed.store(self.core.commands(), Ordering::Relaxed);
        // What is replayed was compared when it came first, and nobody waits for it.
        if self.outlets.checkpoints.is_none() || self.replay_through.is_some() {
            return;
        }
        let begun = Instant::now();
        let hash = state::hash_core(&self.core.encode());
        self.host.begin_capture(Purpose::Checkpoint);
        let (index, took) = (self.core.index(), begun.elapsed());
        self.checkpoint = Some(HashUnderWay { index, hash, took });
    }

    /// Goes on with the hash under way; hands it over when that was all.
    pub(super) fn hash_more(&mut self) {
        let Some(under_way) = &mut self.checkpoint else { return };
        let begun = Instant::now();
        let (captured, is_last) = self.host.capture_some(Purpose::Checkpoint, CAPTURE_STEP);
        under_way.hash = under_way.hash.wrapping_add(state::hash_entities(&captured));
        under_way.took += begun.elapsed();
        if !is_last {
            return;
        }
        let HashUnderWay { index, hash, took } = *under_way;
        self.checkpoint = None;
        let visible = &self.outlets.visible;
        visible.checkpoint_us.store(took.as_micros() as u64, Ordering::Relaxed);
        let installs = visible.installs.load(Ordering::Acquire);
        if let Some(checkpoints) = &self.outlets.checkpoints {
            // When nobody takes it, another checkpoint comes.
            drop(checkpoints.try_send(Heard::Mine(Taken { index, hash, installs })));
        }
    }
}
