//! Resume tokens: the last frame that a client has, in one word.

use super::topic::Asked;
use hoga_cluster::runtime::Numbered;
use hoga_proto::v1;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A place in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Of the topic, and for a private one of the account's beginning: no token of another
    /// exchange fits.
    topic: u32,
    /// The last event that the client has.
    pub sequence: u64,
    /// Log index at which that was true.
    pub index: u64,
}

/// What all tokens of a topic have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u32);

impl Stamp {
    /// `since` tells apart topics that have the same name in two exchanges.
    #[must_use]
    pub fn of(asked: &Asked, since: u64) -> Stamp {
        let v1::Topic { channel, name, interval } = &asked.shown;
        let text = match interval {
            0 => format!("{channel}|{name}|{since}"),
            interval => format!("{channel}|{name}|{interval}|{since}"),
        };
        Stamp(xxh3_64(text.as_bytes()) as u32)
    }

    #[must_use]
    pub fn token(self, sequence: u64, index: u64) -> Token {
        Token { topic: self.0, sequence, index }
    }
}

impl Token {
    #[must_use]
    pub fn text(self) -> String {
        format!("{:08x}.{:x}.{:x}", self.topic, self.sequence, self.index)
    }

    /// Reads a token; none for a text that is no token of this exchange's making.
    #[must_use]
    pub fn parse(text: &str) -> Option<Token> {
        let mut parts = text.split('.');
        let mut number = || {
            let part = parts.next().filter(|part| (1..=16).contains(&part.len()))?;
            let is_hex = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            is_hex.then(|| u64::from_str_radix(part, 16).ok())?
        };
        let topic = u32::try_from(number()?).ok()?;
        let token = Token { topic, sequence: number()?, index: number()? };
        parts.next().is_none().then_some(token)
    }

    #[must_use]
    pub fn is_of(self, stamp: Stamp) -> bool {
        self.topic == stamp.0
    }

    /// Whether it agrees with the events around its place, as far as they are kept: the log index
    /// must lie between them.
    #[must_use]
    pub fn agrees(self, around: &[Arc<Numbered>]) -> bool {
        around.iter().all(|event| {
            if event.sequence <= self.sequence {
                event.index <= self.index
            } else {
                event.index >= self.index
            }
        })
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
