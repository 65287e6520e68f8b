//! Names that files and sentences use: accounts, symbols, assets, nodes, client order ids.
//!
//! The character sets keep a sentence unambiguous: a symbol has no lower case, a node name has
//! no hyphen (a link is `n1-n2`), and no account bears a word that opens a sentence.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Words that open a sentence, so that no account may be called so.
pub const RESERVED: [&str; 26] = [
    "add", "all", "any", "close", "cut", "delay", "drain", "each", "fail", "feed", "fill",
    "freeze", "halt", "heal", "kill", "lose", "open", "remove", "reset", "restart", "resume",
    "slow", "stall", "step", "thaw", "wipe",
];

/// Why a text is no name. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("`{text}` is not a valid {kind}: {rule}")]
    Shape { text: String, kind: &'static str, rule: &'static str },
    #[error("`{text}` opens a sentence of its own and cannot name an account")]
    Reserved { text: String },
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let accepts: fn(&str) -> Result<bool, NameError> = $accepts;
                if accepts(text)? {
                    return Ok(Self(text.into()));
                }
                Err(NameError::Shape { text: text.into(), kind: $kind, rule: $rule })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// An account: `alice`, `maker-17`.
    AccountName,
    "account name",
    "1 to 32 of a-z, 0-9, _ and -, a letter or digit first",
    |text| {
        if RESERVED.contains(&text) {
            return Err(NameError::Reserved { text: text.into() });
        }
        let rest = |b: u8| lower(b) || b == b'_' || b == b'-';
        Ok(shaped(text, 32, lower, rest))
    }
);

name!(
    /// An instrument: `LPJ-KRW`, `005930`.
    Symbol,
    "symbol",
    "1 to 20 of A-Z, 0-9, . and -, a letter or digit first",
    |text| Ok(shaped(text, 20, upper, |b| upper(b) || b == b'.' || b == b'-'))
);

name!(
    /// An asset: `KRW`, `LPJ`.
    Asset,
    "asset",
    "1 to 20 of A-Z, 0-9 and ., a letter or digit first",
    |text| Ok(shaped(text, 20, upper, |b| upper(b) || b == b'.'))
);

name!(
    /// A node: `n1`. Without hyphens, so that the link `n1-n2` reads one way only.
    NodeName,
    "node name",
    "1 to 20 of a-z, 0-9 and _, a letter first, and not `any`, `the` or `and`",
    |text| {
        let shape = shaped(text, 20, |b| b.is_ascii_lowercase(), |b| lower(b) || b == b'_');
        Ok(shape && !["any", "the", "and"].contains(&text))
    }
);

name!(
    /// A client order id that a sentence gives to its order. One of digits alone would read as
    /// an order number in `cancels 17`, and `all` as every order, so both are left to the wire.
    ClientId,
    "client order id",
    "1 to 36 of A-Z, a-z, 0-9, _ . : and -, not digits alone, not `all`",
    |text| {
        let any = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
        let number = text.bytes().all(|b| b.is_ascii_digit());
        Ok(shaped(text, 36, any, any) && !number && text != "all")
    }
);

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

fn shaped(text: &str, max: usize, first: fn(u8) -> bool, rest: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= max && bytes.first().is_some_and(|b| first(*b)) && bytes.iter().all(|b| rest(*b))
}

#[cfg(test)]
mod tests;
