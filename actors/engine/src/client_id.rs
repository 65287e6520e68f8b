//! The name a client gives to an order or a request, and its hash in an account's memory.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use xxhash_rust::xxh3::xxh3_128;

/// 1 to 36 characters of `[A-Za-z0-9_.:-]`, kept in place: an order allocates nothing for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId {
    length: u8,
    bytes: [u8; ClientId::LENGTH_MAX],
}

/// Why a text is no [`ClientId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("id `{0}` must have 1 to 36 characters of A-Z a-z 0-9 _ . : -")]
pub struct BadClientId(pub String);

impl ClientId {
    pub const LENGTH_MAX: usize = 36;

    /// No id: what a place for one holds before it has one. It comes before every other.
    pub const NONE: ClientId = ClientId { length: 0, bytes: [0; Self::LENGTH_MAX] };

    /// # Errors
    /// The text is empty, too long, or has a character outside the set.
    pub fn parse(text: &str) -> Result<ClientId, BadClientId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
        if text.is_empty() || text.len() > Self::LENGTH_MAX || !text.bytes().all(allowed) {
            return Err(BadClientId(text.chars().take(64).collect()));
        }
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(ClientId { length: text.len() as u8, bytes })
    }

    /// The id of the exchange's own request to cancel what a session left behind. It holds a
    /// character that no client's id has.
    #[must_use]
    pub fn of_lapse(epoch: u64) -> ClientId {
        let text = format!("~{epoch:x}");
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        ClientId { length: text.len() as u8, bytes }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // The set is ASCII, so the bytes are always valid text.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// What an account remembers instead of the text.
    #[must_use]
    pub fn hash(&self) -> u128 {
        xxh3_128(&self.bytes[..usize::from(self.length)])
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ClientId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id of 1 to 36 characters")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ClientId, E> {
                ClientId::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}
