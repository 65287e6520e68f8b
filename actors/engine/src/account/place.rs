//! Placing an order: the checks in their order, the hold, the submit.

use super::open_order::held_asset;
use super::terms::{check_terms_form, to_display, to_stop};
use super::till::Till;
use super::{Account, Ask, Context};
use crate::amount::{AMOUNT_MAX, Amount, Lots, Rate, TickLots, Ticks, divide};
use crate::effect::{Answer, Effects};
use crate::ids::{OrderKey, OrderNo, Origin};
use crate::instrument::{Instrument, Manner, Phase};
use crate::message::{BookMessage, Message, Submit};
use crate::order::{OrderRequest, OrderState, Side, Size, Status, TimeInForce};
use crate::reject::{Reject, Shown};
use crate::request::Ack;
use crate::terms::Terms;
use crate::time::Time;

/// An order in the instrument's own units.
pub(super) struct Sized {
    limit: Ticks,
    quantity: Lots,
    quote_amount: Option<Amount>,
    /// At its limit; zero of an order by amount.
    notional: Amount,
    /// In tick-lots.
    value_max: Option<TickLots>,
    pub(super) terms: Option<Box<Terms>>,
}

/// Whom a book answers directly.
#[inline(always)]
pub(super) fn waiting(ask: &Ask, ack: Ack) -> Option<Origin> {
    (ack == Ack::Result).then_some(ask.envelope.origin)
}

/// An order as its book takes it.
#[inline(always)]
pub(super) fn submit_of(
    order: OrderKey,
    asked: &OrderRequest,
    sized: &Sized,
    instrument: &Instrument,
    origin: Option<Origin>,
) -> Submit {
    Submit {
        order,
        side: asked.side,
        limit: sized.limit,
        quantity: sized.quantity,
        value_max: sized.value_max,
        time_in_force: asked.in_force(),
        is_market: asked.price.is_none(),
        post_only: asked.post_only,
        self_match: asked.self_match.unwrap_or(instrument.self_match),
        terms: sized.terms.clone(),
        origin,
    }
}

impl Account {
    pub(super) fn place(
        &mut self,
        ask: &Ask,
        order: &OrderRequest,
        ack: Ack,
        market_price: Option<Ticks>,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        check_form(order)?;
        check_future(order, context.at)?;
        let instrument = context.instrument(order.instrument)?;
        if let Some(second) = order.other_leg() {
            let pair = [order, &second];
            return self.place_pair(ask, pair, ack, market_price, context, out);
        }
        let sized = self.check(order, instrument, market_price, 1)?;
        let need = sized.need(order.side, instrument);
        check_funds(&self.till, order.side, need, instrument)?;
        self.till.hold(held_asset(order.side, instrument), need);
        let no = OrderNo(self.orders.0 + 1);
        let key = self.key(no);
        let submit = || submit_of(key, order, &sized, instrument, waiting(ask, ack));
        let message = || Message::ToBook(instrument.id, BookMessage::Submit(submit()));
        if ack == Ack::Accepted {
            out.answer(ask.envelope.origin, Answer::Accepted(key));
        }
        out.send_with(instrument.partition, message);
        self.enter(ask, order, sized, instrument, need, ack, context.at, out);
        Ok(())
    }

    /// Gives an order its number, and keeps it until it is final.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "all that an order is made of")]
    pub(super) fn enter(
        &mut self,
        ask: &Ask,
        order: &OrderRequest,
        sized: Sized,
        instrument: &Instrument,
        hold: Amount,
        ack: Ack,
        at: Time,
        out: &mut impl Effects,
    ) {
        let no = OrderNo(self.orders.0 + 1);
        self.orders = no;
        let waits = (ack != Ack::Accepted).then_some(ack);
        let remembered = self.memory.open(ask, Some(no), waits);
        let key = self.key(no);
        let Sized { limit, quantity, quote_amount, terms, .. } = sized;
        let is_by_amount = quote_amount.is_some();
        let open = self.open.enter(no);
        open.state = OrderState {
            key,
            client_id: ask.envelope.id,
            instrument: instrument.id,
            side: order.side,
            limit,
            is_market: order.price.is_none(),
            quote_amount,
            time_in_force: order.in_force(),
            post_only: order.post_only,
            self_match: order.self_match.unwrap_or(instrument.self_match),
            terms,
            ordered: if is_by_amount { Lots::ZERO } else { quantity },
            filled: Lots::ZERO,
            cancelled: Lots::ZERO,
            notional: 0,
            fee: 0,
            tax: 0,
            status: Status::Pending,
            reason: None,
            arrival: 0,
            last_arrival: 0,
            created: at,
            updated: at,
            event: 0,
        };
        open.remembered = remembered;
        open.fees = instrument.fees;
        open.hold = hold;
        open.fills = (ack == Ack::Full).then(Box::default);
        self.till.tell(&mut open.state, out);
    }

