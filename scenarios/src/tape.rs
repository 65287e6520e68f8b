//! Tapes: long flows, one command a line, in JSON.
//!
//! `{"at_ms":60000,"do":"alice buys 10 LPJ-KRW @ 777 id a1"}`: the virtual time from the start
//! and a sentence of the grammar. One language for steps and tapes means that a recorded line
//! can be pasted into a scenario. Times never go back. Reading stops at the first bad line.
//!
//! A recorded day of another venue is a tape too, see [`lobster`].

pub mod lobster;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::grammar::{self, Sentence};
use crate::replay::ReplayError;
use crate::time::{LENGTH_MAX, Millis};

/// The longest line, in bytes, its end not counted.
pub const LINE_BYTES_MAX: usize = 4_096;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Millis,
    pub what: Sentence,
}

/// How a tape is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// One command a line.
    Jsonl,
    /// A day as LOBSTER records it, played into an instrument.
    Lobster(lobster::Target),
}

/// The commands of a tape, one after another; after an error nothing more.
pub type Entries = Box<dyn Iterator<Item = Result<Entry, TapeError>>>;

/// Opens a tape. Lines are read as they are asked for, a recorded day at once.
///
/// # Errors
/// [`TapeError::Open`], and of a recorded day everything that is wrong with it.
pub fn open(path: &Path, format: &Format) -> Result<Entries, TapeError> {
    match format {
        Format::Jsonl => {
            let file = File::open(path).map_err(TapeError::Open)?;
            Ok(Box::new(TapeReader::new(BufReader::new(file))))
        }
        Format::Lobster(target) => {
            Ok(Box::new(lobster::entries(path, target)?.into_iter().map(Ok)))
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    at_ms: u64,
    #[serde(rename = "do", borrow)]
    sentence: std::borrow::Cow<'l, str>,
}

/// Why a tape cannot be read or written. Entries before the line stand; the tape must be mended
/// or the disk freed before another attempt can do better.
#[derive(Debug, Error)]
pub enum TapeError {
    #[error("it cannot be opened: {0}")]
    Open(io::Error),
    #[error("line {line}, column {column}: {why}")]
    Line { line: u64, column: usize, why: String },
    #[error("line {line} has more than {LINE_BYTES_MAX} bytes")]
    TooLong { line: u64 },
    #[error("line {line}: time goes back, from {before} to {at}")]
    TimeGoesBack { line: u64, before: Millis, at: Millis },
    #[error("line {line}: the tape cannot be read or written: {why}")]
    Io { line: u64, why: io::Error },
    #[error(transparent)]
    Day(#[from] ReplayError),
}

/// Reads a tape entry by entry; after an error it yields nothing more.
pub struct TapeReader<R> {
    input: R,
    line: u64,
    before: Millis,
    buffer: Vec<u8>,
    broken: bool,
}

impl<R: BufRead> TapeReader<R> {
    pub fn new(input: R) -> Self {
        TapeReader { input, line: 0, before: Millis(0), buffer: Vec::new(), broken: false }
    }

    /// The next line's bytes into the buffer; false at the end.
    fn fill(&mut self) -> Result<bool, TapeError> {
        self.buffer.clear();
        self.line += 1;
        let line = self.line;
        // Bounded, so that a file without line ends is refused and not swallowed whole.
        let mut bounded = io::Read::take(&mut self.input, LINE_BYTES_MAX as u64 + 2);
        let read = bounded.read_until(b'\n', &mut self.buffer);
        read.map_err(|why| TapeError::Io { line, why })?;
        let ended = !self.buffer.is_empty();
        while self.buffer.last().is_some_and(|b| *b == b'\n' || *b == b'\r') {
            self.buffer.pop();
        }
        if self.buffer.len() > LINE_BYTES_MAX {
            Err(TapeError::TooLong { line })
        } else {
            Ok(ended)
        }
    }

    fn entry(&mut self) -> Result<Option<Entry>, TapeError> {
        loop {
            if !self.fill()? {
                return Ok(None);
            }
            if !self.buffer.is_empty() {
                break;
            }
        }
        let line = self.line;
        let wrong = |column, why| TapeError::Line { line, column, why };
        let said: Line<'_> = serde_json::from_slice(&self.buffer).map_err(|error| {
            // The place is ours to tell: serde_json counts every text as its own line 1.
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default().to_string();
            wrong(error.column(), why)
        })?;
        let what = grammar::parse(&said.sentence).map_err(|error| {
            let start = column_of(&self.buffer, &said.sentence) + error.place().start;
            let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
            wrong(start, format!("{error}{help}"))
        })?;
        let at = Millis(said.at_ms);
        if at > LENGTH_MAX {
            return Err(wrong(1, format!("at_ms is longer than {LENGTH_MAX}")));
        }
        if at < self.before {
            return Err(TapeError::TimeGoesBack { line, before: self.before, at });
        }
        self.before = at;
        Ok(Some(Entry { at, what }))
    }
}

/// Where the sentence starts in its line, counted from 1; 1 when it is written with escapes.
fn column_of(line: &[u8], sentence: &str) -> usize {
    let found = std::str::from_utf8(line).ok().and_then(|line| line.find(sentence));
    found.map_or(1, |start| start + 1)
}

impl<R: BufRead> Iterator for TapeReader<R> {
    type Item = Result<Entry, TapeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let entry = self.entry();
        self.broken = !matches!(entry, Ok(Some(_)));
        entry.transpose()
    }
}

/// Writes a tape that [`TapeReader`] reads as the same entries.
pub struct TapeWriter<W> {
    output: W,
    line: u64,
    before: Millis,
}

impl<W: Write> TapeWriter<W> {
    pub fn new(output: W) -> Self {
        TapeWriter { output, line: 0, before: Millis(0) }
    }

    /// Appends one line; flushing is the caller's.
    ///
    /// # Errors
    /// A time before the last one (nothing is written), or what the output says (the line may
    /// be there in part).
    pub fn write(&mut self, entry: &Entry) -> Result<(), TapeError> {
        let line = self.line + 1;
        if entry.at < self.before {
            let before = self.before;
            return Err(TapeError::TimeGoesBack { line, before, at: entry.at });
        }
        let said = Line { at_ms: entry.at.0, sentence: entry.what.to_string().into() };
        let mut text =
            serde_json::to_vec(&said).map_err(|error| TapeError::Io { line, why: error.into() })?;
        text.push(b'\n');
        self.output.write_all(&text).map_err(|why| TapeError::Io { line, why })?;
        self.line = line;
        self.before = entry.at;
        Ok(())
    }

    /// Hands on what the output keeps back.
    ///
    /// # Errors
    /// What the output says; the last lines may be missing.
    pub fn flush(&mut self) -> Result<(), TapeError> {
        let line = self.line;
        self.output.flush().map_err(|why| TapeError::Io { line, why })
    }

    pub fn into_inner(self) -> W {
        self.output
    }
}

#[cfg(test)]
mod tests;
