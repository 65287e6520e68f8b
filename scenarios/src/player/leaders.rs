//! How the bots did.

use hoga_engine::amount::{Amount, Decimal};
use hoga_engine::ids::{AccountId, AssetId};
use serde::Serialize;

use super::floor::Floor;

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
pub(super) fn leaders(floor: &Floor<'_>, bots: &[AccountId]) -> Vec<Leader> {
    let instruments = &floor.market.instruments;
    let Some(first) = instruments.first() else { return Vec::new() };
    if instruments.iter().any(|instrument| instrument.quote != first.quote) {
        return Vec::new();
    }
    let gain = |bot: &AccountId| {
        let account = floor.pit.account(*bot);
        let brought = |asset| floor.counts.brought(*bot, asset);
        let gains = account
            .balances()
            .map(|(asset, balance)| worth(floor, asset, balance.total() - brought(asset)));
        (gains.sum::<Amount>(), account.name())
    };
    let mut gains: Vec<(Amount, &str)> = bots.iter().map(gain).collect();
    gains.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    let shown = gains.into_iter().take(LEADERS_MAX).map(|(minor, name)| Leader {
        account: name.into(),
        gain: Decimal { minor, scale: first.quote_scale }.to_string(),
        asset: first.quote_code.to_string(),
    });
    shown.collect()
}

/// At the last price, or at the base price when nothing was traded.
fn worth(floor: &Floor<'_>, asset: AssetId, amount: Amount) -> Amount {
    let mut listed = floor.market.instruments.iter();
    let Some(instrument) = listed.find(|instrument| instrument.base == asset) else {
        return amount;
    };
    let last = floor.pit.listing(instrument.id).and_then(|listing| listing.last());
    let price = last.or(instrument.base_price).unwrap_or_default();
    amount / instrument.lot * instrument.unit() * Amount::from(price.0)
}
