//! A TOML document whose every key and value knows its place.
//!
//! Owns: the reading of tables field by field ([`Fields`]) and the collection of mistakes.
//! Takes: the text of a file. Emits: typed values, or [`Mistakes`], all of them at once, each
//! with line and column. On failure nothing is half read: the caller gets the mistakes alone.

mod fields;
mod mistake;
mod nearest;

pub use fields::Fields;
pub use mistake::{Mistake, Mistakes, Sink, line_and_column};
pub use nearest::nearest;

use toml::de::DeTable;

/// The largest file that is read, in bytes: a scenario is written by hand, a tape holds the rest.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Reads `text` with `read`, which reports what it dislikes to the sink.
///
/// # Errors
/// Every mistake of syntax, or else every mistake that `read` reported.
pub fn read<T>(
    name: &str,
    text: &str,
    read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let sink = Sink::default();
    if text.len() > FILE_BYTES_MAX {
        let help = format!("at most {FILE_BYTES_MAX} bytes; put long flows on a tape");
        sink.report(0..0, "the file is too long", Some(help));
        return Err(sink.into_mistakes(name, ""));
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        sink.report(error.span().unwrap_or(0..0), error.message().trim(), None);
    }
    // Half a parsed table would only add mistakes that follow from the first.
    if !sink.is_empty() {
        return Err(sink.into_mistakes(name, text));
    }
    let mut fields = Fields::new("the file", 0..0, root.get_ref(), text, &sink);
    let value = read(&mut fields);
    fields.finish();
    match value {
        Some(value) if sink.is_empty() => Ok(value),
        _ => Err(sink.into_mistakes(name, text)),
    }
}

#[cfg(test)]
mod tests;
