//! Rare terms as they are asked for: their form, and what they are in ticks and lots.

use super::place::{malformed, to_lots, to_ticks};
use crate::amount::{Amount, Lots, Rate, Ticks};
use crate::instrument::Instrument;
use crate::order::{OrderRequest, Size};
use crate::reject::Reject;
use crate::terms::{Distance, ICEBERG_PARTS_MAX, Stop, StopAsked, TermsAsked, Trail};

/// What is wrong with the terms of an order by themselves.
pub(super) fn check_terms_form(order: &OrderRequest, terms: &TermsAsked) -> Result<(), Reject> {
    let may_rest = order.price.is_some() && order.time_in_force.rests();
    if let Some(display) = terms.display {
        if !may_rest || terms.stop.is_some() {
            return Err(malformed("display_quantity", "is for limit orders that may rest"));
        }
        if display <= 0 {
            return Err(malformed("display_quantity", "must be above zero"));
        }
    }
    if let Some(other) = terms.other {
        let is_plain = terms.stop.is_none() && terms.display.is_none();
        if !may_rest || !is_plain || order.time_in_force.is_for_call() {
            return Err(malformed("oco_order", "is for plain limit orders that may rest"));
        }
        if other.price.is_some_and(|price| price <= 0) {
            return Err(malformed("oco_order.price", "must be above zero"));
        }
        return check_trigger(&other.stop);
    }
    terms.stop.as_ref().map_or(Ok(()), |stop| check_stop_form(order, stop))
}

fn check_stop_form(order: &OrderRequest, stop: &StopAsked) -> Result<(), Reject> {
    if let Size::QuoteAmount(_) = order.size {
        return Err(malformed("quote_amount", "is for market buys that do not wait"));
    }
    if order.time_in_force.is_for_call() {
        return Err(malformed("time_in_force", "is for orders that do not wait for a trigger"));
    }
    if order.post_only {
        return Err(malformed("post_only", "is for limit orders that may rest"));
    }
    check_trigger(stop)
}

fn check_trigger(stop: &StopAsked) -> Result<(), Reject> {
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

/// The part of an order that is shown, in lots.
pub(super) fn to_display(
    asked: &TermsAsked,
    quantity: Lots,
    instrument: &Instrument,
) -> Result<Option<Lots>, Reject> {
    let Some(display) = asked.display else { return Ok(None) };
    let display = to_lots(display, instrument)?;
    instrument.check_size(display)?;
    check_parts(display, quantity)?;
    Ok(Some(display))
}

/// Whether so much may be shown of so much.
pub(super) fn check_parts(display: Lots, quantity: Lots) -> Result<(), Reject> {
    if quantity.0.div_ceil(display.0) > ICEBERG_PARTS_MAX {
        let rule = format!("must be a {ICEBERG_PARTS_MAX}th of the quantity or more");
        return Err(malformed("display_quantity", &rule));
    }
    Ok(())
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
