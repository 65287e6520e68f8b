//! Instruments that a rule book fills in: what the request leaves out is as the book has it.

use super::failure::Refused;
use hoga_engine::topology::Topology;
use hoga_proto::convert::market::shown_instrument;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_scenarios::listing;
use hoga_scenarios::numbers::Amount;
use hoga_scenarios::rules::{RuleBook, SHIPPED};

/// An instrument with its gaps filled from a book; without a book it stays as it is.
///
/// # Errors
/// There is no such book, or the exchange does not know all of its rules yet.
pub fn filled_in(asked: v1::Instrument, rules: &str) -> Result<v1::Instrument, Refused> {
    if rules.is_empty() {
        return Ok(asked);
    }
    let own_base = asked.base_price.as_ref().filter(|_| asked.tick_bands.is_empty());
    let template = match own_base.and_then(|base| base.value.parse().ok()) {
        // The day's limits lie around the base, unless they are asked for as well.
        Some(base) => match template(rules, Some(base)) {
            Err(_) if asked.band_low.is_some() || asked.band_high.is_some() => {
                template(rules, None)?
            }
            template => template?,
        },
        None => template(rules, None)?,
    };
    let numbers = |own: Option<v1::Decimal>, books: Option<v1::Decimal>| own.or(books);
    Ok(v1::Instrument {
        tick_bands: match asked.tick_bands.is_empty() {
            true => template.tick_bands,
            false => asked.tick_bands,
        },
        lot: numbers(asked.lot, template.lot),
        quantity_min: numbers(asked.quantity_min, template.quantity_min),
        quantity_max: numbers(asked.quantity_max, template.quantity_max),
        notional_min: numbers(asked.notional_min, template.notional_min),
        notional_max: numbers(asked.notional_max, template.notional_max),
        base_price: numbers(asked.base_price, template.base_price),
        band_low: numbers(asked.band_low, template.band_low),
        band_high: numbers(asked.band_high, template.band_high),
        collar: numbers(asked.collar, template.collar),
        maker_fee: numbers(asked.maker_fee, template.maker_fee),
        taker_fee: numbers(asked.taker_fee, template.taker_fee),
        sell_tax: numbers(asked.sell_tax, template.sell_tax),
        self_match: match asked.self_match {
            0 => template.self_match,
            own => own,
        },
        open_orders_max: match asked.open_orders_max {
            0 => template.open_orders_max,
            own => own,
        },
        schedule: asked.schedule.or(template.schedule),
        volatility_interruption: asked.volatility_interruption.or(template.volatility_interruption),
        limit_opening_first: asked.limit_opening_first.or(template.limit_opening_first),
        opening_call: asked.opening_call.or(template.opening_call),
        circuit_breaker: match asked.circuit_breaker.is_empty() {
            true => template.circuit_breaker,
            false => asked.circuit_breaker,
        },
        // What a venue calls it follows from its own pair.
        follow: asked
            .follow
            .or_else(|| template.follow.map(|rules| v1::Follow { code: String::new(), ..rules })),
        ..asked
    })
}

/// The first instrument of a book, around a base of its own if there is one.
fn template(rules: &str, base: Option<Amount>) -> Result<v1::Instrument, Refused> {
    let malformed = |rule: String| Box::new(Refusal::malformed("rules", rule));
    let Some(book) = RuleBook::shipped(rules) else {
        let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let shown: String = rules.chars().take(32).collect();
        return Err(malformed(format!("there is no rule book {shown}; use {}", known.join(", "))));
    };
    let mut book = book.map_err(|_| malformed("the rule book has mistakes".into()))?;
    if let (Some(base), Some(first)) = (base, book.instruments.first_mut()) {
        first.rules.base_price = base;
    }
    let market = listing::market(&book, &Topology::default());
    let market = market.map_err(|error| malformed(error.to_string()))?;
    match market.instruments.first() {
        Some(instrument) => Ok(shown_instrument(instrument)),
        None => Err(malformed("the rule book has no instrument".into())),
    }
}
