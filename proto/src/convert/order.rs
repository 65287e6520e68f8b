//! Orders and fills.

use super::numbers::{amount_above_zero, amount_if_any, shown, time_if_any, timestamp};
use super::{BadField, terms};
use crate::v1;
use hoga_engine::amount::Amount;
use hoga_engine::client_id::ClientId;
use hoga_engine::history::FillRow;
use hoga_engine::ids::OrderKey;
use hoga_engine::instrument::Instrument;
use hoga_engine::message::{HOUSE_ORDER, Outcome, OutcomeOf};
use hoga_engine::order::{
    CancelReason, OrderRequest, OrderState, SelfMatch, Side, Size, Status, TimeInForce,
};
use hoga_engine::request::Ack;
use hoga_engine::terms::{OtherAsked, StopAsked};
use hoga_engine::time::Time;

/// What a client asks for, in the instrument's own minor units. Output fields are ignored.
///
/// # Errors
/// A field is missing, has the wrong form, contradicts another one, or asks for something that
/// this exchange does not do.
pub fn request(wire: &v1::Order, instrument: &Instrument) -> Result<OrderRequest, BadField> {
    let price_scale = instrument.quote_scale;
    let kind = order_type(wire.r#type)?;
    let is_market =
        matches!(kind, v1::OrderType::Market | v1::OrderType::Stop | v1::OrderType::TrailingStop);
    let price = match (is_market, &wire.price) {
        (true, None) => None,
        (true, Some(_)) => {
            let rule = "an order at market has no price; leave it out, or send a limit order";
            return Err(BadField::malformed("order.price", rule));
        }
        (false, price) => Some(amount_above_zero("order.price", price.as_ref(), price_scale)?),
    };
    let size = match (&wire.quantity, &wire.quote_amount) {
        (Some(_), Some(_)) => {
            let rule = "give quantity or quote_amount, not both";
            return Err(BadField::malformed("order.quote_amount", rule));
        }
        (None, Some(spend)) => {
            Size::QuoteAmount(amount_above_zero("order.quote_amount", Some(spend), price_scale)?)
        }
        (quantity, None) => {
            let scale = instrument.base_scale;
            Size::Quantity(amount_above_zero("order.quantity", quantity.as_ref(), scale)?)
        }
    };
    let time_in_force = time_in_force(wire.time_in_force, kind, is_market)?;
    let expires = expires(wire, time_in_force)?;
    Ok(OrderRequest {
        instrument: instrument.id,
        side: side(wire.side)?,
        size,
        price,
        time_in_force,
        post_only: wire.post_only,
        self_match: self_match("order.self_match", wire.self_match)?,
        terms: terms::asked(wire, kind, expires, instrument)?,
    })
}

/// The same order with a second one, of which one cancels the other.
///
/// # Errors
/// The second has no id, is no stop, or is not of the first one's instrument, side and quantity.
pub fn paired(
    mut first: OrderRequest,
    wire: &v1::Order,
    of: &v1::Order,
    instrument: &Instrument,
) -> Result<OrderRequest, BadField> {
    const ID: &str = "oco_order.client_order_id";
    let id = ClientId::parse(&wire.client_order_id)
        .map_err(|bad| BadField::malformed(ID, bad.to_string()))?;
    let mut second = wire.clone();
    if second.instrument.is_empty() {
        second.instrument.clone_from(&of.instrument);
    }
    if second.side == 0 {
        second.side = of.side;
    }
    second.quantity = second.quantity.or_else(|| of.quantity.clone());
    // It stays as long as the first; what it does when it fires is told by its type.
    (second.time_in_force, second.expire_time) = (0, None);
    let read = request(&second, instrument).map_err(|bad| bad.of("order", "oco_order"))?;
    let is_other = second.instrument != of.instrument;
    if is_other || (read.side, read.size) != (first.side, first.size) {
        let rule = "must be of the same instrument, side and quantity as order";
        return Err(BadField::malformed("oco_order", rule));
    }
    let Some(&stop) = read.stop() else {
        return Err(BadField::malformed("oco_order.type", "must be a stop"));
    };
    let price = read.price;
    let terms = first.terms.get_or_insert_default();
    terms.other = Some(OtherAsked { id, stop, price });
    Ok(first)
}

/// What a client wrote, without what only the exchange fills in.
#[must_use]
pub fn without_outputs(order: v1::Order) -> v1::Order {
    v1::Order {
        name: String::new(),
        state: 0,
        filled_quantity: None,
        cancelled_quantity: None,
        remaining_quantity: None,
        notional: None,
        fee: None,
        tax: None,
        worst_price: None,
        reason: String::new(),
        create_time: None,
        update_time: None,
        arrival: 0,
        last_arrival: 0,
        ..order
    }
}

/// The same request as a client would write it.
#[must_use]
pub fn asked(request: &OrderRequest, instrument: &Instrument) -> v1::Order {
    let (quantity, quote_amount) = match request.size {
        Size::Quantity(quantity) => (Some(shown(quantity, instrument.base_scale)), None),
        Size::QuoteAmount(spend) => (None, Some(shown(spend, instrument.quote_scale))),
    };
    let mut wire = v1::Order {
        instrument: format!("instruments/{}", instrument.symbol),
        side: v1::Side::from(request.side).into(),
        r#type: type_of(request.price.is_none(), request.stop().map(StopAsked::is_trailing)).into(),
        time_in_force: v1::TimeInForce::from(request.time_in_force).into(),
        quantity,
        quote_amount,
        price: request.price.map(|price| shown(price, instrument.quote_scale)),
        post_only: request.post_only,
        self_match: request.self_match.map_or(0, |mode| v1::SelfMatch::from(mode).into()),
        ..v1::Order::default()
    };
    if let Some(asked) = &request.terms {
        terms::show_asked(&mut wire, asked, instrument);
    }
    wire
}

/// An order as its account knows it.
#[must_use]
pub fn state(order: &OrderState, account: &str, instrument: &Instrument) -> v1::Order {
    let quote = |minor: Amount| Some(shown(minor, instrument.quote_scale));
    let base = |lots| Some(shown(instrument.base_amount(lots), instrument.base_scale));
    let limit = quote(instrument.price_amount(order.limit));
    let (price, worst_price) = if order.is_market { (None, limit) } else { (limit, None) };
    let stop = order.terms.as_ref().and_then(|terms| terms.stop);
    let is_undecided_amount = order.quote_amount.is_some() && order.ordered.is_zero();
    let mut wire = v1::Order {
        name: name(account, order.key),
        client_order_id: order.client_id.as_str().into(),
        instrument: format!("instruments/{}", instrument.symbol),
        side: v1::Side::from(order.side).into(),
        r#type: type_of(order.is_market, stop.map(|stop| stop.trail.is_some())).into(),
        time_in_force: v1::TimeInForce::from(order.time_in_force).into(),
        quantity: if is_undecided_amount { None } else { base(order.ordered) },
        quote_amount: order.quote_amount.and_then(quote),
        price,
        post_only: order.post_only,
        self_match: v1::SelfMatch::from(order.self_match).into(),
        state: v1::OrderState::from(order.status).into(),
        filled_quantity: base(order.filled),
        cancelled_quantity: base(order.cancelled),
        remaining_quantity: base(order.remaining()),
        notional: quote(order.notional),
        fee: quote(order.fee),
        tax: quote(order.tax),
        worst_price,
        reason: order.reason.map(cancel_reason).unwrap_or_default().into(),
        create_time: Some(timestamp(order.created)),
        update_time: Some(timestamp(order.updated)),
        arrival: order.arrival,
        last_arrival: order.last_arrival,
        ..v1::Order::default()
    };
    if let Some(kept) = &order.terms {
        terms::show(&mut wire, kept, instrument);
    }
    wire
}

/// Writes into an order what a book has decided about it. What is settled later (notional, fee,
/// tax) is taken out: it may not be all yet.
pub fn decide(wire: &mut v1::Order, outcome: &Outcome, account: &str, instrument: &Instrument) {
    let base = |lots| Some(shown(instrument.base_amount(lots), instrument.base_scale));
    wire.name = name(account, outcome.order);
    wire.state = v1::OrderState::from(outcome.status).into();
    wire.filled_quantity = base(outcome.filled);
    wire.remaining_quantity = base(outcome.remaining);
    wire.reason = outcome.reason.map(cancel_reason).unwrap_or_default().into();
    wire.last_arrival = outcome.arrival;
    if outcome.of == OutcomeOf::Submit {
        wire.arrival = outcome.arrival;
    }
    (wire.notional, wire.fee, wire.tax) = (None, None, None);
}

/// `accounts/alice/orders/17`.
#[must_use]
pub fn name(account: &str, key: OrderKey) -> String {
    format!("accounts/{account}/orders/{}", key.no.0)
}

/// A settled side of a trade.
#[must_use]
pub fn fill(
    row: &FillRow,
    account: &str,
    client_order_id: &str,
    instrument: &Instrument,
) -> v1::Fill {
    let quote = |minor: Amount| Some(shown(minor, instrument.quote_scale));
    let instrument_name = format!("instruments/{}", instrument.symbol);
    v1::Fill {
        sequence: row.sequence,
        order: match row.order {
            HOUSE_ORDER => String::new(),
            no => format!("accounts/{account}/orders/{}", no.0),
        },
        client_order_id: client_order_id.into(),
        trade: format!("{instrument_name}/trades/{}", row.trade.0),
        instrument: instrument_name,
        side: v1::Side::from(row.side).into(),
        is_maker: row.is_maker,
        price: quote(instrument.price_amount(row.price)),
        quantity: Some(shown(instrument.base_amount(row.quantity), instrument.base_scale)),
        notional: quote(row.notional),
        fee: quote(row.fee),
        tax: quote(row.tax),
        time: Some(timestamp(row.time)),
        post_time: Some(timestamp(row.posted)),
        outside_snapshot: row.source.map_or(0, |source| source.snapshot),
        outside_level: row.source.map_or(0, |source| source.level),
    }
}

/// The new total quantity and price of an amend.
///
/// # Errors
/// Neither is given, or one has the wrong form.
pub fn amended(
    wire: &v1::AmendOrderRequest,
    instrument: &Instrument,
) -> Result<(Option<Amount>, Option<Amount>), BadField> {
    let quantity = amount_if_any("quantity", wire.quantity.as_ref(), instrument.base_scale)?;
    let price = amount_if_any("price", wire.price.as_ref(), instrument.quote_scale)?;
    if quantity.is_none() && price.is_none() {
        return Err(BadField::malformed("quantity", "give a new quantity, a new price, or both"));
    }
    Ok((quantity, price))
}

fn order_type(wire: i32) -> Result<v1::OrderType, BadField> {
    match v1::OrderType::try_from(wire) {
        Ok(v1::OrderType::Unspecified) => Err(BadField::missing("order.type")),
        Ok(known) => Ok(known),
        Err(_) => Err(unknown("order.type", wire)),
    }
}

/// When a GTD order goes.
fn expires(wire: &v1::Order, time_in_force: TimeInForce) -> Result<Option<Time>, BadField> {
    const FIELD: &str = "order.expire_time";
    match time_if_any(FIELD, wire.expire_time.as_ref())? {
        None if time_in_force == TimeInForce::Gtd => Err(BadField::missing(FIELD)),
        Some(_) if time_in_force != TimeInForce::Gtd => {
            Err(BadField::malformed(FIELD, "is for GTD orders only"))
        }
        time => Ok(time),
    }
}

/// # Errors
/// It is missing or no side.
pub fn side(wire: i32) -> Result<Side, BadField> {
    match v1::Side::try_from(wire) {
        Ok(v1::Side::Buy) => Ok(Side::Buy),
        Ok(v1::Side::Sell) => Ok(Side::Sell),
        Ok(v1::Side::Unspecified) => Err(BadField::missing("order.side")),
        Err(_) => Err(unknown("order.side", wire)),
    }
}

fn time_in_force(wire: i32, kind: v1::OrderType, is_market: bool) -> Result<TimeInForce, BadField> {
    const FIELD: &str = "order.time_in_force";
    match v1::TimeInForce::try_from(wire) {
        Ok(v1::TimeInForce::Unspecified) if is_market => Ok(TimeInForce::Ioc),
        // It waits until it is cancelled, and trades at once when it does not wait any more.
        Ok(v1::TimeInForce::Gtc) if is_market && kind != v1::OrderType::Market => {
            Ok(TimeInForce::Ioc)
        }
        Ok(v1::TimeInForce::Gtc) if is_market => {
            Err(BadField::malformed(FIELD, "a market order never rests; use IOC or FOK"))
        }
        Ok(v1::TimeInForce::Unspecified | v1::TimeInForce::Gtc) => Ok(TimeInForce::Gtc),
        Ok(v1::TimeInForce::Ioc) => Ok(TimeInForce::Ioc),
        Ok(v1::TimeInForce::Fok) => Ok(TimeInForce::Fok),
        Ok(v1::TimeInForce::Day | v1::TimeInForce::Gtd) if kind == v1::OrderType::Market => {
            Err(BadField::malformed(FIELD, "a market order never rests; use IOC or FOK"))
        }
        Ok(v1::TimeInForce::Day) => Ok(TimeInForce::Day),
        Ok(v1::TimeInForce::Gtd) => Ok(TimeInForce::Gtd),
        Ok(v1::TimeInForce::AtOpen) => Ok(TimeInForce::AtOpen),
        Ok(v1::TimeInForce::AtClose) => Ok(TimeInForce::AtClose),
        Err(_) => Err(unknown(FIELD, wire)),
    }
}

/// None for the instrument's default.
pub(super) fn self_match(field: &'static str, wire: i32) -> Result<Option<SelfMatch>, BadField> {
    match v1::SelfMatch::try_from(wire) {
        Ok(v1::SelfMatch::Unspecified) => Ok(None),
        Ok(v1::SelfMatch::None) => Ok(Some(SelfMatch::None)),
        Ok(v1::SelfMatch::CancelTaker) => Ok(Some(SelfMatch::CancelTaker)),
        Ok(v1::SelfMatch::CancelMaker) => Ok(Some(SelfMatch::CancelMaker)),
        Ok(v1::SelfMatch::CancelBoth) => Ok(Some(SelfMatch::CancelBoth)),
        Ok(v1::SelfMatch::Decrement) => Ok(Some(SelfMatch::Decrement)),
        Err(_) => Err(unknown(field, wire)),
    }
}

/// # Errors
/// It is none of the wire's words.
pub fn ack(wire: i32) -> Result<Ack, BadField> {
    match v1::Ack::try_from(wire) {
        Ok(v1::Ack::Unspecified | v1::Ack::Result) => Ok(Ack::Result),
        Ok(v1::Ack::Accepted) => Ok(Ack::Accepted),
        Ok(v1::Ack::Full) => Ok(Ack::Full),
        Err(_) => Err(unknown("ack", wire)),
    }
}

pub(super) fn unknown(field: &'static str, value: i32) -> BadField {
    BadField::malformed(field, format!("{value} is none of its values"))
}

/// Why open quantity went, as an order's `reason` says it.
#[must_use]
pub const fn cancel_reason(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::Requested => "REQUESTED",
        CancelReason::NoLiquidity => "NO_LIQUIDITY",
        CancelReason::NotFilledWhole => "NOT_FILLED_WHOLE",
        CancelReason::SelfMatch => "SELF_MATCH",
        CancelReason::AmountSpent => "AMOUNT_SPENT",
        CancelReason::OtherLeg => "OTHER_LEG",
        CancelReason::Expired => "EXPIRED",
        CancelReason::MarketClosed => "MARKET_CLOSED",
        CancelReason::Interrupted => "VOLATILITY_INTERRUPTION",
        CancelReason::HouseCannotPay => "HOUSE_CANNOT_PAY",
        CancelReason::Disconnected => "DISCONNECTED",
    }
}

