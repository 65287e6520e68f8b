//! Outside books in an instrument's own units.

use super::{Level, OutsideBook};
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::follow::{self, Snapshot};
use hoga_engine::instrument::Instrument;
use hoga_engine::time::Time;
use rust_decimal::Decimal;

/// Why an outside book cannot be followed as it is; the next one may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("bids reach asks")]
    Crossed,
    #[error("the price {0} is on no tick of the instrument")]
    OffTick(Decimal),
}

/// The best levels of a book with whole lots: never more than was displayed. A level that has
/// less than one lot is left out.
#[must_use]
pub fn trimmed(book: &OutsideBook, lot: Decimal, levels: usize) -> OutsideBook {
    let side = |side: &[Level]| {
        let whole = |(price, quantity): &Level| {
            let lots = quantity.checked_div(lot)?.floor();
            Some((*price, (lots * lot).normalize())).filter(|_| !lots.is_zero())
        };
        side.iter().filter_map(whole).take(levels).collect()
    };
    OutsideBook { bids: side(&book.bids), asks: side(&book.asks), ..book.clone() }
}

/// A book as the snapshot with this number.
///
/// # Errors
/// It is crossed, or a price is no whole number of ticks.
pub fn snapshot(
    book: &OutsideBook,
    number: u64,
    instrument: &Instrument,
) -> Result<Snapshot, Unfit> {
    let levels = instrument.follow.as_ref().map_or(0, |follow| usize::from(follow.levels_max));
    let side = |side: &[Level]| {
        let level = |&(price, quantity): &Level| {
            let finest = quantity.trunc_with_scale(instrument.base_scale.into());
            let lots = minor(finest, instrument.base_scale).map(|minor| minor / instrument.lot);
            // More than the book can say is as much as it can.
            let most = i128::from(Lots::MAX.0);
            let lots = lots.unwrap_or(most).clamp(0, most) as u64;
            // A price where nothing is displayed is none: venues fill up short sides with them.
            if lots == 0 {
                return None;
            }
            let ticks = minor(price, instrument.quote_scale)
                .filter(|minor| *minor > 0 && minor % instrument.tick == 0)
                .and_then(|minor| u32::try_from(minor / instrument.tick).ok())
                .filter(|ticks| *ticks <= Ticks::MAX.0)
                .filter(|ticks| instrument.ticks.is_on_grid(Ticks(*ticks)))
                .ok_or(Unfit::OffTick(price));
            Some(ticks.map(|ticks| follow::Level { price: Ticks(ticks), quantity: Lots(lots) }))
        };
        side.iter().filter_map(level).take(levels).collect::<Result<Vec<follow::Level>, Unfit>>()
    };
    let (bids, asks) = (side(&book.bids)?, side(&book.asks)?);
    let best = bids.first().zip(asks.first());
    if best.is_some_and(|(bid, ask)| bid.price >= ask.price) {
        return Err(Unfit::Crossed);
    }
    Ok(Snapshot { number, time: Time(book.time_ns), bids, asks })
}

/// Whole minor units of a scale; none if it has finer parts, or is beyond every amount.
fn minor(value: Decimal, scale: u8) -> Option<i128> {
    let (value, scale) = (value.normalize(), u32::from(scale));
    let missing = scale.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10i128.checked_pow(missing)?)
}
