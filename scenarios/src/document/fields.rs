//! One table, read field by field.
//!
//! The keys a reader asks for are the keys that exist: what is left over at [`Fields::finish`]
//! is unknown, and the nearest asked key is named.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Sink, nearest};

/// One table of the document. Every read reports what it dislikes and answers none; a key that
/// is absent answers none without a report.
pub struct Fields<'d> {
    title: String,
    place: Range<usize>,
    entries: Vec<Entry<'d>>,
    asked: Vec<&'static str>,
    text: &'d str,
    sink: &'d Sink,
}

struct Entry<'d> {
    key: &'d str,
    place: Range<usize>,
    value: &'d Spanned<DeValue<'d>>,
    taken: bool,
}

/// A value and its place in the file.
#[derive(Debug, Clone)]
pub struct At<T> {
    pub value: T,
    pub place: Range<usize>,
}

impl<'d> Fields<'d> {
    pub(super) fn new(
        title: &str,
        place: Range<usize>,
        table: &'d DeTable<'d>,
        text: &'d str,
        sink: &'d Sink,
    ) -> Self {
        let entry = |(key, value): (&'d Spanned<_>, &'d Spanned<_>)| -> Entry<'d> {
            let key: &'d Spanned<toml::de::DeString<'d>> = key;
            Entry { key: key.get_ref(), place: key.span(), value, taken: false }
        };
        let mut entries: Vec<Entry<'d>> = table.iter().map(entry).collect();
        // The parser sorts keys by name; people expect the order in which they wrote.
        entries.sort_by_key(|entry| entry.place.start);
        Fields { title: title.into(), place, entries, asked: Vec::new(), text, sink }
    }

    pub fn sink(&self) -> &'d Sink {
        self.sink
    }

    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// The place of a key, or of the whole table when the key is absent.
    pub fn place_of(&self, key: &str) -> Range<usize> {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or_else(|| self.place(), |entry| entry.value.span())
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Reports each of `keys` that is absent.
    pub fn require(&self, keys: &[&str]) {
        for key in keys.iter().filter(|key| !self.has(key)) {
            self.sink.report(self.place(), format!("{} needs `{key}`", self.title), None);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let entry = self.entries.iter_mut().find(|entry| entry.key == key)?;
        entry.taken = true;
        Some(entry.value)
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, expected: &str) {
        let found = value.get_ref().type_str();
        let message = format!("`{key}` must be {expected}, and this is {}", article(found));
        let bare = matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_));
        let written = &self.text[value.span()];
        let help = (bare && expected.starts_with("a string"))
            .then(|| format!("put it in quotes so that it stays exact: \"{written}\""));
        self.sink.report(value.span(), message, help);
    }

    /// A string, with its place.
    pub fn text(&mut self, key: &'static str) -> Option<At<&'d str>> {
        let value = self.take(key)?;
        let found = self.string(value, key)?;
        Some(At { value: found, place: value.span() })
    }

    fn string(&self, value: &'d Spanned<DeValue<'d>>, key: &str) -> Option<&'d str> {
        let found = value.get_ref().as_str();
        if found.is_none() {
            self.wrong(value, key, "a string");
        }
        found
    }

    /// A string that reads as `T`.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        self.parsed_at(key).map(|at| at.value)
    }

    pub fn parsed_at<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<At<T>> {
        let At { value, place } = self.text(key)?;
        let value = self.parse(value, &place)?;
        Some(At { value, place })
    }

    fn parse<T: FromStr<Err: Display>>(&self, text: &str, place: &Range<usize>) -> Option<T> {
        let report = |error: T::Err| self.sink.report(place.clone(), error.to_string(), None);
        text.parse().map_err(report).ok()
    }

    /// A string that reads as `T`, or the word `none`: the outer option is presence.
    #[allow(clippy::option_option)]
    pub fn parsed_or_none<T: FromStr<Err: Display>>(
        &mut self,
        key: &'static str,
    ) -> Option<Option<T>> {
        if self.is_none_word(key) { Some(None) } else { self.parsed(key).map(Some) }
    }

    /// Whether the key holds the word `none`, which switches a rule off.
    pub fn is_none_word(&mut self, key: &'static str) -> bool {
        self.take(key).and_then(|value| value.get_ref().as_str()) == Some("none")
    }

    /// A number that is no money: read as its text, whether quoted, whole or with a fraction.
    pub fn number<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        let text = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::String(text) => text,
            _ => {
                self.wrong(value, key, "a number");
                return None;
            }
        };
        self.parse(text, &value.span())
    }

    /// A whole number of at least `min` and at most `max`.
    pub fn count(&mut self, key: &'static str, min: u64, max: u64) -> Option<u64> {
        let value = self.take(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong(value, key, "a whole number");
            return None;
        };
        let count = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let inside = count.filter(|count| (min..=max).contains(count));
        if inside.is_none() {
            let message = format!("`{key}` must lie between {min} and {max}");
            self.sink.report(value.span(), message, None);
        }
        inside
    }

    /// A list of texts that each read as `T`.
    pub fn parsed_list<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let value = self.take(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(value, key, "a list of texts");
            return None;
        };
        let read = items.iter().map(|item| {
            let text = item.get_ref().as_str();
            if text.is_none() {
                self.wrong(item, key, "a list of texts");
            }
            let place = item.span();
            text.and_then(|text| self.parse(text, &place))
        });
        read.collect()
    }

    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(value, key, "true or false");
        }
        found
    }

    /// A sub-table. The caller finishes it.
    pub fn table(&mut self, key: &'static str) -> Option<Fields<'d>> {
        let value = self.take(key)?;
        self.sub_table(value, key, &format!("[{key}]"))
    }

    /// An array of tables, each to be finished by the caller; absent is empty.
    pub fn tables(&mut self, key: &'static str) -> Vec<Fields<'d>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(value, key, &format!("an array of tables, [[{key}]]"));
            return Vec::new();
        };
        let title = format!("[[{key}]]");
        items.iter().filter_map(|item| self.sub_table(item, key, &title)).collect()
    }

    fn sub_table(
        &self,
        value: &'d Spanned<DeValue<'d>>,
        key: &str,
        title: &str,
    ) -> Option<Fields<'d>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, key, "a table");
            return None;
        };
        Some(Fields::new(title, value.span(), table, self.text, self.sink))
    }

    /// A table with keys of the writer's choice, such as `{ KRW = "1000" }`.
    pub fn pairs<K, V>(&mut self, key: &'static str) -> Option<Vec<(At<K>, V)>>
    where
        K: FromStr<Err: Display>,
        V: FromStr<Err: Display>,
    {
        let table = self.table(key)?;
        let pair = |entry: &Entry<'d>| {
            let name = table.parse(entry.key, &entry.place);
            let text = table.string(entry.value, entry.key);
            let value = text.and_then(|text| table.parse(text, &entry.value.span()));
            Some((At { value: name?, place: entry.place.clone() }, value?))
        };
        Some(table.entries.iter().filter_map(pair).collect())
    }

    /// Where a range of a string's own bytes lies in the file: exact when the string is written
    /// without escapes, else the whole string.
    pub fn inside(&self, string: &At<&str>, range: Range<usize>) -> Range<usize> {
        let written = &self.text[string.place.clone()];
        let quotes = written.len().saturating_sub(string.value.len()) / 2;
        if written.get(quotes..quotes + string.value.len()) != Some(string.value) {
            return string.place.clone();
        }
        let start = string.place.start + quotes;
        start + range.start..start + range.end
    }

    /// Leaves the keys that nobody asked for alone: the whole is something else.
    pub fn pass_over(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.taken = true);
    }

    /// Reports the keys nobody asked for.
    pub fn finish(self) {
        for entry in self.entries.iter().filter(|entry| !entry.taken) {
            let help = match nearest(entry.key, self.asked.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known keys: {}", self.asked.join(", ")),
            };
            let message = format!("{} has no key `{}`", self.title, entry.key);
            self.sink.report(entry.place.clone(), message, Some(help));
        }
    }
}

fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}
