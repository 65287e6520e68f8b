//! Sentences as requests of the exchange, and requests as sentences for the tape.

use hoga_engine::amount::Rate;
use hoga_engine::client_id::ClientId;
use hoga_engine::ids::{AssetId, OrderNo};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::{self as engine, OrderRequest, Size};
use hoga_engine::request::{AccountRequest, Ack, OrderRef as EngineRef};
use hoga_engine::terms::{self as engine_terms, StopAsked, TermsAsked};
use hoga_engine::time::Time;

use crate::grammar::{
    Act, Distance, Order, OrderKind, OrderRef, SelfMatch, Side, Stop, TimeInForce,
};
use crate::listing::{self, Market};
use crate::names;
use crate::numbers::Amount;
use crate::time::Millis;

const NANOS_A_MILLI: u64 = 1_000_000;

/// Why a sentence makes no request: a gateway refuses it with this reason before the exchange sees
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unmade(pub &'static str);

const MALFORMED: Unmade = Unmade("MALFORMED");

/// What an account asks for. `amended` is the instrument of the order that an amend names, when
/// the account has such an order: its scales tell what the numbers mean.
pub(super) fn request(
    act: &Act,
    market: &Market,
    amended: Option<&Instrument>,
    now: Time,
) -> Result<AccountRequest, Unmade> {
    Ok(match act {
        Act::Place(order) => {
            let order = placed(order, market, now)?;
            AccountRequest::Place { order, ack: Ack::Result, market_price: None }
        }
        Act::Cancel(order) => AccountRequest::Cancel { order: reference(order)? },
        Act::CancelAll => AccountRequest::CancelAll { instrument: None },
        Act::Amend { order, quantity, price } => {
            let order = reference(order)?;
            let (base, quote) = scales(amended);
            let quantity = quantity.minor(base).ok_or(MALFORMED)?;
            let price = price.minor(quote).ok_or(MALFORMED)?;
            AccountRequest::Amend { order, quantity: Some(quantity), price: Some(price) }
        }
        Act::Deposit { amount, asset } => {
            let (asset, amount) = money(*amount, asset, market)?;
            AccountRequest::Deposit { asset, amount }
        }
        Act::Withdraw { amount, asset } => {
            let (asset, amount) = money(*amount, asset, market)?;
            AccountRequest::Withdraw { asset, amount }
        }
    })
}

/// The decimals of an amend's quantity and price. Without an order to amend the exchange refuses
/// whatever they are, and no asset has more than these.
fn scales(amended: Option<&Instrument>) -> (u32, u32) {
    amended.map_or((12, 12), |i| (i.base_scale.into(), i.quote_scale.into()))
}

fn placed(order: &Order, market: &Market, now: Time) -> Result<OrderRequest, Unmade> {
    let symbol = order.symbol.as_str();
    let listed = market.instruments.iter().find(|instrument| *instrument.symbol == *symbol);
    let instrument = listed.ok_or(Unmade("UNKNOWN_INSTRUMENT"))?;
    let quantity = |amount: &Amount| {
        amount.minor(instrument.base_scale.into()).map(Size::Quantity).ok_or(MALFORMED)
    };
    let quote = |amount: &Amount| amount.minor(instrument.quote_scale.into()).ok_or(MALFORMED);
    let (size, price) = match &order.kind {
        OrderKind::Limit { quantity: size, price } => (quantity(size)?, Some(quote(price)?)),
        OrderKind::Market { quantity: size } => (quantity(size)?, None),
        OrderKind::MarketSpend { amount, asset } if *instrument.quote_code == *asset.as_str() => {
            (Size::QuoteAmount(quote(amount)?), None)
        }
        OrderKind::MarketSpend { .. } => return Err(MALFORMED),
    };
    Ok(OrderRequest {
        instrument: instrument.id,
        side: match order.side {
            Side::Buy => engine::Side::Buy,
            Side::Sell => engine::Side::Sell,
        },
        size,
        price,
        time_in_force: match order.lasts {
            Some(_) => engine::TimeInForce::Gtd,
            None => time_in_force(order.time_in_force),
        },
        post_only: order.post_only,
        self_match: order.self_match.map(listing::self_match),
        terms: terms(order, instrument, now)?,
    })
}

/// What it asks for besides; none for most.
fn terms(
    order: &Order,
    instrument: &Instrument,
    now: Time,
) -> Result<Option<Box<TermsAsked>>, Unmade> {
    let base = |part: Amount| part.minor(instrument.base_scale.into()).ok_or(MALFORMED);
    let quote = |amount: &Amount| amount.minor(instrument.quote_scale.into()).ok_or(MALFORMED);
    let stop = order.stop.map(|stop| asked_stop(stop, quote)).transpose()?;
    let display = order.show.map(base).transpose()?;
    let expires = order.lasts.map(|length| Time(now.0 + length.0 * NANOS_A_MILLI));
    let is_plain = stop.is_none() && display.is_none() && expires.is_none();
    Ok((!is_plain).then(|| Box::new(TermsAsked { stop, display, other: None, expires })))
}

fn asked_stop(
    said: Stop,
    quote: impl Fn(&Amount) -> Result<i128, Unmade>,
) -> Result<StopAsked, Unmade> {
    let distance = |said: Distance| match said {
        Distance::Price(amount) => quote(&amount).map(engine_terms::Distance::Price),
        Distance::Percent(percent) => {
            let rate =
                percent.minor(Rate::PERCENT_SCALE.into()).and_then(|rate| i64::try_from(rate).ok());
            rate.map(|rate| engine_terms::Distance::Share(Rate(rate))).ok_or(MALFORMED)
        }
    };
    Ok(match said {
        Stop::At(price) => StopAsked::At(quote(&price)?),
        Stop::Trailing { offset, step } => StopAsked::Trailing {
            offset: distance(offset)?,
            step: step.map_or(Ok(engine_terms::Distance::Price(0)), distance)?,
        },
    })
}

fn said_stop(asked: &StopAsked, quote: impl Fn(i128) -> Option<Amount>) -> Option<Stop> {
    let distance = |asked: &engine_terms::Distance<i128>| match *asked {
        engine_terms::Distance::Price(amount) => quote(amount).map(Distance::Price),
        engine_terms::Distance::Share(rate) => {
            Amount::from_minor(rate.0.into(), Rate::PERCENT_SCALE.into()).map(Distance::Percent)
        }
    };
    Some(match asked {
        StopAsked::At(price) => Stop::At(quote(*price)?),
        StopAsked::Trailing { offset, step } => {
            let step = Some(step).filter(|step| **step != engine_terms::Distance::Price(0));
            let step = match step {
                Some(step) => Some(distance(step)?),
                None => None,
            };
            Stop::Trailing { offset: distance(offset)?, step }
        }
    })
}

fn time_in_force(said: Option<TimeInForce>) -> engine::TimeInForce {
    match said {
        None | Some(TimeInForce::Gtc) => engine::TimeInForce::Gtc,
        Some(TimeInForce::Ioc) => engine::TimeInForce::Ioc,
        Some(TimeInForce::Fok) => engine::TimeInForce::Fok,
        Some(TimeInForce::Day) => engine::TimeInForce::Day,
        Some(TimeInForce::AtOpen) => engine::TimeInForce::AtOpen,
        Some(TimeInForce::AtClose) => engine::TimeInForce::AtClose,
    }
}

fn reference(order: &OrderRef) -> Result<EngineRef, Unmade> {
    match order {
        OrderRef::Number(number) => Ok(EngineRef::No(OrderNo(*number))),
        OrderRef::Client(id) => {
            ClientId::parse(id.as_str()).map(EngineRef::ClientId).map_err(|_| MALFORMED)
        }
    }
}

fn money(amount: Amount, asset: &names::Asset, market: &Market) -> Result<(AssetId, i128), Unmade> {
    let known = market.assets.iter().find(|known| *known.code == *asset.as_str());
    let known = known.ok_or(Unmade("UNKNOWN_ASSET"))?;
    Ok((known.id, amount.minor(known.scale.into()).ok_or(MALFORMED)?))
}

/// The sentence that says a request, for the tape; none for what no sentence says (transfers and
/// resets, which no scenario makes).
pub(super) fn act(
    request: &AccountRequest,
    id: Option<ClientId>,
    market: &Market,
    amended: Option<&Instrument>,
    now: Time,
) -> Option<Act> {
    let cash = |asset: AssetId, amount: i128| {
        let asset = market.assets.iter().find(|known| known.id == asset)?;
        let amount = Amount::from_minor(amount, asset.scale.into())?;
        Some((amount, asset.code.parse().ok()?))
    };
    match request {
        AccountRequest::Place { order, .. } => said(order, id, market, now).map(Act::Place),
        AccountRequest::Cancel { order } => Some(Act::Cancel(said_reference(*order)?)),
        AccountRequest::CancelAll { .. } => Some(Act::CancelAll),
        AccountRequest::Amend { order, quantity, price } => {
            let (base, quote) = scales(amended);
            let quantity = Amount::from_minor((*quantity)?, base)?;
            let price = Amount::from_minor((*price)?, quote)?;
            Some(Act::Amend { order: said_reference(*order)?, quantity, price })
        }
        AccountRequest::Deposit { asset, amount } => {
            let (amount, asset) = cash(*asset, *amount)?;
            Some(Act::Deposit { amount, asset })
        }
        AccountRequest::Withdraw { asset, amount } => {
            let (amount, asset) = cash(*asset, *amount)?;
            Some(Act::Withdraw { amount, asset })
        }
        AccountRequest::Open
        | AccountRequest::KillSwitch { .. }
        | AccountRequest::Lapse { .. }
        | AccountRequest::Transfer { .. }
        | AccountRequest::Reset { .. }
        | AccountRequest::FundHouse { .. } => None,
    }
}

fn said(order: &OrderRequest, id: Option<ClientId>, market: &Market, now: Time) -> Option<Order> {
    let instrument = market.instruments.iter().find(|listed| listed.id == order.instrument)?;
    let base = |amount| Amount::from_minor(amount, instrument.base_scale.into());
    let quote = |amount| Amount::from_minor(amount, instrument.quote_scale.into());
    let kind = match (order.size, order.price) {
        (Size::Quantity(size), Some(price)) => {
            OrderKind::Limit { quantity: base(size)?, price: quote(price)? }
        }
        (Size::Quantity(size), None) => OrderKind::Market { quantity: base(size)? },
        (Size::QuoteAmount(amount), _) => {
            let asset = instrument.quote_code.parse().ok()?;
            OrderKind::MarketSpend { amount: quote(amount)?, asset }
        }
    };
    let stop = match order.stop() {
        Some(asked) => Some(said_stop(asked, quote)?),
        None => None,
    };
    // No sentence says two orders at once.
    if order.other().is_some() {
        return None;
    }
    let show = match order.terms.as_ref().and_then(|terms| terms.display) {
        Some(display) => Some(base(display)?),
        None => None,
    };
    let lasts = order.expires().map(|at| Millis(at.0.saturating_sub(now.0) / NANOS_A_MILLI));
    Some(Order {
        side: match order.side {
            engine::Side::Buy => Side::Buy,
            engine::Side::Sell => Side::Sell,
        },
        symbol: instrument.symbol.parse().ok()?,
        kind,
        time_in_force: match order.time_in_force {
            engine::TimeInForce::Gtc => None,
            engine::TimeInForce::Ioc => Some(TimeInForce::Ioc),
            engine::TimeInForce::Fok => Some(TimeInForce::Fok),
            engine::TimeInForce::Day => Some(TimeInForce::Day),
            engine::TimeInForce::AtOpen => Some(TimeInForce::AtOpen),
            engine::TimeInForce::AtClose => Some(TimeInForce::AtClose),
            // Said by how long it lasts.
            engine::TimeInForce::Gtd => None,
        },
        lasts,
        post_only: order.post_only,
        self_match: order.self_match.map(said_self_match),
        stop,
        show,
        id: id.and_then(|id| id.as_str().parse().ok()),
    })
}

fn said_reference(order: EngineRef) -> Option<OrderRef> {
    Some(match order {
        EngineRef::No(no) => OrderRef::Number(no.0),
        EngineRef::ClientId(id) => OrderRef::Client(id.as_str().parse().ok()?),
    })
}

fn said_self_match(mode: engine::SelfMatch) -> SelfMatch {
    let modes = SelfMatch::ALL.map(|(_, said)| said);
    let found = modes.into_iter().find(|said| listing::self_match(*said) == mode);
    found.unwrap_or(SelfMatch::CancelTaker)
}
