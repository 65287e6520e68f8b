//! What each instrument did, as points of its chart.

use hoga_engine::amount::{Amount, Decimal, Lots, Ticks};
use hoga_engine::instrument::Instrument;

use super::outcome::Deals;
use super::strip::SLOTS;
use crate::chart::{Bar, Chart, Level};
use crate::time::Millis;

pub(super) fn chart(instrument: &Instrument, deals: &Deals, length: Millis) -> Chart {
    let price = |price: Ticks| place(instrument.price_amount(price), instrument.quote_scale);
    let quantity = |lots: Lots| place(instrument.base_amount(lots), instrument.base_scale);
    let bars = deals.strip.slots().map(|(nth, slot)| Bar {
        at: nth as f64 / SLOTS as f64,
        high: price(slot.high),
        low: price(slot.low),
        close: price(slot.close),
        volume: quantity(slot.quantity),
    });
    let side = |levels: &[(Ticks, Lots)]| {
        let level =
            |(at, open): &(Ticks, Lots)| Level { price: price(*at), quantity: quantity(*open) };
        levels.iter().map(level).collect()
    };
    Chart {
        symbol: instrument.symbol.to_string(),
        base: instrument.base_code.to_string(),
        quote: instrument.quote_code.to_string(),
        length: length.to_string(),
        bars: bars.collect(),
        bar_width: 1.0 / SLOTS as f64,
        bids: side(&deals.bids),
        asks: side(&deals.asks),
    }
}

/// A number's place on paper.
fn place(minor: Amount, scale: u8) -> f64 {
    Decimal { minor, scale }.to_string().parse().expect("a decimal is a number")
}
