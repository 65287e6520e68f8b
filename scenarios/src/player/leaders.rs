//! How the bots did.

use hoga_engine::amount::{Amount, Decimal};
use hoga_engine::ids::AssetId;
use serde::Serialize;

use super::outcome::Outcome;
use crate::listing::Market;

/// How many bots a report names.
const LEADERS_MAX: usize = 5;

/// A bot with what its trading has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leader {
    pub account: String,
    /// What it has, less what it brought, both at the last prices: what it would have made by
    /// sitting still is left out. In units of the quote asset.
    pub gain: String,
    pub asset: String,
}

/// The best bots, best first; equals by name. None where instruments are quoted in more than one
/// asset, because then there is no one measure.
pub(super) fn leaders(market: &Market, outcome: &Outcome) -> Vec<Leader> {
    let instruments = &market.instruments;
    let Some(first) = instruments.first() else { return Vec::new() };
    if instruments.iter().any(|instrument| instrument.quote != first.quote) {
        return Vec::new();
    }
    let mut gains: Vec<(Amount, &str)> = outcome
        .purses
        .iter()
        .map(|purse| {
            let gains = purse.gains.iter();
            let worths = gains.map(|(asset, gain)| worth(market, outcome, *asset, *gain));
            (worths.sum::<Amount>(), purse.account.as_str())
        })
        .collect();
    gains.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    let shown = gains.into_iter().take(LEADERS_MAX).map(|(minor, name)| Leader {
        account: name.into(),
        gain: Decimal { minor, scale: first.quote_scale }.to_string(),
        asset: first.quote_code.to_string(),
    });
    shown.collect()
}

/// At the last price, or at the base price when nothing was traded.
fn worth(market: &Market, outcome: &Outcome, asset: AssetId, amount: Amount) -> Amount {
    let mut listed = market.instruments.iter().zip(&outcome.deals);
    let Some((instrument, deals)) = listed.find(|(instrument, _)| instrument.base == asset) else {
        return amount;
    };
    let last = deals.trading.open.map(|_| deals.trading.close);
    let price = last.or(instrument.base_price).unwrap_or_default();
    amount / instrument.lot * instrument.unit() * Amount::from(price.0)
}
