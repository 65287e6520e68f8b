//! What a token says about its bearer.
//!
//! There are two kinds. A signed token proves what it says ([`Keys`]). A development token is a
//! text that names the account and is believed: it is for a listener that nobody outside the
//! machine can reach.

use super::keys::Keys;
use hoga_proto::names::AccountName;
use hoga_proto::scope::Scope;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Which tokens a gateway accepts.
#[derive(Clone, Debug, Default)]
pub enum Accepts {
    /// None: everything that needs a token is refused.
    #[default]
    Nothing,
    /// Development tokens. Only on a loopback listener.
    Development,
    /// Tokens that one of these keys signed.
    Signed(Arc<Keys>),
}

/// What the bearer of a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account that the token is for.
    pub subject: AccountName,
    pub scope: Scope,
    pub(super) trade_for: TradeFor,
    /// Seconds of the Unix clock from which on it is good no more; none for never.
    pub(super) expires: Option<u64>,
}

/// Accounts besides the subject's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TradeFor {
    Nobody,
    Listed(Box<[AccountName]>),
    Everybody,
}

impl Grant {
    /// Who runs the exchange.
    pub const OPERATOR: &'static str = "operator";

    /// Reads a development token: `dev:NAME`, `dev:NAME;trade_for=a,b`, `dev:NAME;trade_for=*`,
    /// and `dev:NAME;read` for one that only looks. The name `operator` is that of an operator.
    /// None for any other text.
    #[must_use]
    pub fn from_development(token: &str) -> Option<Grant> {
        let rest = token.strip_prefix("dev:")?;
        let (name, claim) = rest.split_once(';').map_or((rest, None), |(n, c)| (n, Some(c)));
        let subject = AccountName::from_id(name).ok().filter(|name| !name.is_me())?;
        let whole = if name == Self::OPERATOR { Scope::Admin } else { Scope::Trade };
        let (scope, trade_for) = match claim {
            None => (whole, TradeFor::Nobody),
            Some("read") => (Scope::Read, TradeFor::Nobody),
            Some(claim) => (whole, TradeFor::parse(claim.strip_prefix("trade_for=")?)?),
        };
        Some(Grant { subject, scope, trade_for, expires: None })
    }

    /// Whether it has not expired at a time of the Unix clock.
    pub(super) fn is_good_at(&self, now: u64) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// The same, now: for what goes on behind the door.
    pub(super) fn is_good(&self) -> bool {
        self.expires.is_none() || self.is_good_at(unix_now())
    }

    /// Whether the bearer may act for an account.
    #[must_use]
    pub fn covers(&self, account: &AccountName) -> bool {
        *account == self.subject
            || match &self.trade_for {
                TradeFor::Nobody => false,
                TradeFor::Listed(accounts) => accounts.contains(account),
                TradeFor::Everybody => true,
            }
    }
}

/// Seconds of the Unix clock. Tokens are from outside, where no other clock is known.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl TradeFor {
    fn parse(text: &str) -> Option<TradeFor> {
        if text == "*" {
            return Some(TradeFor::Everybody);
        }
        let names = text.split(',').map(|name| AccountName::from_id(name).ok());
        names.collect::<Option<Box<[_]>>>().map(TradeFor::Listed)
    }
}