    pub(super) fn check(
        &self,
        order: &OrderRequest,
        instrument: &Instrument,
        market_price: Option<Ticks>,
        orders: u64,
    ) -> Result<Sized, Reject> {
        self.check_alive()?;
        instrument.check_phase(Manner::from(order))?;
        instrument.check_followed(order)?;
        let stop = order.stop().map(|asked| to_stop(order, asked, market_price, instrument));
        let stop = match stop.transpose() {
            // Far beyond any band, as a limit may be: said at the band's turn.
            Err(beyond @ Reject::PriceOutOfBand { .. }) => Err(beyond),
            known => Ok(known?),
        };
        let mut sized = match (order.price, &stop) {
            (Some(price), _) => size_limit(order, price, instrument)?,
            // It fires where the market then is: around its trigger.
            (None, Ok(Some(stop))) => size_market(order, Some(stop.trigger), instrument)?,
            (None, _) => size_market(order, market_price, instrument)?,
        };
        if sized.quote_amount.is_none() {
            check_notional(instrument, sized.notional)?;
        }
        instrument.check_band(sized.limit)?;
        let stop = stop?;
        if let Some(asked) = &order.terms {
            stop.map_or(Ok(()), |stop| instrument.check_band(stop.trigger))?;
            let display = to_display(asked, sized.quantity, instrument)?;
            let expires = asked.expires;
            sized.terms = Some(Box::new(Terms { stop, display, other: None, expires }));
        }
        self.check_open(instrument, orders)?;
        Ok(sized)
    }

    /// Whether so many more orders may be open in an instrument.
    fn check_open(&self, instrument: &Instrument, more: u64) -> Result<(), Reject> {
        let max = u64::from(instrument.open_orders_max);
        // Nearly nobody has as many in all instruments together.
        if self.open.len() as u64 + more <= max {
            return Ok(());
        }
        let here = self.open_orders().filter(|order| order.state.instrument == instrument.id);
        let open = here.count() as u64;
        if open + more <= max { Ok(()) } else { Err(Reject::TooManyOpenOrders { open, max }) }
    }
}

impl Sized {
    #[inline(always)]
    fn by_quantity(limit: Ticks, quantity: Lots, instrument: &Instrument) -> Sized {
        let notional = instrument.notional(limit, quantity);
        Sized { limit, quantity, quote_amount: None, notional, value_max: None, terms: None }
    }

    /// What has to be held for it.
    pub(super) fn need(&self, side: Side, instrument: &Instrument) -> Amount {
        match (side, self.quote_amount) {
            (Side::Sell, _) => instrument.base_amount(self.quantity),
            (Side::Buy, Some(amount)) => amount,
            (Side::Buy, None) => self.notional + instrument.fees.bound().ceil(self.notional),
        }
    }
}

/// Whether so much more can be held.
#[inline]
pub(super) fn check_funds(
    till: &Till,
    side: Side,
    need: Amount,
    instrument: &Instrument,
) -> Result<(), Reject> {
    let (asset, scale) = match side {
        Side::Buy => (instrument.quote, instrument.quote_scale),
        Side::Sell => (instrument.base, instrument.base_scale),
    };
    let available = till.get(asset).available;
    if available >= need {
        return Ok(());
    }
    Err(short_of(side, need, available, scale, instrument))
}

#[cold]
fn short_of(
    side: Side,
    need: Amount,
    available: Amount,
    scale: u8,
    instrument: &Instrument,
) -> Reject {
    let needed = Shown { minor: need, scale };
    let available = Shown { minor: available, scale };
    match side {
        Side::Buy => {
            let asset = instrument.quote_code.clone();
            Reject::InsufficientFunds { needed, available, asset }
        }
        Side::Sell => {
            let asset = instrument.base_code.clone();
            Reject::InsufficientHoldings { needed, available, asset }
        }
    }
}