/// What it is called, by whether it has a price and, if it is a stop, whether it trails.
const fn type_of(is_market: bool, stop_trails: Option<bool>) -> v1::OrderType {
    match (stop_trails, is_market) {
        (Some(true), _) => v1::OrderType::TrailingStop,
        (Some(false), true) => v1::OrderType::Stop,
        (Some(false), false) => v1::OrderType::StopLimit,
        (None, true) => v1::OrderType::Market,
        (None, false) => v1::OrderType::Limit,
    }
}

impl From<Side> for v1::Side {
    fn from(side: Side) -> v1::Side {
        match side {
            Side::Buy => v1::Side::Buy,
            Side::Sell => v1::Side::Sell,
        }
    }
}

impl From<TimeInForce> for v1::TimeInForce {
    fn from(time_in_force: TimeInForce) -> v1::TimeInForce {
        match time_in_force {
            TimeInForce::Gtc => v1::TimeInForce::Gtc,
            TimeInForce::Ioc => v1::TimeInForce::Ioc,
            TimeInForce::Fok => v1::TimeInForce::Fok,
            TimeInForce::Day => v1::TimeInForce::Day,
            TimeInForce::Gtd => v1::TimeInForce::Gtd,
            TimeInForce::AtOpen => v1::TimeInForce::AtOpen,
            TimeInForce::AtClose => v1::TimeInForce::AtClose,
        }
    }
}

impl From<SelfMatch> for v1::SelfMatch {
    fn from(mode: SelfMatch) -> v1::SelfMatch {
        match mode {
            SelfMatch::None => v1::SelfMatch::None,
            SelfMatch::CancelTaker => v1::SelfMatch::CancelTaker,
            SelfMatch::CancelMaker => v1::SelfMatch::CancelMaker,
            SelfMatch::CancelBoth => v1::SelfMatch::CancelBoth,
            SelfMatch::Decrement => v1::SelfMatch::Decrement,
        }
    }
}

impl From<Status> for v1::OrderState {
    fn from(status: Status) -> v1::OrderState {
        match status {
            Status::Pending => v1::OrderState::Pending,
            Status::Reserved => v1::OrderState::Reserved,
            Status::Untriggered => v1::OrderState::Untriggered,
            Status::Open => v1::OrderState::Open,
            Status::PartiallyFilled => v1::OrderState::PartiallyFilled,
            Status::Filled => v1::OrderState::Filled,
            Status::Cancelled => v1::OrderState::Cancelled,
            Status::Expired => v1::OrderState::Expired,
            Status::Rejected => v1::OrderState::Rejected,
        }
    }
}
