//! The refusal of an order: which of its fields it is about, where the engine only says the number.
//! An order may have up to four prices and two quantities.

use super::failure::{Refused, rejected};
use hoga_engine::amount::{Amount, Ticks};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::{OrderRequest, Size};
use hoga_engine::reject::Reject;
use hoga_engine::terms::{Distance, StopAsked};

/// A refusal of the engine, with the field of a `CreateOrderRequest` that is at fault.
#[must_use]
pub fn refused(reject: &Reject, order: &OrderRequest, instrument: &Instrument) -> Refused {
    let mut refusal = rejected(reject, "order.");
    if let Some(message) = beyond_any_book(reject, instrument) {
        refusal.message = message;
    }
    match field(reject, order) {
        Some(field) => Box::new(refusal.field(field)),
        None => refusal,
    }
}

/// What a price beyond what any book can hold is told: nobody set this band.
fn beyond_any_book(reject: &Reject, instrument: &Instrument) -> Option<String> {
    let Reject::PriceOutOfBand { price, high, .. } = reject else { return None };
    let largest = instrument.price_amount(Ticks(Ticks::MAX.0 - 1));
    (high.minor == largest)
        .then(|| format!("price {price} is above {high}, the largest that a book can hold"))
}

/// The field that has the refused number; none where it is the one that every order has.
fn field(reject: &Reject, order: &OrderRequest) -> Option<&'static str> {
    match reject {
        Reject::PriceNotOnTick { price, .. } | Reject::PriceOutOfBand { price, .. } => {
            if order.price == Some(price.minor) { None } else { price_field(price.minor, order) }
        }
        Reject::QuantityNotOnLot { quantity, .. }
        | Reject::QuantityTooSmall { quantity, .. }
        | Reject::QuantityTooLarge { quantity, .. } => {
            let display = order.terms.as_ref()?.display;
            let is_display = display == Some(quantity.minor);
            let is_quantity = order.size == Size::Quantity(quantity.minor);
            (is_display && !is_quantity).then_some("order.display_quantity")
        }
        _ => None,
    }
}

fn price_field(price: Amount, order: &OrderRequest) -> Option<&'static str> {
    if let Some(stop) = order.stop() {
        return match *stop {
            StopAsked::At(trigger) => (trigger == price).then_some("order.trigger_price"),
            StopAsked::Trailing { offset, .. } if offset == Distance::Price(price) => {
                Some("order.trailing_offset")
            }
            StopAsked::Trailing { step, .. } => {
                (step == Distance::Price(price)).then_some("order.trailing_step")
            }
        };
    }
    let other = order.other()?;
    match other.stop {
        _ if other.price == Some(price) => Some("oco_order.price"),
        StopAsked::At(trigger) if trigger == price => Some("oco_order.trigger_price"),
        _ => None,
    }
}