pub(super) fn malformed(field: &str, rule: &str) -> Reject {
    Reject::Malformed { field: field.into(), rule: rule.into() }
}

/// What is wrong with an order by itself, whatever it is for.
///
/// # Errors
/// [`Reject::Malformed`].
#[inline]
pub fn check_form(order: &OrderRequest) -> Result<(), Reject> {
    let is_market = order.price.is_none();
    if order.price.is_some_and(|price| price <= 0) {
        return Err(malformed("price", "must be above zero"));
    }
    match order.size {
        Size::Quantity(quantity) if quantity <= 0 => {
            return Err(malformed("quantity", "must be above zero"));
        }
        Size::QuoteAmount(amount) if amount <= 0 || amount > AMOUNT_MAX => {
            let rule = format!("must be above zero and at most {AMOUNT_MAX} of its smallest units");
            return Err(malformed("quote_amount", &rule));
        }
        Size::QuoteAmount(_) if !is_market || order.side == Side::Sell => {
            return Err(malformed("quote_amount", "is for market buys only"));
        }
        Size::QuoteAmount(_) if order.time_in_force == TimeInForce::Fok => {
            return Err(malformed("time_in_force", "an amount has no whole to fill; use IOC"));
        }
        _ => {}
    }
    order.terms.as_ref().map_or(Ok(()), |terms| check_terms_form(order, terms))?;
    if order.post_only && (is_market || !order.time_in_force.rests()) {
        return Err(malformed("post_only", "is for limit orders that may rest"));
    }
    match order.time_in_force {
        TimeInForce::Day | TimeInForce::Gtd if is_market && order.stop().is_none() => {
            Err(malformed("time_in_force", "a market order never rests; use IOC or FOK"))
        }
        TimeInForce::Gtd if order.expires().is_none() => {
            Err(malformed("expire_time", "is required for GTD orders"))
        }
        TimeInForce::Gtd => Ok(()),
        _ if order.expires().is_some() => Err(malformed("expire_time", "is for GTD orders only")),
        _ => Ok(()),
    }
}

/// Whether there is still time for it.
#[inline]
pub(super) fn check_future(order: &OrderRequest, at: Time) -> Result<(), Reject> {
    match order.expires() {
        Some(time) if time <= at => Err(malformed("expire_time", "must lie in the future")),
        _ => Ok(()),
    }
}

fn size_limit(
    order: &OrderRequest,
    price: Amount,
    instrument: &Instrument,
) -> Result<Sized, Reject> {
    let limit = match to_ticks(price, instrument) {
        // Far beyond any band: said at the band's turn, after lot and size.
        Err(beyond @ Reject::PriceOutOfBand { .. }) => Err(beyond),
        on_grid => Ok(on_grid?),
    };
    if let Ok(limit) = limit {
        instrument.check_tick(limit)?;
    }
    let Size::Quantity(quantity) = order.size else {
        return Err(malformed("quote_amount", "is for market buys only"));
    };
    let quantity = to_lots(quantity, instrument)?;
    instrument.check_size(quantity)?;
    Ok(Sized::by_quantity(limit?, quantity, instrument))
}

fn size_market(
    order: &OrderRequest,
    market_price: Option<Ticks>,
    instrument: &Instrument,
) -> Result<Sized, Reject> {
    let mut quantity = instrument.quantity_max;
    if let Size::Quantity(asked) = order.size {
        quantity = to_lots(asked, instrument)?;
        instrument.check_size(quantity)?;
    }
    let symbol = || instrument.symbol.clone();
    let is_buy = order.side == Side::Buy;
    let in_call = instrument.phase != Phase::Continuous || order.time_in_force.is_for_call();
    // Before a call has made a price there is one to go by: that of the day before.
    // Where an outside book is followed, its feed may not have come yet.
    let has_base = in_call || instrument.follow.is_some();
    let market_price = market_price.or(instrument.base_price.filter(|_| has_base));
    let from = market_price.ok_or_else(|| Reject::NoReferencePrice { symbol: symbol() })?;
    let limit = if in_call && order.stop().is_none() {
        instrument.worst_of_call(is_buy, from)
    } else {
        instrument.collared(is_buy, from)
    };
    match order.size {
        Size::Quantity(_) if is_buy => Ok(Sized::by_quantity(limit, quantity, instrument)),
        // What it has to come to at least is asked where the market is, not at the worst that it
        // would sell for.
        Size::Quantity(_) => {
            let notional = instrument.notional(from, quantity);
            Ok(Sized { notional, ..Sized::by_quantity(limit, quantity, instrument) })
        }
        Size::QuoteAmount(amount) => {
            let spendable = most_notional(amount, instrument.fees.bound());
            // Not even one lot at one tick can be had for less than a unit.
            let unit = instrument.unit();
            let value_max = Some((spendable / unit) as TickLots);
            check_least(instrument, spendable, unit)?;
            check_most(instrument, spendable)?;
            let quote_amount = Some(amount);
            Ok(Sized { limit, quantity, quote_amount, notional: 0, value_max, terms: None })
        }
    }
}

