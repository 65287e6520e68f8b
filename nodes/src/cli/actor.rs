//! Who acts: `--as NAME`, or whoever a token says.

use super::Global;
use super::failure::Failure;
use super::remembered::{self, Who};
use hoga_proto::names::{AccountName, InstrumentName};
use hoga_scenarios::time::Millis;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The name under which a development token acts for the operator.
pub const OPERATOR: &str = "operator";

/// What help says of commands that are an operator's.
pub const AN_OPERATORS: &str = "An operator's command: it acts with the development token \
    `dev:operator` unless --token says another.";

/// The same, acting as `name` unless somebody was named.
pub fn acting_as(global: &Global, name: &str) -> Global {
    let mut global = global.clone();
    if global.who.is_none() && global.token.is_none() {
        global.who = Some(name.to_owned());
    }
    global
}

/// The token to send: the one given, else the development token of `--as`, else of whoever
/// logged in.
///
/// # Errors
/// The name cannot be an account's.
pub fn token(global: &Global) -> Result<Option<String>, Failure> {
    if let Some(token) = &global.token {
        return Ok(Some(token.clone()));
    }
    let name = match &global.who {
        Some(name) => name.clone(),
        None => match remembered::at(&global.server) {
            Some(Who::Token(token)) => return Ok(Some(token)),
            Some(Who::Name(name)) => name,
            None => return Ok(None),
        },
    };
    Ok(Some(format!("dev:{}", named(&name)?.id())))
}

/// The resource name of the account that acts: `accounts/alice`, or `accounts/me` for a token.
///
/// # Errors
/// Nobody was named.
pub fn account(global: &Global) -> Result<String, Failure> {
    let me = || format!("{}/{}", AccountName::COLLECTION, AccountName::ME);
    match (&global.who, &global.token) {
        (Some(name), _) => return named(name).map(|name| name.to_string()),
        (None, Some(_)) => return Ok(me()),
        (None, None) => {}
    }
    match remembered::at(&global.server) {
        Some(Who::Name(name)) => named(&name).map(|name| name.to_string()),
        Some(Who::Token(_)) => Ok(me()),
        None => Err(Failure::usage("error: who acts? add --as NAME, or `hoga log-in NAME` once")
            .hint("`hoga up` founds a market with the accounts alice and bob")),
    }
}

/// What to call the account in a sentence.
pub fn shown(account: &str) -> &str {
    match account.rsplit_once('/') {
        Some((_, AccountName::ME)) | None => "you",
        Some((_, name)) => name,
    }
}

/// An account's name as people write it.
///
/// # Errors
/// It breaks the rule of names.
pub fn named(name: &str) -> Result<AccountName, Failure> {
    let bare = name.strip_prefix("accounts/").unwrap_or(name);
    AccountName::from_id(bare).map_err(|_| {
        let rule = "1 to 32 characters of a-z 0-9 _ -, a letter or digit first";
        Failure::usage(format!("error: `{name}` is not an account name: {rule}"))
    })
}

/// The resource name of an instrument, from a symbol as people write it.
///
/// # Errors
/// It breaks the rule of symbols.
pub fn instrument(symbol: &str) -> Result<String, Failure> {
    let bare = symbol.strip_prefix("instruments/").unwrap_or(symbol);
    InstrumentName::from_id(bare).map(|name| name.to_string()).map_err(|_| {
        let rule = "1 to 20 characters of A-Z 0-9 . -, such as LPJ-KRW";
        Failure::usage(format!("error: `{symbol}` is not a symbol: {rule}"))
    })
}

/// The last part of a resource name: `LPJ-KRW` of `instruments/LPJ-KRW`.
pub fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The id of a change: the one given, else one that no other run of this program has.
pub fn request_id(given: Option<&String>) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    given.cloned().unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("cli-{:x}-{:x}-{count}", now.as_nanos() as u64, std::process::id())
    })
}

/// When this program sent what it sends now.
pub fn sent_now() -> prost_types::Timestamp {
    SystemTime::now().into()
}

/// So long from now.
pub fn sent_in(length: Millis) -> prost_types::Timestamp {
    (SystemTime::now() + Duration::from_millis(length.0)).into()
}
