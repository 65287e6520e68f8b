//! Which field of an order a refusal is about, where the engine only says the number: an order may
//! have up to four prices and two quantities.

use super::failure::{Refused, rejected};
use hoga_engine::amount::Amount;
use hoga_engine::order::{OrderRequest, Size};
use hoga_engine::reject::Reject;
use hoga_engine::terms::{Distance, StopAsked};

/// A refusal of the engine, with the field of a `CreateOrderRequest` that is at fault.
#[must_use]
pub fn refused(reject: &Reject, order: &OrderRequest) -> Refused {
    let refusal = rejected(reject, "order.");
    match field(reject, order) {
        Some(field) => Box::new(refusal.field(field)),
        None => refusal,
    }
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
