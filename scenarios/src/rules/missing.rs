//! What a market does not have, and what was meant instead, perhaps.

use super::{AssetRules, Instrument, RuleBook};
use crate::document::nearest;
use crate::names::{Asset, Symbol};

/// A name that is none of the market's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub message: String,
    pub help: Option<String>,
}

impl Missing {
    fn new<'k>(kind: &str, word: &str, known: impl Iterator<Item = &'k str>) -> Missing {
        let help = nearest(word, known).map(|near| format!("did you mean `{near}`?"));
        Missing { message: format!("the market has no {kind} {word}"), help }
    }
}

/// In one line.
impl From<Missing> for String {
    fn from(Missing { message, help }: Missing) -> String {
        help.map(|help| format!("{message}; {help}")).unwrap_or(message)
    }
}

impl RuleBook {
    /// An instrument that should be listed.
    pub(crate) fn listed(&self, symbol: &Symbol) -> Result<&Instrument, Missing> {
        let known = self.instruments.iter().map(|instrument| instrument.symbol.as_str());
        let missing = || Missing::new("instrument", symbol.as_str(), known);
        self.instrument(symbol).ok_or_else(missing)
    }

    /// An asset that should be there.
    pub(crate) fn held(&self, asset: &Asset) -> Result<&AssetRules, Missing> {
        let known = self.assets.iter().map(|rules| rules.name.as_str());
        self.asset(asset).ok_or_else(|| Missing::new("asset", asset.as_str(), known))
    }
}
