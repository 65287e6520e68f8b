//! A new order: from the wire to the engine, and the engine's answer back.

use super::desk::{Desk, shown_at, unexpected};
use super::failure::{Refused, unread};
use super::fault;
use super::identity::{body_hash, identified, order_id};
use super::meters::{OrderKind, OrderResult};
use super::rows::filled_on_entry;
use super::symbols::Symbols;
use crate::auth::Caller;
use hoga_cluster::runtime::{At, Identified, Reply};
use hoga_engine::account::{Context, check_form};
use hoga_engine::amount::Amount;
use hoga_engine::book::Listing;
use hoga_engine::effect::Answer;
use hoga_engine::history::FillRow;
use hoga_engine::ids::{OrderKey, OrderNo, Origin};
use hoga_engine::instrument::Instrument;
use hoga_engine::message::Outcome;
use hoga_engine::order::{OrderRequest, Size, Status};
use hoga_engine::reject::Reject;
use hoga_engine::request::{AccountRequest, Ack, Envelope};
use hoga_engine::topology::Role;
use hoga_proto::convert::{numbers, order as wire};
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use std::sync::Arc;
use tokio::time::Instant;

/// An order that is well formed and may be placed.
pub struct Placing {
    pub account: AccountName,
    pub identified: Identified,
    pub order: OrderRequest,
    ack: Ack,
    symbols: Arc<Symbols>,
    /// What the answer starts from: the client's own order, or none of it in a session, where
    /// thousands wait at a time.
    echo: Option<Box<v1::Order>>,
    /// The client gave no id, so the answer says which one was given here.
    was_named_here: bool,
    since: Instant,
}

impl Placing {
    /// Reads a request.
    ///
    /// # Errors
    /// It is not the caller's account, nothing is listed under the name, or a field is malformed.
    pub fn of(
        desk: &Desk,
        caller: &Caller,
        message: v1::CreateOrderRequest,
        is_echoed: bool,
    ) -> Result<Placing, Refused> {
        let account = caller.account("parent", &message.parent)?;
        desk.pace.admit(&account)?;
        let Some(order) = message.order else {
            return Err(Box::new(Refusal::malformed("order", "is required and was not given")));
        };
        let ack = wire::ack(message.ack)?;
        let id = order_id(&order.client_order_id, &message.request_id, &desk.names)?;
        let symbols = desk.symbols();
        let known = symbols.instrument("order.instrument", &order.instrument);
        let instrument = known.map_err(|unknown| malformed(&order, &symbols).unwrap_or(unknown))?;
        let mut read = wire::request(&order, instrument)?;
        if let Some(second) = &message.oco_order {
            read = wire::paired(read, second, &order, instrument)?;
        }
        let hash = body_hash(&AccountRequest::Place {
            order: read.clone(),
            ack: Ack::Result,
            market_price: None,
        });
        let identified = identified(id, hash, message.sent_at.as_ref(), caller)?;
        let was_named_here = order.client_order_id.is_empty();
        let echo = is_echoed.then(|| Box::new(wire::without_outputs(order)));
        let since = Instant::now();
        let order = read;
        Ok(Placing { account, identified, order, ack, symbols, echo, was_named_here, since })
    }

    /// The order that an answer starts from: as the client sent it, with what it left to the
    /// exchange.
    fn echo(&mut self, instrument: &Instrument) -> v1::Order {
        let mut order = self.echo.take().map_or_else(v1::Order::default, |order| {
            let self_match = self.order.self_match.unwrap_or(instrument.self_match);
            v1::Order {
                time_in_force: v1::TimeInForce::from(self.order.in_force()).into(),
                self_match: v1::SelfMatch::from(self_match).into(),
                ..*order
            }
        });
        if self.was_named_here {
            order.client_order_id = self.identified.id.as_str().into();
        }
        order
    }

    /// What the engine is asked.
    #[must_use]
    pub fn request(&self) -> AccountRequest {
        AccountRequest::Place { order: self.order.clone(), ack: self.ack, market_price: None }
    }

