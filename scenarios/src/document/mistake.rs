//! Mistakes: what is wrong, where, and what would be right.

use std::cell::RefCell;
use std::ops::Range;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// The most mistakes that are listed for one file; more would hide the first.
pub const MISTAKES_MAX: usize = 50;

/// One mistake at one place of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("{message}")]
pub struct Mistake {
    pub message: String,
    #[help]
    pub help: Option<String>,
    #[label("here")]
    pub place: SourceSpan,
}

/// All mistakes of one file, in the order of its lines. Nothing of the file was used; mend the
/// file and try again. `Debug` through `miette::Report` draws each with its line.
#[derive(Debug, Error, Diagnostic)]
#[error("{name} has {} mistake{}", mistakes.len(), if mistakes.len() == 1 { "" } else { "s" })]
pub struct Mistakes {
    pub name: String,
    #[source_code]
    text: NamedSource<String>,
    #[related]
    pub mistakes: Vec<Mistake>,
}

impl Mistakes {
    /// `file:line:column: message; help`, one text a mistake, for logs and JSON.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |mistake: &Mistake| {
            let (line, column) = line_and_column(self.text.inner(), mistake.place.offset());
            let help = mistake.help.iter().map(|help| format!("; {help}")).collect::<String>();
            format!("{}:{line}:{column}: {}{help}", self.name, mistake.message)
        };
        self.mistakes.iter().map(line).collect()
    }
}

/// Line and column of a byte offset, both counted from 1, columns in characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Where readers report mistakes. Shared, so that nested tables report to one place.
#[derive(Debug, Default)]
pub struct Sink(RefCell<Vec<Mistake>>);

impl Sink {
    /// Adds a mistake at a place of the text, once.
    pub fn report(&self, place: Range<usize>, message: impl Into<String>, help: Option<String>) {
        let mistake = Mistake { message: message.into(), help, place: place.into() };
        let mut mistakes = self.0.borrow_mut();
        // One table may be read for several instruments: a mistake in it is still one mistake.
        if !mistakes.contains(&mistake) && mistakes.len() < MISTAKES_MAX {
            mistakes.push(mistake);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(crate) fn into_mistakes(self, name: &str, text: &str) -> Mistakes {
        let mut mistakes = self.0.into_inner();
        mistakes.sort_by_key(|mistake| mistake.place.offset());
        let text = NamedSource::new(name, text.to_string()).with_language("TOML");
        Mistakes { name: name.into(), text, mistakes }
    }
}
