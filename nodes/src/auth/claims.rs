//! What a signed token says, as it is written in it: a JSON Web Token of one fixed kind.

use serde::{Deserialize, Serialize};

/// The one way to sign that is accepted; a token's header never chooses.
pub(super) const ALGORITHM: &str = "EdDSA";
/// The kind of token (RFC 9068); what was signed for another purpose is none.
pub(super) const KIND: &str = "at+jwt";
/// Seconds for which a token is good at most.
pub const LIFETIME_MAX_S: u64 = 15 * 60;
/// Seconds by which the clock of whoever signs may be ahead.
pub(super) const AHEAD_MAX_S: u64 = 5;

#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub alg: String,
    pub typ: String,
    pub kid: String,
    /// Extensions that must be understood; there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crit: Option<serde_json::Value>,
}

/// Times are seconds of the Unix clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// The name of the exchange that it is for.
    pub aud: String,
    /// The account that it is for.
    pub sub: String,
    pub iat: u64,
    pub nbf: u64,
    pub exp: u64,
    /// Different for every token.
    pub jti: String,
    /// `read`, `trade` or `admin`.
    pub scope: String,
    /// Accounts besides its own, or `*` for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trade_for: Vec<String>,
}
