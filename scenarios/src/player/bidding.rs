//! What bots want, as the floor's requests and as sentences.

use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::{self as engine, OrderRequest, Size};
use hoga_engine::request::{AccountRequest, Ack};

use crate::bots::Terms;
use crate::grammar::{Act, Order, OrderKind, Side, TimeInForce};
use crate::numbers::Amount;

impl Terms {
    const fn price(self) -> Option<u64> {
        match self {
            Terms::Rest { price } | Terms::PostOnly { price } | Terms::Ioc { price } => Some(price),
            Terms::Market => None,
        }
    }
}

/// A bot's order as a request.
pub(super) fn request(
    instrument: &Instrument,
    side: Side,
    lots: u64,
    terms: Terms,
) -> AccountRequest {
    let is_ioc = matches!(terms, Terms::Ioc { .. });
    let order = OrderRequest {
        instrument: instrument.id,
        side: match side {
            Side::Buy => engine::Side::Buy,
            Side::Sell => engine::Side::Sell,
        },
        size: Size::Quantity(i128::from(lots) * instrument.lot),
        price: terms.price().map(|price| i128::from(price) * instrument.tick),
        time_in_force: if is_ioc { engine::TimeInForce::Ioc } else { engine::TimeInForce::Gtc },
        post_only: matches!(terms, Terms::PostOnly { .. }),
        self_match: None,
        terms: None,
    };
    AccountRequest::Place { order, ack: Ack::Result, market_price: None }
}

/// The same as a sentence; none for what no number says.
#[must_use]
pub fn said(instrument: &Instrument, side: Side, lots: u64, terms: Terms) -> Option<Act> {
    let quantity = instrument.base_amount(Lots(lots));
    let quantity = Amount::from_minor(quantity, instrument.base_scale.into())?;
    let price = match terms.price() {
        None => None,
        Some(price) => {
            let price = instrument.price_amount(Ticks(u32::try_from(price).ok()?));
            Some(Amount::from_minor(price, instrument.quote_scale.into())?)
        }
    };
    let kind = match price {
        Some(price) => OrderKind::Limit { quantity, price },
        None => OrderKind::Market { quantity },
    };
    Some(Act::Place(Order {
        side,
        symbol: instrument.symbol.parse().ok()?,
        kind,
        time_in_force: matches!(terms, Terms::Ioc { .. }).then_some(TimeInForce::Ioc),
        lasts: None,
        post_only: matches!(terms, Terms::PostOnly { .. }),
        self_match: None,
        stop: None,
        show: None,
        id: None,
    }))
}
