//! The work of the log's two threads, step by step, for an owner that has its own idea of time.
//!
//! A step never waits for anything but a request, so a simulator can put its delays, its crashes
//! and its full disks between any two of them.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::request::Request;
use super::space::Space;
use super::writer::Writer;

/// What a log without threads has to be told to do.
pub struct LogSteps {
    writer: Writer,
    requests: mpsc::Receiver<Request>,
    /// Taken from the queue and not written yet.
    next: Option<Request>,
    space: Arc<Space>,
}

impl LogSteps {
    pub(super) fn new(
        writer: Writer,
        requests: mpsc::Receiver<Request>,
        space: Arc<Space>,
    ) -> Self {
        let steps = Self { writer, requests, next: None, space };
        steps.prepare();
        steps
    }

    /// Waits until there is something to write, or the log has failed; false when every handle to
    /// it is gone. Room that somebody waits for is prepared meanwhile.
    pub async fn asked(&mut self) -> bool {
        while self.next.is_none() && !self.space.is_closed() {
            tokio::select! {
                biased;
                request = self.requests.recv() => match request {
                    Some(request) => self.next = Some(request),
                    None => return false,
                },
                () = self.space.asked() => self.prepare(),
            }
        }
        true
    }

    /// Prepares segments as far as there is space for them, and as somebody waits for.
    pub fn prepare(&self) {
        self.space.prepare();
    }

    /// One write with one fsync of what was asked for, and the answers to it. False when there is
    /// no segment to write it to: prepare, and try again later.
    pub fn write(&mut self) -> bool {
        self.prepare();
        if !self.writer.has_place() {
            self.space.want();
            self.prepare();
        }
        if !self.writer.has_place() {
            return false;
        }
        if let Some(first) = self.next.take().or_else(|| self.requests.try_recv().ok()) {
            self.next = self.writer.serve_some(first, &mut self.requests);
            self.prepare();
        }
        true
    }
}
