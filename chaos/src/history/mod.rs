//! What clients saw, line by line, in the form that the auditor reads.
//!
//! Owns: the file and the counters of a run. Takes: tries and their ends, from all clients.
//! Emits: JSON lines (see `auditor/README.md`), each written whole. On failure: the write's
//! error; a line that could not be written ends the run, for an unwritten answer would read as
//! an outcome that nobody knows.

mod ask;
mod tally;

pub use ask::{Answer, Ask, Frame, Ladder, Order, Position, Said, Settles, Wealth};
pub use tally::Tally;

use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How a try ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Ok(Box<Answer>),
    /// Definitely not done, with the reason.
    Fail(String),
    /// Done or not done: a time-out, a reset, an exchange that is not there.
    Unknown(String),
}

/// A history under way. All clients of a run share one, and its clock.
pub struct History {
    since: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    file: BufWriter<File>,
    tries: u64,
    tally: Tally,
}

/// A try that has begun.
#[derive(Debug)]
pub struct Begun {
    op: String,
    client: String,
}

impl History {
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<History> {
        let file = BufWriter::new(File::create(path)?);
        let inner = Inner { file, tries: 0, tally: Tally::default() };
        Ok(History { since: Instant::now(), inner: Mutex::new(inner) })
    }

    /// Writes down that a client is about to ask.
    ///
    /// # Errors
    /// The line could not be written: do not ask.
    pub fn begin(&self, client: &str, ask: &Ask) -> io::Result<Begun> {
        let time = self.now();
        let mut inner = self.inner();
        inner.tries += 1;
        let op = format!("{client}-{}", inner.tries);
        inner.tally.asked += 1;
        let line = json!({
            "event": "invoke", "time": time, "client": client, "op": op, "request": ask,
        });
        inner.write(&line)?;
        Ok(Begun { op, client: client.into() })
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// The line could not be written.
    pub fn end(&self, begun: &Begun, ask: &Ask, end: &End) -> io::Result<()> {
        let time = self.now();
        let Begun { op, client } = begun;
        let mut inner = self.inner();
        inner.tally.count(ask, end);
        let line = match end {
            End::Ok(answer) => {
                json!({"event": "ok", "time": time, "client": client, "op": op, "answer": answer})
            }
            End::Fail(reason) => {
                json!({"event": "fail", "time": time, "client": client, "op": op, "reason": reason})
            }
            End::Unknown(reason) => {
                json!({"event": "unknown", "time": time, "client": client, "op": op,
                    "reason": reason})
            }
        };
        inner.write(&line)
    }

    /// Writes down what a client was shown without asking.
    ///
    /// # Errors
    /// The line could not be written.
    pub fn saw(&self, client: &str, frame: &Frame) -> io::Result<()> {
        let time = self.now();
        let line = json!({"event": "frame", "time": time, "client": client, "frame": frame});
        self.inner().write(&line)
    }

    /// A feed's snapshot of an outside book was taken.
    pub fn snapshot_taken(&self) {
        self.inner().tally.snapshots_taken += 1;
    }

    /// What the run has covered so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.inner().tally.clone()
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// The write's.
    pub fn flush(&self) -> io::Result<()> {
        self.inner().file.flush()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A client that panicked wrote whole lines before it did.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, line)?;
        self.file.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests;
