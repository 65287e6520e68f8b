//! What an account holds, against what its open orders need.

use super::judge::lots;
use super::reading::{Statement, is_open};
use hoga_engine::amount::{Amount, Rate};
use hoga_engine::ids::AssetId;
use hoga_engine::instrument::Instrument;
use hoga_proto::convert::numbers;
use hoga_proto::v1;
use hoga_scenarios::listing::Market;
use std::collections::BTreeMap;

/// Whether every hold is what open orders need: sells to the unit, buys within the fees that may
/// still come, which only their book knows exactly.
pub fn fit(market: &Market, statement: &Statement) -> bool {
    let mut needs: BTreeMap<AssetId, (Amount, Amount)> = BTreeMap::new();
    for order in statement.orders.iter().filter(|order| is_open(order)) {
        let symbol = order.instrument.strip_prefix("instruments/").unwrap_or_default();
        let mut listed = market.instruments.iter();
        let Some(instrument) = listed.find(|listed| *listed.symbol == *symbol) else {
            return false;
        };
        let (asset, least, most) = need(order, instrument);
        let sum = needs.entry(asset).or_default();
        (sum.0, sum.1) = (sum.0 + least, sum.1 + most);
    }
    statement.balances.iter().all(|(asset, _, held)| {
        let (least, most) = needs.get(asset).copied().unwrap_or_default();
        (least..=most).contains(held)
    })
}

/// The asset, and the least and the most that an open order may hold of it.
fn need(order: &v1::Order, instrument: &Instrument) -> (AssetId, Amount, Amount) {
    let open = lots(order.remaining_quantity.as_ref(), instrument);
    if order.side() == v1::Side::Sell {
        let quantity = instrument.base_amount(open);
        return (instrument.base, quantity, quantity);
    }
    let price = order.price.as_ref().or(order.worst_price.as_ref());
    let price = numbers::amount_if_any("price", price, instrument.quote_scale).ok().flatten();
    let Some(price) = price else {
        // A buy that waits at market holds by a price that its answer does not show.
        return (instrument.quote, 0, Amount::MAX / 2);
    };
    let notional = price / instrument.tick * instrument.unit() * Amount::from(open.0);
    // Of what was filled a fraction of a unit for each side of a fee may not be charged yet.
    let rate = Amount::from(instrument.fees.maker.0.max(instrument.fees.taker.0).max(0));
    let fees = notional * rate / Rate::ONE + 2;
    (instrument.quote, notional, notional + fees)
}
