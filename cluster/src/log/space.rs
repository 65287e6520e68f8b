//! Room for what is still to come: prepared segments, what is promised of them, and the work of
//! making more.
//!
//! Owns the segments after the current one and the ones nobody needs. Preparing takes long, so it
//! has a thread of its own. When the disk is full the attempt ends, `full` says so, and the next
//! one who needs room causes the next attempt.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::disk::{Disk, is_full};
use super::error::LogError;
use super::fatal::Fatal;
use super::frame::BLOCK_BYTES;
use super::options::LogOptions;
use super::segment::{self, Segment};

/// How long the log's thread waits before it asks again for room on a full disk.
const RETRY_FULL: Duration = Duration::from_millis(50);

struct State {
    ready: VecDeque<Segment>,
    retired: VecDeque<Segment>,
    next_number: u64,
    /// Bytes left in the current segment.
    current_bytes: u64,
    /// Bytes promised to proposals that are on their way.
    reserved_bytes: u64,
    full: bool,
    /// Someone needs room: try even when the last attempt found the disk full.
    wanted: bool,
    closed: bool,
}

pub(super) struct Space {
    disk: Arc<dyn Disk>,
    options: LogOptions,
    state: Mutex<State>,
    changed: Condvar,
    /// An attempt has ended. It wakes in the order of waiting, which a simulated run relies on.
    attempted: Notify,
    /// Somebody waits for an attempt; for an owner that has no thread here.
    asked: Notify,
    fatal: Arc<Fatal>,
}

impl Space {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        options: LogOptions,
        ready: VecDeque<Segment>,
        next_number: u64,
        fatal: Arc<Fatal>,
    ) -> Self {
        let state = State {
            ready,
            retired: VecDeque::new(),
            next_number,
            current_bytes: 0,
            reserved_bytes: 0,
            full: false,
            wanted: false,
            closed: false,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let (attempted, asked) = (Notify::new(), Notify::new());
        Self { disk, options, state, changed, attempted, asked, fatal }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last attempt to make room found the disk full.
    pub(super) fn is_full(&self) -> bool {
        self.lock().full
    }

    pub(super) fn ready_segments(&self) -> u64 {
        self.lock().ready.len() as u64
    }

    pub(super) fn set_current(&self, bytes_left: u64) {
        self.lock().current_bytes = bytes_left;
    }

    /// Hands over the segment to write next, if one is prepared.
    pub(super) fn take(&self) -> Option<Segment> {
        let mut state = self.lock();
        let segment = state.ready.pop_front();
        self.changed.notify_all();
        segment
    }

    /// Asks for an attempt and waits for its end, or a little while when the disk is full.
    pub(super) fn await_attempt(&self) {
        let mut state = self.lock();
        if state.full {
            state = self
                .changed
                .wait_timeout(state, RETRY_FULL)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
        state.wanted = true;
        self.changed.notify_all();
        while state.wanted && state.ready.is_empty() && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until somebody waits for an attempt.
    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Asks for an attempt even when the last one found the disk full.
    pub(super) fn want(&self) {
        self.lock().wanted = true;
    }

    /// Waits a little for anything to change.
    pub(super) fn pause(&self) {
        drop(self.changed.wait_timeout(self.lock(), RETRY_FULL));
    }

    /// Takes back a segment that no partition needs.
    pub(super) fn retire(&self, segment: Segment) {
        self.lock().retired.push_back(segment);
        self.changed.notify_all();
    }

    /// Promises room for `bytes` of one append, waiting for one attempt to make room if need be.
    pub(super) async fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation, LogError> {
        for last_try in [false, true] {
            let attempted = {
                let mut state = self.lock();
                if state.closed {
                    return Err(LogError::Closed);
                }
                if self.available(&state) >= state.reserved_bytes + bytes {
                    state.reserved_bytes += bytes;
                    return Ok(Reservation { space: Arc::clone(self), bytes });
                }
                if last_try && state.full {
                    return Err(LogError::Full { needed: bytes });
                }
                state.wanted = true;
                self.changed.notify_all();
                self.asked.notify_one();
                self.attempted.notified()
            };
            attempted.await;
        }
        // The disk has space, it is merely slower than the demand: admit, the append will wait.
        self.lock().reserved_bytes += bytes;
        Ok(Reservation { space: Arc::clone(self), bytes })
    }

    /// Bytes that can be promised: what is prepared, less what the end of each segment may waste
    /// and less one write kept back for votes and purges, which are never refused.
    fn available(&self, state: &State) -> u64 {
        let write = self.options.write_bytes_max as u64;
        let whole = self.options.segment_bytes - 3 * BLOCK_BYTES as u64 - write;
        let current = state.current_bytes.saturating_sub(write);
        (current + whole * state.ready.len() as u64).saturating_sub(write)
    }

    /// One piece of preparing, if there is any to do. False when there is not.
    pub(super) fn prepare_once(&self) -> bool {
        let (old, number) = {
            let mut state = self.lock();
            if !self.has_work(&state) {
                return false;
            }
            (state.retired.pop_front(), state.next_number)
        };
        let retired = old.clone();
        let keep = self.lock().ready.len() < self.options.spare_segments;
        let outcome = match old {
            Some(old) if keep && old.bytes == self.options.segment_bytes => {
                segment::recycle(self.disk.as_ref(), old, number).map(Some)
            }
            Some(old) => self.drop_segment(&old).map(|()| None),
            None => {
                segment::create(self.disk.as_ref(), number, self.options.segment_bytes).map(Some)
            }
        };
        let mut state = self.lock();
        match outcome {
            Ok(segment) => {
                state.next_number += u64::from(segment.is_some());
                state.ready.extend(segment);
                state.full = false;
            }
            Err(error) if is_full(&error) => {
                // What was made half would only take the space it is short of.
                self.disk.remove(segment::UNFINISHED).ok();
                // What could not be used again is still there, and comes before those behind it.
                if let Some(old) = retired {
                    state.retired.push_front(old);
                }
                if !state.full {
                    tracing::warn!(%error, "no space for another log segment");
                }
                state.full = true;
            }
            Err(error) => self.fatal.poison(&format!("preparing a segment: {error}")),
        }
        state.wanted = false;
        drop(state);
        self.changed.notify_all();
        self.attempted.notify_waiters();
        true
    }

    fn has_work(&self, state: &State) -> bool {
        let short = state.ready.len() < self.options.spare_segments;
        let poisoned = self.fatal.cause().is_some();
        !poisoned && (!state.retired.is_empty() || state.wanted || (short && !state.full))
    }

    fn drop_segment(&self, old: &Segment) -> std::io::Result<()> {
        self.disk.remove(&segment::file_name(old.number))?;
        self.disk.sync_dir()
    }

    /// Prepares segments as far as there is space for them, and as somebody waits for.
    pub(super) fn prepare(&self) {
        while self.prepare_once() {}
        if self.fatal.cause().is_some() {
            // Nobody shall wait for an attempt that never comes.
            self.close();
        }
    }

    /// Prepares until closed; the body of the preparing thread.
    pub(super) fn prepare_until_closed(&self) {
        loop {
            self.prepare();
            let state = self.lock();
            if state.closed {
                return;
            }
            if !self.has_work(&state) {
                drop(self.changed.wait(state).unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
        self.attempted.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }
}

/// Room promised to one proposal; given back when dropped.
#[must_use = "the room is given back when this is dropped"]
pub struct Reservation {
    space: Arc<Space>,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.space.lock().reserved_bytes -= self.bytes;
    }
}
