//! What a token says about its bearer.
//!
//! The only kind for now is the development token: a text that names the account and is believed.
//! It is for a listener that nobody outside the machine can reach.

use hoga_proto::names::AccountName;
use hoga_proto::scope::Scope;

/// Which tokens a gateway accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accepts {
    /// None: everything that needs a token is refused.
    #[default]
    Nothing,
    /// Development tokens. Only on a loopback listener.
    Development,
}

/// What the bearer of a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account that the token is for.
    pub subject: AccountName,
    pub scope: Scope,
    trade_for: TradeFor,
}

/// Accounts besides the subject's own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TradeFor {
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
        Some(Grant { subject, scope, trade_for })
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

impl TradeFor {
    fn parse(text: &str) -> Option<TradeFor> {
        if text == "*" {
            return Some(TradeFor::Everybody);
        }
        let names = text.split(',').map(|name| AccountName::from_id(name).ok());
        names.collect::<Option<Box<[_]>>>().map(TradeFor::Listed)
    }
}
