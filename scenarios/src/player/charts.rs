//! What each instrument did, as points of its chart.

use hoga_engine::amount::{Amount, Decimal, Lots, Ticks};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::Side;

use super::floor::Floor;
use super::strip::SLOTS;
use crate::chart::{Bar, Chart, Level};
use crate::time::Millis;

/// Levels of a side that are drawn.
const LEVELS: usize = 200;

pub(super) fn chart(floor: &Floor<'_>, instrument: &Instrument, length: Millis) -> Chart {
    let price = |price: Ticks| place(instrument.price_amount(price), instrument.quote_scale);
    let quantity = |lots: Lots| place(instrument.base_amount(lots), instrument.base_scale);
    let strip = floor.pit.tap().strip(instrument.id);
    let bars = strip.slots().map(|(nth, slot)| Bar {
        at: nth as f64 / SLOTS as f64,
        high: price(slot.high),
        low: price(slot.low),
        close: price(slot.close),
        volume: quantity(slot.quantity),
    });
    let side = |side| {
        let levels = floor.pit.listing(instrument.id).map(|listing| listing.levels(side));
        let levels = levels.into_iter().flatten().take(LEVELS);
        levels.map(|(at, open)| Level { price: price(at), quantity: quantity(open) }).collect()
    };
    Chart {
        symbol: instrument.symbol.to_string(),
        base: instrument.base_code.to_string(),
        quote: instrument.quote_code.to_string(),
        length: length.to_string(),
        bars: bars.collect(),
        bar_width: 1.0 / SLOTS as f64,
        bids: side(Side::Buy),
        asks: side(Side::Sell),
    }
}

/// A number's place on paper.
fn place(minor: Amount, scale: u8) -> f64 {
    Decimal { minor, scale }.to_string().parse().expect("a decimal is a number")
}
