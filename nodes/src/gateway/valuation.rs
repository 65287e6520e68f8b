//! What accounts are worth at the prices of this moment, by the boards' own rule.

use super::symbols::Symbols;
use hoga_cluster::runtime::Exchange;
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::board::Prices;
use hoga_engine::ids::{AssetId, InstrumentId};
use hoga_engine::instrument::{Asset, Catalogue};
use std::collections::BTreeMap;

/// The asset in which accounts are valued: the quote of the first instrument that is paid in
/// money, money being what no instrument trades. Before the first instrument, the first asset.
#[must_use]
pub fn money(catalogue: &Catalogue) -> Option<&Asset> {
    let instruments = || catalogue.instruments.values();
    let is_traded = |asset: AssetId| instruments().any(|instrument| instrument.base == asset);
    let paid_in = instruments().map(|instrument| instrument.quote).find(|quote| !is_traded(*quote));
    match paid_in {
        Some(asset) => catalogue.assets.get(&asset),
        None => catalogue.assets.values().next(),
    }
}

/// The last prices of all instruments that have traded.
#[must_use]
pub fn marks(exchange: &Exchange, symbols: &Symbols) -> BTreeMap<InstrumentId, Ticks> {
    let instruments = symbols.catalogue().instruments.keys();
    instruments.filter_map(|id| Some((*id, exchange.quote(*id).prints.last?))).collect()
}

/// What holdings are worth together, in minor units of [`money`].
#[must_use]
pub fn equity(
    symbols: &Symbols,
    marks: &BTreeMap<InstrumentId, Ticks>,
    holdings: impl IntoIterator<Item = (AssetId, Amount)>,
) -> Amount {
    let prices = Prices::of(symbols.catalogue(), marks);
    let worth = holdings.into_iter().map(|(asset, amount)| prices.value(asset, amount));
    worth.fold(0, Amount::saturating_add)
}