    /// What the client is told.
    ///
    /// # Errors
    /// The order was refused, or there is no answer.
    pub async fn conclude(
        self,
        desk: &Desk,
        caller: &Caller,
        reply: Reply,
    ) -> Result<v1::CreateOrderResponse, Refused> {
        let (side, kind) = (self.order.side, OrderKind::of(&self.order));
        let (symbols, id) = (self.symbols.clone(), self.order.instrument);
        let count = |result| {
            if let Some(meters) = symbols.meters(id) {
                meters.count(side, kind, result);
            }
        };
        let is_repeated = reply.is_repeated;
        let (answer, at) =
            desk.answered(caller, reply).inspect_err(|_| count(OrderResult::Unknown))?;
        desk.acks.record(self.ack, self.since.elapsed());
        count(result_of(&answer));
        let answer = match answer {
            // Only its outcome is remembered; what it traded is in the history.
            Answer::Decided { outcome, .. } if is_repeated && self.ack == Ack::Full => {
                let fills = filled_on_entry(desk, caller, &self.account, &outcome).await?;
                Answer::Settled { outcome, fills }
            }
            answer => answer,
        };
        let other = self.order.other().map(|other| (self.account.clone(), other));
        let key = match &answer {
            Answer::Accepted(key) => Some(*key),
            Answer::Decided { outcome, .. } | Answer::Settled { outcome, .. } => {
                Some(outcome.order)
            }
            _ => None,
        };
        let mut told = self.answer(desk, answer, at, is_repeated)?;
        if let (Some((account, other)), Some(key)) = (other, key) {
            told.oco_order = Some(second(&account, key, other.id.as_str()));
        }
        Ok(told)
    }

    fn answer(
        mut self,
        desk: &Desk,
        answer: Answer,
        at: At,
        repeated_answer: bool,
    ) -> Result<v1::CreateOrderResponse, Refused> {
        let symbols = self.symbols.clone();
        let instrument = symbols.listed(self.order.instrument).expect("it was listed a moment ago");
        let mut shown = self.echo(instrument);
        let Placing { account, identified, order, .. } = self;
        let is_account = desk.exchange.topology().role(at.partition) == Role::Accounts;
        let (position, book_position) =
            if is_account { (Some(shown_at(at)), None) } else { (None, Some(shown_at(at))) };
        match answer {
            Answer::Accepted(key) => {
                shown.name = wire::name(account.id(), key);
                shown.state = v1::OrderState::Pending.into();
                shown.filled_quantity = Some(numbers::shown(0, instrument.base_scale));
                shown.remaining_quantity.clone_from(&shown.quantity);
                let order = Some(shown);
                Ok(v1::CreateOrderResponse { order, position, ..Default::default() })
            }
            Answer::Decided { outcome, settles } => {
                desk.promised.note(&account, settles);
                decide(&mut shown, &outcome, &account, instrument, &order);
                Ok(v1::CreateOrderResponse {
                    order: Some(shown),
                    position,
                    book_position,
                    settles: settles.map(Into::into),
                    repeated_answer,
                    ..Default::default()
                })
            }
            Answer::Settled { outcome, fills } => {
                decide(&mut shown, &outcome, &account, instrument, &order);
                let id = identified.id.as_str();
                settle(&mut shown, &fills, instrument);
                let fills = fills.iter().map(|fill| wire::fill(fill, account.id(), id, instrument));
                Ok(v1::CreateOrderResponse {
                    order: Some(shown),
                    settled_position: position,
                    fills: fills.collect(),
                    repeated_answer,
                    ..Default::default()
                })
            }
            Answer::Rejected { order: key, reject } => {
                let refusal = fault::refused(&reject, &order, instrument);
                Err(match key {
                    Some(key) => {
                        let name = wire::name(account.id(), key);
                        Box::new(refusal.resource(name))
                    }
                    None => refusal,
                })
            }
            other => unexpected(&other),
        }
    }

