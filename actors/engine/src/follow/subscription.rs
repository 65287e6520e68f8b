//! Which book of which outside market an instrument follows.

use serde::{Deserialize, Serialize};

/// Characters of a venue's name, and of a code.
const NAME_MAX: usize = 32;

/// A book of an outside market. Whoever leads keeps a connection there and posts what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subscription {
    /// What nodes call the market, such as `upbit`.
    pub venue: Box<str>,
    /// What the market calls the instrument, such as `KRW-BTC`.
    pub code: Box<str>,
}

/// Why a subscription is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSubscription {
    #[error("the venue {0:?} is no name of 1 to {NAME_MAX} characters of a-z, 0-9 and -")]
    Venue(Box<str>),
    #[error("the code {0:?} is none of 1 to {NAME_MAX} characters of A-Z, 0-9, -, _, / and .")]
    Code(Box<str>),
}

impl Subscription {
    /// The book of a pair at a venue that names the quote first, as Upbit does.
    #[must_use]
    pub fn of_pair(venue: &str, base: &str, quote: &str) -> Subscription {
        Subscription { venue: venue.into(), code: format!("{quote}-{base}").into() }
    }

    /// Whether a text can be a venue's name.
    #[must_use]
    pub fn is_venue(name: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=NAME_MAX).contains(&name.len()) && name.chars().all(is_plain)
    }

    /// # Errors
    /// A name has a form that no market uses: it would have to be quoted in messages.
    pub fn check(&self) -> Result<(), BadSubscription> {
        if !Self::is_venue(&self.venue) {
            return Err(BadSubscription::Venue(self.venue.clone()));
        }
        let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "-_/.".contains(c);
        if !(1..=NAME_MAX).contains(&self.code.len()) || !self.code.chars().all(is_plain) {
            return Err(BadSubscription::Code(self.code.clone()));
        }
        Ok(())
    }
}
