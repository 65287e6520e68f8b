//! JSON of which numbers stay as they are written: no float comes near a price.

use rust_decimal::Decimal;
use std::str::FromStr;

/// How deep values may lie in one another.
const DEPTH_MAX: u32 = 16;

/// A value, its texts and numbers as they stand in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json<'t> {
    Text(&'t str),
    Number(&'t str),
    List(Vec<Json<'t>>),
    Table(Vec<(&'t str, Json<'t>)>),
    /// `true`, `false` or `null`.
    Word(&'t str),
}

impl<'t> Json<'t> {
    /// # Errors
    /// It is no JSON, or has escapes, which market data never has.
    pub fn read(text: &'t str) -> Result<Json<'t>, String> {
        let mut scanner = Scanner { text, at: 0 };
        let value = scanner.value(0)?;
        scanner.skip();
        if scanner.at < text.len() {
            return Err(format!("something follows the JSON at {}", scanner.at));
        }
        Ok(value)
    }

    pub fn get(&self, key: &str) -> Option<&Json<'t>> {
        let Json::Table(entries) = self else { return None };
        entries.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Under the one or the other name.
    pub fn either(&self, short: &str, long: &str) -> Option<&Json<'t>> {
        self.get(short).or_else(|| self.get(long))
    }

    pub fn text(&self) -> Option<&'t str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn list(&self) -> &[Json<'t>] {
        match self {
            Json::List(values) => values,
            _ => &[],
        }
    }

    pub fn whole(&self) -> Option<u64> {
        match self {
            Json::Number(text) | Json::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number, exactly, or a text that is one.
    pub fn decimal(&self) -> Option<Decimal> {
        match self {
            Json::Number(text) | Json::Text(text) if text.contains(['e', 'E']) => {
                Decimal::from_scientific(text).ok()
            }
            Json::Number(text) | Json::Text(text) => Decimal::from_str(text).ok(),
            _ => None,
        }
    }
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        self.skip();
        let byte = self.peek();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn expect(&mut self, wanted: u8) -> Result<(), String> {
        match self.next() {
            Some(byte) if byte == wanted => Ok(()),
            _ => Err(format!("there is no `{}` at {}", wanted as char, self.at)),
        }
    }

    fn value(&mut self, depth: u32) -> Result<Json<'t>, String> {
        if depth > DEPTH_MAX {
            return Err("it lies too deep".into());
        }
        self.skip();
        match self.peek() {
            Some(b'"') => self.quoted().map(Json::Text),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.table(depth),
            Some(b'-' | b'0'..=b'9') => Ok(Json::Number(self.run("+-.eE0123456789"))),
            Some(b'a'..=b'z') => Ok(Json::Word(self.run("abcdefghijklmnopqrstuvwxyz"))),
            _ => Err(format!("there is no value at {}", self.at)),
        }
    }

    fn run(&mut self, of: &str) -> &'t str {
        let from = self.at;
        while self.peek().is_some_and(|byte| of.as_bytes().contains(&byte)) {
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    fn quoted(&mut self) -> Result<&'t str, String> {
        self.expect(b'"')?;
        let rest = &self.text[self.at..];
        let end = rest.find('"').ok_or("a text does not end")?;
        self.at += end + 1;
        if rest[..end].contains('\\') {
            return Err("a text has escapes".into());
        }
        Ok(&rest[..end])
    }

    fn list(&mut self, depth: u32) -> Result<Json<'t>, String> {
        self.expect(b'[')?;
        let mut values = Vec::new();
        self.skip();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            match self.next() {
                Some(b',') => {}
                Some(b']') => return Ok(Json::List(values)),
                _ => return Err(format!("a list does not go on at {}", self.at)),
            }
        }
    }

    fn table(&mut self, depth: u32) -> Result<Json<'t>, String> {
        self.expect(b'{')?;
        let mut entries = Vec::new();
        self.skip();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Table(entries));
        }
        loop {
            self.skip();
            let key = self.quoted()?;
            self.expect(b':')?;
            entries.push((key, self.value(depth + 1)?));
            match self.next() {
                Some(b',') => {}
                Some(b'}') => return Ok(Json::Table(entries)),
                _ => return Err(format!("a table does not go on at {}", self.at)),
            }
        }
    }
}
