//! What a token must be allowed to do before a method is entered, read out of the `.proto` files.

/// The scope that a method requires, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// No token.
    Public,
    /// A valid token; only its own accounts.
    Read,
    /// A token that may change its own accounts.
    Trade,
    /// An operator's token.
    Admin,
}

/// Every method of every service with its scope, by path (`/hoga.v1.OrderService/GetOrder`).
pub const METHODS: &[(&str, Scope)] = include!(concat!(env!("OUT_DIR"), "/scopes.rs"));

/// The scope of the method behind an HTTP/2 path; none for what these services do not have, which
/// whoever authorises has to deny.
#[must_use]
pub fn required(path: &str) -> Option<Scope> {
    let at = METHODS.binary_search_by(|(known, _)| (*known).cmp(path)).ok()?;
    Some(METHODS[at].1)
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