    /// Makes every check of the account and then those of the book, and places nothing.
    ///
    /// # Errors
    /// What placing it would be refused for.
    pub async fn validate(mut self, desk: &Desk) -> Result<v1::CreateOrderResponse, Refused> {
        let order = self.order.clone();
        let market_price = desk.exchange.quote(order.instrument).market_price(&order);
        let now = desk.exchange.options().clock.now();
        let Identified { id, body_hash, sent_at, .. } = self.identified;
        // Nobody is answered.
        let origin = Origin { node: 0, incarnation: 0, request: 0 };
        let envelope = Envelope { origin, id, body_hash, sent_at };
        let reading = desk.reading(&self.account, None, None)?;
        let checked = desk.look(&self.account, reading, move |account, scene, at| {
            let context =
                Context { catalogue: &scene.catalogue, topology: &scene.topology, at: now };
            let asked = account.validate(&envelope, &order, market_price, &context);
            asked.map(|asked| (asked, at)).map_err(Box::new)
        });
        let symbols = self.symbols.clone();
        let instrument = symbols.listed(self.order.instrument).expect("it was listed a moment ago");
        let refusal = |reject: Box<Reject>| fault::refused(&reject, &self.order, instrument);
        let (asked, at) = checked.await?.map_err(refusal)?;
        if let Some(asked) = asked {
            let validate = move |listing: &Listing, _| listing.validate(&asked).map_err(Box::new);
            let checked = desk.exchange.book(self.order.instrument, None, validate).await;
            checked.map_err(|error| unread(&error))?.map_err(refusal)?;
        }
        Ok(v1::CreateOrderResponse {
            order: Some(self.echo(instrument)),
            position: Some(shown_at(at)),
            ..Default::default()
        })
    }
}

/// What is wrong with the form of an order whose instrument is not listed: that is told first.
fn malformed(order: &v1::Order, symbols: &Symbols) -> Option<Refused> {
    // A form depends on an instrument by its decimals alone; with so many no number has too many.
    let any = symbols.catalogue().instruments.values().next()?;
    let stand_in = Instrument { base_scale: 18, quote_scale: 18, ..any.clone() };
    match wire::request(order, &stand_in) {
        Err(bad) => Some(bad.into()),
        Ok(mut read) => {
            // How much is too much depends on the decimals.
            if let Size::QuoteAmount(amount) = &mut read.size {
                *amount = 1;
            }
            check_form(&read).err().map(|reject| fault::refused(&reject, &read, &stand_in))
        }
    }
}

/// The second of two orders: an account numbers them one after the other.
fn second(account: &AccountName, first: OrderKey, id: &str) -> v1::Order {
    let key = OrderKey { no: OrderNo(first.no.0 + 1), ..first };
    let name = wire::name(account.id(), key);
    v1::Order { name, client_order_id: id.into(), ..v1::Order::default() }
}

/// Writes the book's decision about a new order, and what it traded on entry.
fn decide(
    shown: &mut v1::Order,
    outcome: &Outcome,
    account: &AccountName,
    instrument: &Instrument,
    asked: &OrderRequest,
) {
    wire::decide(shown, outcome, account.id(), instrument);
    let quote = |minor: Amount| Some(numbers::shown(minor, instrument.quote_scale));
    let base = |lots| Some(numbers::shown(instrument.base_amount(lots), instrument.base_scale));
    shown.cancelled_quantity = base(outcome.cancelled);
    let value = Amount::try_from(outcome.value).unwrap_or(Amount::MAX);
    shown.notional = value.checked_mul(instrument.unit()).and_then(quote);
    if asked.price.is_none() {
        shown.worst_price = quote(instrument.price_amount(outcome.limit));
    }
    if let Size::QuoteAmount(_) = asked.size {
        shown.quantity = base(outcome.filled);
    }
}

/// Writes what the fills cost, now that all of them are settled.
fn settle(shown: &mut v1::Order, fills: &[FillRow], instrument: &Instrument) {
    let sum = |part: fn(&FillRow) -> Amount| {
        Some(numbers::shown(fills.iter().map(part).sum(), instrument.quote_scale))
    };
    shown.notional = sum(|fill| fill.notional);
    shown.fee = sum(|fill| fill.fee);
    shown.tax = sum(|fill| fill.tax);
}

fn result_of(answer: &Answer) -> OrderResult {
    match answer {
        Answer::Accepted(_) => OrderResult::Accepted,
        Answer::Decided { outcome, .. } | Answer::Settled { outcome, .. } => match outcome.status {
            Status::Filled => OrderResult::Filled,
            Status::Cancelled | Status::Expired => OrderResult::Cancelled,
            Status::Rejected => OrderResult::Refused,
            Status::Pending
            | Status::Reserved
            | Status::Untriggered
            | Status::Open
            | Status::PartiallyFilled => OrderResult::Resting,
        },
        _ => OrderResult::Refused,
    }
}
