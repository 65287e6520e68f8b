//! Stops as they are asked for: their form, and their triggers in ticks.

use super::place::{malformed, to_lots, to_ticks};
use crate::amount::{Amount, Rate, Ticks};
use crate::instrument::Instrument;
use crate::order::{OrderRequest, Size};
use crate::reject::Reject;
use crate::terms::{Distance, Stop, StopAsked, Trail};

/// What is wrong with a stop by itself.
pub(super) fn check_stop_form(order: &OrderRequest, stop: &StopAsked) -> Result<(), Reject> {
    if let Size::QuoteAmount(_) = order.size {
        return Err(malformed("quote_amount", "is for market buys that do not wait"));
    }
    if order.post_only {
        return Err(malformed("post_only", "is for limit orders that may rest (GTC)"));
    }
    match *stop {
        StopAsked::At(trigger) if trigger <= 0 => {
            Err(malformed("trigger_price", "must be above zero"))
        }
        StopAsked::At(_) => Ok(()),
        StopAsked::Trailing { offset, step } => {
            check_distance("trailing_offset", offset, 1, "must be above zero")?;
            check_distance("trailing_step", step, 0, "must not be below zero")
        }
    }
}

fn check_distance(
    field: &str,
    distance: Distance<Amount>,
    least: Amount,
    rule: &str,
) -> Result<(), Reject> {
    match distance {
        Distance::Price(amount) if amount < least => Err(malformed(field, rule)),
        Distance::Share(rate) if Amount::from(rate.0) < least => Err(malformed(field, rule)),
        Distance::Share(rate) if Amount::from(rate.0) >= Rate::ONE => {
            Err(malformed(field, "must be below 100 percent"))
        }
        _ => Ok(()),
    }
}

/// A stop in ticks. That of a trailing one starts from where the sequencer saw the market: the
/// most that it will ever be for a buy, the least for a sell.
pub(super) fn to_stop(
    order: &OrderRequest,
    asked: &StopAsked,
    market_price: Option<Ticks>,
    instrument: &Instrument,
) -> Result<Stop, Reject> {
    match *asked {
        StopAsked::At(trigger) => {
            let trigger = to_ticks(trigger, instrument)?;
            instrument.check_tick(trigger)?;
            Ok(Stop { trigger, trail: None })
        }
        StopAsked::Trailing { offset, step } => {
            let [offset, step] = [offset, step].map(|distance| in_ticks(distance, instrument));
            let trail = Trail { offset: offset?, step: step? };
            // A missing market is said at its turn, after lot and size.
            if let Size::Quantity(quantity) = order.size {
                instrument.check_size(to_lots(quantity, instrument)?)?;
            }
            let symbol = || instrument.symbol.clone();
            let market = market_price.ok_or_else(|| Reject::NoReferencePrice { symbol: symbol() });
            let trigger = trail.trigger(order.side, market?, &instrument.ticks);
            Ok(Stop { trigger, trail: Some(trail) })
        }
    }
}

/// A difference of prices is a whole number of smallest ticks; where it leads to is rounded to
/// the tick there.
fn in_ticks(
    distance: Distance<Amount>,
    instrument: &Instrument,
) -> Result<Distance<Ticks>, Reject> {
    match distance {
        Distance::Share(rate) => Ok(Distance::Share(rate)),
        Distance::Price(0) => Ok(Distance::Price(Ticks(0))),
        Distance::Price(amount) => Ok(Distance::Price(to_ticks(amount, instrument)?)),
    }
}
