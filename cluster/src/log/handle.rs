//! The open log as a whole: opening, closing, and what it reports.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot, watch};

use super::busy::Busy;
use super::core::{Core, LogStats};
use super::disk::{DirectoryDisk, Disk};
use super::error::{LogError, OpenError};
use super::fatal::Fatal;
use super::options::LogOptions;
use super::partition::PartitionLog;
use super::recovery::recover;
use super::request::{Body, Completion, Request};
use super::space::Space;
use super::steps::LogSteps;
use super::types::PartitionId;
use super::writer::Writer;

/// A node's log; cheap to clone. It ends with [`SegmentLog::close`], or when every handle to it
/// and to its partitions is gone.
#[derive(Clone)]
pub struct SegmentLog {
    core: Arc<Core>,
    queue: mpsc::Sender<Request>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl SegmentLog {
    /// Opens the log in a directory, or founds one there. Blocks while it reads the log.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_dir(dir: &Path, options: LogOptions) -> Result<Self, OpenError> {
        Self::open(Arc::new(DirectoryDisk::open(dir)?), options)
    }

    /// Opens the log on a disk, or founds one there. Blocks while it reads the log.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(disk: Arc<dyn Disk>, options: LogOptions) -> Result<Self, OpenError> {
        let (log, writer, requests) = Self::prepare(disk, options)?;
        let space = Arc::clone(&log.core.space);
        *log.threads.lock().unwrap_or_else(PoisonError::into_inner) = vec![
            spawn("hoga-log", move || writer.run(requests))?,
            spawn("hoga-log-space", move || space.prepare_until_closed())?,
        ];
        Ok(log)
    }

    /// Opens the log without its two threads: its owner takes their steps, so that a simulator
    /// decides when something is written.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_stepped(
        disk: Arc<dyn Disk>,
        options: LogOptions,
    ) -> Result<(Self, LogSteps), OpenError> {
        let (log, writer, requests) = Self::prepare(disk, options)?;
        let steps = LogSteps::new(writer, requests, Arc::clone(&log.core.space));
        Ok((log, steps))
    }

    fn prepare(
        disk: Arc<dyn Disk>,
        options: LogOptions,
    ) -> Result<(Self, Writer, mpsc::Receiver<Request>), OpenError> {
        options.check().map_err(OpenError::Options)?;
        let found = recover(disk.as_ref(), &options)?;
        let fatal = Arc::new(Fatal::new());
        let (ready, next) = (found.ready, found.next_number);
        let space = Space::new(disk, options.clone(), ready, next, Arc::clone(&fatal));
        let space = Arc::new(space);
        let requests = options.queue_requests_max;
        let (files, index) = (found.files, found.index);
        let core = Arc::new(Core::new(options, index, files, space, fatal));
        let (queue, requests) = mpsc::channel(requests);
        let writer = Writer::new(Arc::clone(&core), found.tail, found.markers);
        let log = Self { core, queue, threads: Arc::default() };
        Ok((log, writer, requests))
    }

    /// A partition's view of the log. The partition comes into being with its first request.
    #[must_use]
    pub fn partition(&self, id: PartitionId) -> PartitionLog {
        PartitionLog::new(id, Arc::clone(&self.core), self.queue.clone())
    }

    /// The partitions the log has something of, or was asked for.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionId> {
        self.core.index().partitions.keys().copied().collect()
    }

    /// Turns to the cause when the log has failed. The node must exit then, at once.
    #[must_use]
    pub fn fatal(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.core.fatal.watch()
    }

    /// Whether the disk still answers.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.core.busy.clone()
    }

    /// The partitions that still need a segment more than `stale_segments` older than the current
    /// one; they should snapshot, so that the segment can be used again.
    #[must_use]
    pub fn stale(&self) -> watch::Receiver<Vec<PartitionId>> {
        self.core.stale.subscribe()
    }

    /// What the log has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> LogStats {
        self.core.stats()
    }

    /// Makes everything durable, ends the threads and takes no further requests.
    ///
    /// # Errors
    /// [`LogError::Poisoned`] when the log has failed, now or before.
    pub async fn close(&self) -> Result<(), LogError> {
        let (done, outcome) = oneshot::channel();
        let done: Completion = Box::new(move |result| {
            // Who asked may have gone; the log closes all the same.
            done.send(result).ok();
        });
        let request =
            Request { partition: PartitionId(0), ticket: 0, body: Body::Close, done: Some(done) };
        let result = match self.queue.send(request).await {
            Ok(()) => outcome.await.unwrap_or(Err(LogError::Closed)),
            Err(_) => Ok(()),
        };
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                return Err(LogError::Poisoned { cause: "a thread of the log panicked".into() });
            }
        }
        result
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let started: io::Result<_> = thread::Builder::new().name(name.into()).spawn(body);
    started.map_err(|source| OpenError::Io { what: format!("starting thread {name}"), source })
}
