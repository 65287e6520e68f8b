//! Finds and opens the two files of a day.

use super::super::ReplayError;
use super::super::lines::Lines;
use super::message::{self, Message, Published, Step};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

const READ_BYTES: usize = 1 << 18;
/// The most levels that LOBSTER publishes.
const LEVELS_MAX: usize = 200;

/// A day's messages, and its books read one after another.
pub(super) struct Day {
    pub messages: Vec<Message>,
    /// Published levels of each side.
    pub levels: usize,
    step: Step,
    books: Lines<Box<dyn BufRead>>,
}

impl Day {
    /// # Errors
    /// The path holds no pair of files, or the messages do not read.
    pub fn open(path: &Path) -> Result<Day, ReplayError> {
        let source = Source::of(path)?;
        let names = source.names()?;
        let wrong = |what: String| ReplayError::Files { path: path.to_owned(), what };
        let (message_file, levels) = pick(&names, "_message_").map_err(wrong)?;
        let (book_file, book_levels) = pick(&names, "_orderbook_").map_err(wrong)?;
        if levels != book_levels || levels == 0 || levels > LEVELS_MAX {
            let what = format!("{message_file} and {book_file} must name one number of levels");
            return Err(wrong(format!("{what}, 1 to {LEVELS_MAX}")));
        }
        let (messages, step) = message::read(&mut source.lines(message_file)?)?;
        Ok(Day { messages, levels, step, books: source.lines(book_file)? })
    }

    /// Ten-thousandths of a dollar in one tick of the messages' prices.
    pub fn tick(&self) -> u32 {
        self.step.units()
    }

    /// Reads the book that was published after the next message.
    ///
    /// # Errors
    /// The row is missing or wrong.
    pub fn next_book(&mut self, published: &mut Published) -> Result<(), ReplayError> {
        match self.books.next()? {
            Some(mut fields) => published.read(&mut fields, self.levels, self.step),
            None => {
                let rows = self.books.place().line - 1;
                let what = format!("the books end after {rows} rows, before the messages do");
                Err(self.books.place().wrong(what))
            }
        }
    }

    /// # Errors
    /// There are more books than messages.
    pub fn end(&mut self) -> Result<(), ReplayError> {
        match self.books.next()? {
            None => Ok(()),
            Some(fields) => Err(fields.place.wrong("there is no message to this book")),
        }
    }
}

/// Where the files are.
enum Source {
    Archive(PathBuf),
    Directory(PathBuf),
}

impl Source {
    fn of(path: &Path) -> Result<Source, ReplayError> {
        let found = std::fs::metadata(path);
        let name = path.display().to_string();
        let found = found.map_err(|why| ReplayError::Read { name, why })?;
        let path = path.to_owned();
        if !found.is_dir() {
            return Ok(Source::Archive(path));
        }
        let directory = Source::Directory(path);
        Ok(directory.only_archive()?.map_or(directory, Source::Archive))
    }

    /// The archive of a directory that holds no day's files but one archive, as they are handed
    /// out.
    fn only_archive(&self) -> Result<Option<PathBuf>, ReplayError> {
        let (Source::Directory(path), names) = (self, self.names()?) else { return Ok(None) };
        let mut archives = names.iter().filter(|name| name.ends_with(".zip"));
        let only = archives.next().filter(|_| archives.next().is_none());
        let is_unpacked = names.iter().any(|name| name.contains("_message_"));
        Ok(only.filter(|_| !is_unpacked).map(|name| path.join(name)))
    }

    fn names(&self) -> Result<Vec<String>, ReplayError> {
        match self {
            Source::Archive(path) => {
                // A name that does not read is not the name of a day's file.
                let archive = archive(path)?;
                let names = archive.file_names().flatten();
                Ok(names.map(|name| name.into_owned()).collect())
            }
            Source::Directory(path) => {
                let failed = |why| ReplayError::Read { name: path.display().to_string(), why };
                let mut names = Vec::new();
                for entry in std::fs::read_dir(path).map_err(failed)? {
                    names.extend(entry.map_err(failed)?.file_name().into_string());
                }
                Ok(names)
            }
        }
    }

    fn lines(&self, name: &str) -> Result<Lines<Box<dyn BufRead>>, ReplayError> {
        let source: Box<dyn Read> = match self {
            Source::Archive(path) => Box::new(unpacked(path, name)?),
            Source::Directory(path) => {
                let failed = |why| ReplayError::Read { name: name.to_owned(), why };
                Box::new(File::open(path.join(name)).map_err(failed)?)
            }
        };
        let source: Box<dyn BufRead> = Box::new(BufReader::with_capacity(READ_BYTES, source));
        Ok(Lines::new(name, source))
    }
}

fn archive(path: &Path) -> Result<ZipArchive<File>, ReplayError> {
    let failed = |why| ReplayError::Read { name: path.display().to_string(), why };
    let file = File::open(path).map_err(failed)?;
    ZipArchive::new(file).map_err(|error| bad_archive(path, &error))
}

fn bad_archive(path: &Path, error: &zip::result::ZipError) -> ReplayError {
    ReplayError::Archive { path: path.to_owned(), why: error.to_string() }
}

/// A file of an archive, unpacked. Whole, because an archive lends only one file at a time and
/// two are read side by side.
fn unpacked(path: &Path, name: &str) -> Result<std::io::Cursor<Vec<u8>>, ReplayError> {
    let mut archive = archive(path)?;
    let mut file = archive.by_name(name).map_err(|error| bad_archive(path, &error))?;
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    read.map_err(|why| ReplayError::Read { name: name.to_owned(), why })?;
    Ok(std::io::Cursor::new(bytes))
}

/// The one file whose name has `part` before a number of levels.
fn pick<'a>(names: &'a [String], part: &str) -> Result<(&'a str, usize), String> {
    let levels = |name: &'a String| {
        let (_, end) = name.strip_suffix(".csv")?.rsplit_once(part)?;
        end.parse().ok().map(|levels| (name.as_str(), levels))
    };
    let mut found: Vec<(&str, usize)> = names.iter().filter_map(levels).collect();
    found.sort_unstable();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("no file *{part}N.csv, N being the number of levels")),
        [one, other, ..] => {
            Err(format!("both {} and {} are there; one day at a time is replayed", one.0, other.0))
        }
    }
}
