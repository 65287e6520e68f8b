//! Where venues are.

use hoga_engine::follow::Subscription;
use http::Uri;
use std::collections::BTreeMap;
use std::fmt;

/// Venues that need no address of their own, because everybody knows it.
const KNOWN: [(&str, &str); 1] = [("upbit", "wss://api.upbit.com/websocket/v1")];

/// The WebSocket of a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub uri: Uri,
    pub host: String,
    pub port: u16,
    /// By TLS.
    pub is_secret: bool,
}

impl Address {
    /// Reads `ws://HOST:PORT/PATH` or `wss://…`.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub fn parse(text: &str) -> Result<Address, String> {
        let wrong = || format!("`{text}` is not an address: write ws://HOST:PORT/PATH or wss://…");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_secret = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(wrong()),
        };
        let has_user = uri.authority().is_some_and(|whole| whole.as_str().contains('@'));
        let host = uri.host().filter(|host| !host.is_empty() && !has_user).ok_or_else(wrong)?;
        let port = uri.port_u16().unwrap_or(if is_secret { 443 } else { 80 });
        Ok(Address { host: host.to_owned(), port, is_secret, uri })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

/// Where each venue is, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Venues(BTreeMap<String, Address>);

impl Venues {
    /// Reads `upbit, other=wss://HOST/PATH`; `none` for nowhere.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub fn parse(text: &str) -> Result<Venues, String> {
        let mut venues = Venues::default();
        if text == "none" {
            return Ok(venues);
        }
        for one in text.split(',').map(str::trim) {
            venues.add(one)?;
        }
        Ok(venues)
    }

    /// Adds `NAME=URL`, or the name of a venue that is known.
    ///
    /// # Errors
    /// As [`Venues::parse`].
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let (name, address) = match text.split_once('=') {
            Some(named) => named,
            None => *KNOWN.iter().find(|(name, _)| *name == text).ok_or_else(|| {
                let known = KNOWN.map(|(name, _)| name).join(", ");
                format!("where `{text}` is, is not known: write NAME=URL; known are: {known}")
            })?,
        };
        let (name, address) = (name.trim(), address.trim());
        if !Subscription::is_venue(name) {
            return Err(format!("`{name}` is not a venue name: a-z, 0-9 and -, at most 32"));
        }
        match self.0.insert(name.to_owned(), Address::parse(address)?) {
            None => Ok(()),
            Some(_) => Err(format!("the venue {name} is named twice")),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Address)> {
        self.0.iter().map(|(name, address)| (name.as_str(), address))
    }
}

/// As it is read.
impl fmt::Display for Venues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let venues: Vec<String> = self.iter().map(|(name, at)| format!("{name}={at}")).collect();
        f.write_str(&venues.join(", "))
    }
}
