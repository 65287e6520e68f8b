//! The rare terms of orders: triggers, hidden parts, times to go.

use super::BadField;
use super::numbers::{amount, amount_if_any, shown, timestamp};
use crate::v1;
use hoga_engine::amount::{Amount, Rate, Ticks};
use hoga_engine::instrument::Instrument;
use hoga_engine::terms::{Distance, Stop, StopAsked, Terms, TermsAsked};
use hoga_engine::time::Time;

/// What an order of this type asks for besides.
///
/// # Errors
/// A field is missing, has the wrong form, or is for orders of another type.
pub(super) fn asked(
    wire: &v1::Order,
    kind: v1::OrderType,
    expires: Option<Time>,
    instrument: &Instrument,
) -> Result<Option<Box<TermsAsked>>, BadField> {
    let stop = stop(wire, kind, instrument)?;
    let scale = instrument.base_scale;
    let display = amount_if_any("order.display_quantity", wire.display_quantity.as_ref(), scale)?;
    let is_plain = stop.is_none() && display.is_none() && expires.is_none();
    Ok((!is_plain).then(|| Box::new(TermsAsked { stop, display, other: None, expires })))
}

fn stop(
    wire: &v1::Order,
    kind: v1::OrderType,
    instrument: &Instrument,
) -> Result<Option<StopAsked>, BadField> {
    let (waits, trails) = match kind {
        v1::OrderType::Stop | v1::OrderType::StopLimit => (true, false),
        v1::OrderType::TrailingStop => (false, true),
        _ => (false, false),
    };
    let foreign = [
        ("order.trigger_price", wire.trigger_price.is_some() && !waits),
        ("order.trailing_offset", wire.trailing_offset.is_some() && !trails),
        ("order.trailing_offset_percent", wire.trailing_offset_percent.is_some() && !trails),
        ("order.trailing_step", wire.trailing_step.is_some() && !trails),
        ("order.trailing_step_percent", wire.trailing_step_percent.is_some() && !trails),
    ];
    if let Some((field, _)) = foreign.into_iter().find(|(_, is_set)| *is_set) {
        let rule = if field == "order.trigger_price" {
            "is for STOP and STOP_LIMIT orders only"
        } else {
            "is for TRAILING_STOP orders only"
        };
        return Err(BadField::malformed(field, rule));
    }
    let scale = instrument.quote_scale;
    if waits {
        let trigger = amount("order.trigger_price", wire.trigger_price.as_ref(), scale)?;
        return Ok(Some(StopAsked::At(trigger)));
    }
    if !trails {
        return Ok(None);
    }
    let offset = distance(
        ["order.trailing_offset", "order.trailing_offset_percent"],
        [wire.trailing_offset.as_ref(), wire.trailing_offset_percent.as_ref()],
        scale,
    )?;
    let step = distance(
        ["order.trailing_step", "order.trailing_step_percent"],
        [wire.trailing_step.as_ref(), wire.trailing_step_percent.as_ref()],
        scale,
    )?;
    let offset = offset.ok_or_else(|| BadField::missing("order.trailing_offset"))?;
    let step = step.unwrap_or(Distance::Price(0));
    Ok(Some(StopAsked::Trailing { offset, step }))
}

/// An amount or a percentage, not both.
fn distance(
    names: [&'static str; 2],
    [price, percent]: [Option<&v1::Decimal>; 2],
    scale: u8,
) -> Result<Option<Distance<Amount>>, BadField> {
    let price = amount_if_any(names[0], price, scale)?;
    let percent = amount_if_any(names[1], percent, Rate::PERCENT_SCALE)?;
    match (price, percent) {
        (Some(_), Some(_)) => {
            Err(BadField::malformed(names[1], "give an amount or a percentage, not both"))
        }
        (Some(price), None) => Ok(Some(Distance::Price(price))),
        (None, Some(share)) => {
            let rate = i64::try_from(share).ok().filter(|rate| Amount::from(*rate) < Rate::ONE);
            let rule = "must be below 100";
            let rate = rate.ok_or_else(|| BadField::malformed(names[1], rule))?;
            Ok(Some(Distance::Share(Rate(rate))))
        }
        (None, None) => Ok(None),
    }
}

/// Writes asked terms as a client would.
pub(super) fn show_asked(wire: &mut v1::Order, terms: &TermsAsked, instrument: &Instrument) {
    wire.display_quantity = terms.display.map(|display| shown(display, instrument.base_scale));
    wire.expire_time = terms.expires.map(timestamp);
    match terms.stop {
        Some(StopAsked::At(trigger)) => {
            wire.trigger_price = Some(shown(trigger, instrument.quote_scale));
        }
        Some(StopAsked::Trailing { offset, step }) => {
            show_trail(wire, offset, step, instrument);
        }
        None => {}
    }
}

/// Writes the terms of an order as they stand.
pub(super) fn show(wire: &mut v1::Order, terms: &Terms, instrument: &Instrument) {
    let base = |lots| shown(instrument.base_amount(lots), instrument.base_scale);
    wire.display_quantity = terms.display.map(base);
    wire.expire_time = terms.expires.map(timestamp);
    let Some(Stop { trigger, trail }) = terms.stop else { return };
    wire.trigger_price = Some(shown(instrument.price_amount(trigger), instrument.quote_scale));
    if let Some(trail) = trail {
        let [offset, step] = [trail.offset, trail.step].map(|distance| match distance {
            Distance::Price(Ticks(ticks)) => Distance::Price(instrument.price_amount(Ticks(ticks))),
            Distance::Share(rate) => Distance::Share(rate),
        });
        show_trail(wire, offset, step, instrument);
    }
}

fn show_trail(
    wire: &mut v1::Order,
    offset: Distance<Amount>,
    step: Distance<Amount>,
    instrument: &Instrument,
) {
    let fields = |distance| match distance {
        Distance::Price(0) => (None, None),
        Distance::Price(amount) => (Some(shown(amount, instrument.quote_scale)), None),
        Distance::Share(rate) => (None, Some(shown(rate.0.into(), Rate::PERCENT_SCALE))),
    };
    (wire.trailing_offset, wire.trailing_offset_percent) = fields(offset);
    (wire.trailing_step, wire.trailing_step_percent) = fields(step);
}
