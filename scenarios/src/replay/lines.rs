//! Comma-separated lines with their numbers, so that every mistake has a place.

use super::ReplayError;
use std::fmt::Display;
use std::io::BufRead;
use std::str::{FromStr, Split};

/// The lines of a file, one at a time.
pub(super) struct Lines<R> {
    source: R,
    name: String,
    text: String,
    /// Of the line last read, from 1.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub fn new(name: impl Into<String>, source: R) -> Lines<R> {
        Lines { source, name: name.into(), text: String::new(), number: 0 }
    }

    /// The next line's fields, or none at the end. An empty last line is no line.
    pub fn next(&mut self) -> Result<Option<Fields<'_>>, ReplayError> {
        self.text.clear();
        let read = self.source.read_line(&mut self.text);
        read.map_err(|why| ReplayError::Read { name: self.name.clone(), why })?;
        self.number += 1;
        let line = self.text.trim_end_matches(['\r', '\n']);
        if self.text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Fields {
            place: Place { name: &self.name, line: self.number },
            line,
            fields: line.split(','),
        }))
    }

    pub fn place(&self) -> Place<'_> {
        Place { name: &self.name, line: self.number }
    }
}

/// A line of a file.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub name: &'a str,
    pub line: u64,
}

impl Place<'_> {
    pub fn wrong(&self, what: impl Into<String>) -> ReplayError {
        ReplayError::Row { name: self.name.to_owned(), line: self.line, what: what.into() }
    }

    pub fn wrong_field(
        &self,
        field: &'static str,
        text: impl Display,
        rule: impl Into<String>,
    ) -> ReplayError {
        let (name, text) = (self.name.to_owned(), text.to_string());
        ReplayError::Field { name, line: self.line, field, text, rule: rule.into() }
    }
}

/// The fields of one line, from left to right.
pub(super) struct Fields<'a> {
    pub place: Place<'a>,
    pub line: &'a str,
    fields: Split<'a, char>,
}

impl<'a> Fields<'a> {
    pub fn text(&mut self, field: &'static str) -> Result<&'a str, ReplayError> {
        let missing = || self.place.wrong(format!("the line ends before field {field}"));
        self.fields.next().map(str::trim).ok_or_else(missing)
    }

    pub fn number<T: FromStr>(&mut self, field: &'static str) -> Result<T, ReplayError> {
        let text = self.text(field)?;
        let wrong = |_| self.place.wrong_field(field, text, "a whole number in range is expected");
        text.parse().map_err(wrong)
    }

    /// Checks that nothing follows.
    pub fn end(&mut self, fields: usize) -> Result<(), ReplayError> {
        match self.fields.next() {
            None => Ok(()),
            Some(_) => Err(self.place.wrong(format!("the line has more than {fields} fields"))),
        }
    }
}
