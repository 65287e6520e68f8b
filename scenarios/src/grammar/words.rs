//! A sentence as words with places, and a cursor over them.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use super::GrammarError;
use crate::document::nearest;

/// The longest sentence, in bytes; the longest that means anything is far below.
pub(crate) const SENTENCE_BYTES_MAX: usize = 1_024;

#[derive(Debug, Clone)]
pub(super) struct Word<'t> {
    pub text: &'t str,
    pub place: Range<usize>,
    /// Written in quotes, so that it is a name and never a keyword.
    pub quoted: bool,
}

pub(super) struct Words<'t> {
    words: Vec<Word<'t>>,
    at: usize,
    end: usize,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, GrammarError> {
        if text.len() > SENTENCE_BYTES_MAX {
            let why = format!("a sentence has at most {SENTENCE_BYTES_MAX} bytes");
            return Err(GrammarError::Contradiction { why, place: 0..text.len() });
        }
        Ok(Words { words: split(text)?, at: 0, end: text.len() })
    }

    pub(super) fn peek(&self) -> Option<&Word<'t>> {
        self.words.get(self.at)
    }

    pub(super) fn peek_second(&self) -> Option<&Word<'t>> {
        self.words.get(self.at + 1)
    }

    /// Whether the next word is this keyword; takes it if so.
    pub(super) fn accept(&mut self, keyword: &str) -> bool {
        let hit = self.peek().is_some_and(|word| !word.quoted && word.text == keyword);
        self.at += usize::from(hit);
        hit
    }

    pub(super) fn next(&mut self, expected: &str) -> Result<Word<'t>, GrammarError> {
        let word = self.peek().cloned().ok_or_else(|| self.ends_early(expected))?;
        self.at += 1;
        Ok(word)
    }

    fn ends_early(&self, expected: &str) -> GrammarError {
        // Blame the last word: an empty range at the end would draw nothing.
        let place = self.words.last().map_or(0..self.end, |word| word.place.clone());
        GrammarError::EndsEarly { expected: expected.into(), place }
    }

    /// Takes one of `keywords`.
    pub(super) fn one_of(
        &mut self,
        keywords: &[&'static str],
    ) -> Result<&'static str, GrammarError> {
        let expected = listed(keywords);
        let word = self.next(&expected)?;
        let hit = keywords.iter().find(|keyword| !word.quoted && **keyword == word.text);
        hit.copied().ok_or_else(|| unexpected(&word, &expected, keywords))
    }

    /// Takes these keywords, one after another.
    pub(super) fn all_of(&mut self, keywords: &[&'static str]) -> Result<(), GrammarError> {
        keywords.iter().try_for_each(|keyword| self.one_of(&[keyword]).map(|_| ()))
    }

    /// Takes a word that reads as `T`.
    pub(super) fn read<T: FromStr<Err: Display>>(
        &mut self,
        expected: &str,
    ) -> Result<T, GrammarError> {
        let word = self.next(expected)?;
        word.text.parse().map_err(|why: T::Err| bad_word(&word, &why))
    }

    /// Makes the hyphen of `n1-n2` a word, in all that is still to be read. A hyphen links when
    /// a lower case letter follows: symbols have none and node names have no hyphen, so that
    /// `LPJ-KRW` stays whole. Asked for only where a link may stand.
    pub(super) fn split_links(&mut self) {
        let rest = self.words.split_off(self.at);
        self.words.extend(rest.into_iter().flat_map(split_link));
    }

    pub(super) fn end(&self) -> Result<(), GrammarError> {
        let surplus = self.peek().map(|word| unexpected(word, "the end of the sentence", &[]));
        surplus.map_or(Ok(()), Err)
    }

    /// Everything from the first word to the last, for contradictions between words.
    pub(super) fn whole(&self) -> Range<usize> {
        0..self.end
    }
}

pub(super) fn unexpected(word: &Word<'_>, expected: &str, known: &[&str]) -> GrammarError {
    GrammarError::Unexpected {
        found: word.text.into(),
        expected: expected.into(),
        nearest: nearest(word.text, known.iter().copied()).map(Into::into),
        place: word.place.clone(),
    }
}

pub(super) fn bad_word(word: &Word<'_>, why: &dyn Display) -> GrammarError {
    let place = word.place.clone();
    GrammarError::BadWord { found: word.text.into(), why: why.to_string(), place }
}

/// `a`, `b` or `c`.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Splits at white space; a comma and an `@` are words of their own, a quoted text is one word.
fn split(text: &str) -> Result<Vec<Word<'_>>, GrammarError> {
    let mut words = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(start, c)) = chars.peek() {
        chars.next();
        if c.is_whitespace() {
            continue;
        }
        if c == ',' || c == '@' {
            words.push(Word {
                text: &text[start..start + 1],
                place: start..start + 1,
                quoted: false,
            });
            continue;
        }
        if c == '\'' {
            let Some((end, _)) = chars.by_ref().find(|(_, c)| *c == '\'') else {
                let why = "the quote is never closed".to_string();
                let found = text[start..].into();
                return Err(GrammarError::BadWord { found, why, place: start..text.len() });
            };
            words.push(Word { text: &text[start + 1..end], place: start..end + 1, quoted: true });
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some((at, c)) = chars.next_if(|(_, c)| !c.is_whitespace() && !",@'".contains(*c))
        {
            end = at + c.len_utf8();
        }
        words.push(Word { text: &text[start..end], place: start..end, quoted: false });
    }
    Ok(words)
}

fn split_link(word: Word<'_>) -> Vec<Word<'_>> {
    let bytes = word.text.as_bytes();
    let links = |at: &usize| {
        bytes[*at] == b'-' && bytes.get(at + 1).is_some_and(|next| next.is_ascii_lowercase())
    };
    let Some(at) = (0..bytes.len()).find(links).filter(|_| !word.quoted) else { return vec![word] };
    let part = |from: usize, to: usize| Word {
        text: &word.text[from..to],
        place: word.place.start + from..word.place.start + to,
        quoted: false,
    };
    let parts = [part(0, at), part(at, at + 1), part(at + 1, bytes.len())];
    parts.into_iter().filter(|part| !part.text.is_empty()).collect()
}
