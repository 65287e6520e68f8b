//! Resource names: `accounts/alice/orders/17`.
//!
//! A name that was read keeps its rules, so whoever holds one need not check it again. Names are
//! compared byte by byte: there is one spelling of each.

use std::fmt;
use std::str::FromStr;

/// Why a text is no resource name. Nothing has changed; the same text never becomes one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a valid name: {rule}")]
pub struct BadName {
    /// What was given, shortened when it is long.
    pub value: String,
    /// What it has to be.
    pub rule: &'static str,
}

impl BadName {
    fn new(value: &str, rule: &'static str) -> BadName {
        const SHOWN_MAX: usize = 64;
        let value = match value.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{}...", &value[..end]),
            None => value.to_owned(),
        };
        BadName { value, rule }
    }
}

/// A name of one collection and one id.
macro_rules! names {
    ($($(#[$meta:meta])* $name:ident, $collection:literal, $allowed:path, $rule:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            pub const COLLECTION: &'static str = $collection;

            /// From the id alone, without its collection.
            ///
            /// # Errors
            /// The id is empty, too long, or has a character outside the set.
            pub fn from_id(id: &str) -> Result<$name, BadName> {
                if $allowed(id) { Ok($name(id.into())) } else { Err(BadName::new(id, $rule)) }
            }

            /// From the whole name.
            ///
            /// # Errors
            /// The collection is another one, or the id breaks its rule.
            pub fn parse(text: &str) -> Result<$name, BadName> {
                let id = text.strip_prefix(concat!($collection, "/"));
                match id {
                    Some(id) if $allowed(id) => Ok($name(id.into())),
                    _ => Err(BadName::new(text, $rule)),
                }
            }

            /// The part after the collection.
            #[must_use]
            pub fn id(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}/{}", Self::COLLECTION, self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<$name, BadName> {
                $name::parse(text)
            }
        }
    )*};
}

names! {
    /// `accounts/alice`.
    AccountName, "accounts", is_lower_id,
        "write accounts/ID, ID being 1 to 32 characters of a-z 0-9 _ -, a letter or digit first";
    /// `instruments/LPJ-KRW`.
    InstrumentName, "instruments", is_symbol,
        "write instruments/SYMBOL, SYMBOL being 1 to 20 characters of A-Z 0-9 . -";
    /// `boards/return`.
    BoardName, "boards", is_lower_id,
        "write boards/ID, ID being 1 to 32 characters of a-z 0-9 _ -, a letter or digit first";
    /// `seasons/spring`.
    SeasonName, "seasons", is_lower_id,
        "write seasons/ID, ID being 1 to 32 characters of a-z 0-9 _ -, a letter or digit first";
    /// `nodes/n1`.
    NodeName, "nodes", is_lower_id,
        "write nodes/ID, ID being 1 to 32 characters of a-z 0-9 _ -, a letter or digit first";
}

fn is_lower_id(id: &str) -> bool {
    let letter_or_digit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    id.len() <= 32
        && id.bytes().next().is_some_and(letter_or_digit)
        && id.bytes().all(|b| letter_or_digit(b) || b == b'_' || b == b'-')
}

fn is_symbol(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    (1..=20).contains(&id.len()) && id.bytes().all(allowed)
}

impl AccountName {
    /// The id that stands for the token's own account; nobody can be called so.
    pub const ME: &'static str = "me";

    /// The caller's own account is meant.
    #[must_use]
    pub fn is_me(&self) -> bool {
        &*self.0 == Self::ME
    }
}

/// `accounts/alice/orders/17`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderName {
    pub account: AccountName,
    /// From 1.
    pub number: u64,
}

const ORDER_RULE: &str =
    "write accounts/ID/orders/N, N being the order's number without leading zeros";
const ORDER_OR_ANY_RULE: &str =
    "write accounts/ID/orders/N, or accounts/ID/orders/- together with a client_order_id";

impl OrderName {
    /// # Errors
    /// The account breaks its rule, or the number is none.
    pub fn parse(text: &str) -> Result<OrderName, BadName> {
        let bad = || BadName::new(text, ORDER_RULE);
        let (account, number) = text.rsplit_once("/orders/").ok_or_else(bad)?;
        let account = AccountName::parse(account).map_err(|_| bad())?;
        Ok(OrderName { account, number: parse_number(number).ok_or_else(bad)? })
    }

    /// Where a client order id may stand for the number: then the name ends in `-` and the number
    /// is none.
    ///
    /// # Errors
    /// As [`OrderName::parse`].
    pub fn parse_or_any(text: &str) -> Result<(AccountName, Option<u64>), BadName> {
        let bad = || BadName::new(text, ORDER_OR_ANY_RULE);
        if let Some(account) = text.strip_suffix("/orders/-") {
            return Ok((AccountName::parse(account).map_err(|_| bad())?, None));
        }
        let name = OrderName::parse(text).map_err(|_| bad())?;
        Ok((name.account, Some(name.number)))
    }
}

impl fmt::Display for OrderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/orders/{}", self.account, self.number)
    }
}

impl FromStr for OrderName {
    type Err = BadName;
    fn from_str(text: &str) -> Result<OrderName, BadName> {
        OrderName::parse(text)
    }
}

/// `instruments/LPJ-KRW/trades/9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeName {
    pub instrument: InstrumentName,
    /// From 1.
    pub number: u64,
}

impl TradeName {
    /// # Errors
    /// The instrument breaks its rule, or the number is none.
    pub fn parse(text: &str) -> Result<TradeName, BadName> {
        const RULE: &str =
            "write instruments/SYMBOL/trades/N, N being the trade's number without leading zeros";
        let bad = || BadName::new(text, RULE);
        let (instrument, number) = text.rsplit_once("/trades/").ok_or_else(bad)?;
        let instrument = InstrumentName::parse(instrument).map_err(|_| bad())?;
        Ok(TradeName { instrument, number: parse_number(number).ok_or_else(bad)? })
    }
}

impl fmt::Display for TradeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/trades/{}", self.instrument, self.number)
    }
}

impl FromStr for TradeName {
    type Err = BadName;
    fn from_str(text: &str) -> Result<TradeName, BadName> {
        TradeName::parse(text)
    }
}

/// A positive number in its only spelling.
fn parse_number(text: &str) -> Option<u64> {
    let starts_well = matches!(text.as_bytes().first(), Some(b'1'..=b'9'));
    if starts_well { text.parse().ok() } else { None }
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