/// The largest notional that, with its fee at `rate`, costs at most `amount`.
fn most_notional(amount: Amount, rate: Rate) -> Amount {
    let mut notional = amount * Rate::ONE / (Rate::ONE + Amount::from(rate.0));
    while notional + rate.ceil(notional) > amount {
        notional -= 1;
    }
    notional
}

#[inline]
pub(super) fn check_notional(instrument: &Instrument, notional: Amount) -> Result<(), Reject> {
    check_least(instrument, notional, 1)?;
    check_most(instrument, notional)
}

/// Whether it is no more than orders may come to.
#[inline(always)]
fn check_most(instrument: &Instrument, notional: Amount) -> Result<(), Reject> {
    let most = match instrument.notional_max {
        0 => AMOUNT_MAX,
        most => most.min(AMOUNT_MAX),
    };
    if notional <= most {
        return Ok(());
    }
    Err(above_most(instrument, notional, most))
}

#[cold]
fn above_most(instrument: &Instrument, notional: Amount, most: Amount) -> Reject {
    let scale = instrument.quote_scale;
    let (notional, max) = (Shown { minor: notional, scale }, Shown { minor: most, scale });
    Reject::NotionalTooLarge { notional, max, quote: instrument.quote_code.clone() }
}

/// Whether it is as much as orders must come to, and at least `least`.
#[inline(always)]
fn check_least(instrument: &Instrument, notional: Amount, least: Amount) -> Result<(), Reject> {
    if notional >= instrument.notional_min.max(least) {
        return Ok(());
    }
    Err(below_least(instrument, notional))
}

#[cold]
fn below_least(instrument: &Instrument, notional: Amount) -> Reject {
    let scale = instrument.quote_scale;
    let least = instrument.notional_min.max(instrument.unit());
    let (notional, min) = (Shown { minor: notional, scale }, Shown { minor: least, scale });
    Reject::NotionalTooSmall { notional, min, quote: instrument.quote_code.clone() }
}

/// A price in quote minor units as smallest ticks.
pub(super) fn to_ticks(price: Amount, instrument: &Instrument) -> Result<Ticks, Reject> {
    if price <= 0 {
        return Err(malformed("price", "must be above zero"));
    }
    let shown = |minor| Shown { minor, scale: instrument.quote_scale };
    let (whole, rest) = divide(price, instrument.tick);
    if whole >= Amount::from(Ticks::MAX.0) {
        let low = shown(instrument.tick);
        let high = shown(instrument.price_amount(Ticks(Ticks::MAX.0 - 1)));
        return Err(Reject::PriceOutOfBand { price: shown(price), low, high });
    }
    let floor = Ticks(whole as u32);
    if rest == 0 {
        return Ok(floor);
    }
    Err(instrument.off_tick(shown(price), floor))
}

/// A quantity in base minor units as lots.
pub(super) fn to_lots(quantity: Amount, instrument: &Instrument) -> Result<Lots, Reject> {
    if quantity <= 0 {
        return Err(malformed("quantity", "must be above zero"));
    }
    let shown = |minor| Shown { minor, scale: instrument.base_scale };
    let (lots, rest) = divide(quantity, instrument.lot);
    if rest != 0 {
        let (quantity, lot) = (shown(quantity), shown(instrument.lot));
        let base = instrument.base_code.clone();
        return Err(Reject::QuantityNotOnLot { quantity, lot, base });
    }
    if lots > Amount::from(Lots::MAX.0) {
        let max = instrument.shown_quantity(instrument.quantity_max);
        return Err(Reject::QuantityTooLarge { quantity: shown(quantity), max });
    }
    Ok(Lots(lots as u64))
}
