//! Cancels and amends: what is asked of an order that exists.

use super::desk::{Desk, Reading, shown_at, unexpected};
use super::failure::{Refused, rejected};
use super::finding::find;
use super::identity::{body_hash, identified, request_id};
use crate::auth::Caller;
use hoga_cluster::runtime::{At, Identified, Reply};
use hoga_engine::amount::Lots;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{Answer, Settles};
use hoga_engine::ids::{InstrumentId, OrderNo};
use hoga_engine::message::{Outcome, OutcomeOf};
use hoga_engine::order::OrderState;
use hoga_engine::reject::Reject;
use hoga_engine::request::{AccountRequest, OrderRef};
use hoga_engine::topology::Role;
use hoga_proto::convert::order as wire;
use hoga_proto::names::{AccountName, OrderName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;

/// A cancel or an amend, ready to be asked.
pub struct Changing {
    pub account: AccountName,
    pub identified: Identified,
    pub request: AccountRequest,
}

/// What a book decided about a change.
pub struct Changed {
    pub order: v1::Order,
    pub position: Option<v1::Position>,
    pub book_position: Option<v1::Position>,
    pub settles: Option<v1::Settles>,
    pub repeated_answer: bool,
}

/// The order that a name, and perhaps a client order id, stand for.
///
/// # Errors
/// The name or the id break their rules, contradict each other, or are another account's.
pub fn order_ref(
    caller: &Caller,
    name: &str,
    client_order_id: &str,
) -> Result<(AccountName, OrderRef), Refused> {
    let (account, number) = OrderName::parse_or_any(name)
        .map_err(|bad| Box::new(Refusal::malformed("name", bad.to_string())))?;
    let account = caller.admitted(account)?;
    let malformed = |rule: &str| Box::new(Refusal::malformed("client_order_id", rule));
    match (number, client_order_id) {
        (Some(no), "") => Ok((account, OrderRef::No(OrderNo(no)))),
        (Some(_), _) => Err(malformed("is only for a name that ends in /orders/-")),
        (None, "") => Err(malformed("is needed with a name that ends in /orders/-")),
        (None, id) => {
            let id = ClientId::parse(id).map_err(|bad| malformed(&bad.to_string()))?;
            Ok((account, OrderRef::ClientId(id)))
        }
    }
}

impl Changing {
    /// Reads a cancel.
    ///
    /// # Errors
    /// See [`order_ref`]; or an id or time is malformed.
    pub fn cancel(
        desk: &Desk,
        caller: &Caller,
        message: &v1::CancelOrderRequest,
    ) -> Result<Changing, Refused> {
        let (account, order) = order_ref(caller, &message.name, &message.client_order_id)?;
        let request = AccountRequest::Cancel { order };
        let id = request_id("request_id", &message.request_id, &desk.names)?;
        let identified = identified(id, body_hash(&request), message.sent_at.as_ref(), caller)?;
        Ok(Changing { account, identified, request })
    }

    /// Reads an amend of an order of this instrument: its numbers are in that instrument's units.
    ///
    /// # Errors
    /// See [`order_ref`]; or a number, id or time is malformed.
    pub fn amend(
        desk: &Desk,
        caller: &Caller,
        message: &v1::AmendOrderRequest,
        instrument: InstrumentId,
    ) -> Result<Changing, Refused> {
        let (account, order) = order_ref(caller, &message.name, &message.client_order_id)?;
        desk.pace.admit(&account)?;
        let symbols = desk.symbols();
        let listed = symbols.listed(instrument).ok_or_else(|| unlisted(instrument))?;
        let (quantity, price) = wire::amended(message, listed)?;
        let request = AccountRequest::Amend { order, quantity, price };
        let id = request_id("request_id", &message.request_id, &desk.names)?;
        let identified = identified(id, body_hash(&request), message.sent_at.as_ref(), caller)?;
        Ok(Changing { account, identified, request })
    }

    /// What the client is told, with the whole order or, in a session that knows the order's
    /// instrument, only what has changed.
    ///
    /// # Errors
    /// The change was refused, or there is no answer.
    pub async fn conclude(
        &self,
        desk: &Desk,
        caller: &Caller,
        reply: Reply,
        partial: Option<InstrumentId>,
    ) -> Result<Changed, Refused> {
        let is_repeated = reply.is_repeated;
        match desk.answered(caller, reply)? {
            (Answer::Decided { outcome, settles }, at) => {
                desk.promised.note(&self.account, settles);
                let order = match partial {
                    Some(instrument) => self.outline(desk, &outcome, instrument),
                    None => self.whole(desk, caller, &outcome).await,
                };
                Ok(changed(desk, order, settles, at, is_repeated))
            }
            (Answer::Rejected { order, reject }, _) => {
                let refusal = rejected(&reject, "");
                let name = order.map(|key| wire::name(self.account.id(), key));
                Err(match name {
                    Some(name) => Box::new(refusal.resource(name)),
                    None => refusal,
                })
            }
            (other, _) => unexpected(&other),
        }
    }

    /// The order as its account knows it, brought to where the book's decision left it. The
    /// decision stands whether or not the rest can be read.
    async fn whole(&self, desk: &Desk, caller: &Caller, outcome: &Outcome) -> v1::Order {
        let order = OrderRef::No(outcome.order.no);
        let found = find(desk, caller, &self.account, order, Reading::default()).await;
        let bare = || v1::Order {
            name: wire::name(self.account.id(), outcome.order),
            state: v1::OrderState::from(outcome.status).into(),
            last_arrival: outcome.arrival,
            ..v1::Order::default()
        };
        let Ok((mut state, _)) = found else { return bare() };
        let symbols = desk.symbols();
        let Some(instrument) = symbols.listed(state.instrument) else { return bare() };
        let is_settled = state.filled == outcome.filled;
        bring_to(&mut state, outcome);
        let mut order = wire::state(&state, self.account.id(), instrument);
        // The account stamps the change when it hears of it.
        order.update_time = None;
        if !is_settled {
            (order.notional, order.fee, order.tax) = (None, None, None);
        }
        order
    }

    /// What the decision alone says.
    fn outline(&self, desk: &Desk, outcome: &Outcome, instrument: InstrumentId) -> v1::Order {
        let mut order = v1::Order::default();
        if let Some(instrument) = desk.symbols().listed(instrument) {
            wire::decide(&mut order, outcome, self.account.id(), instrument);
        }
        order
    }
}

/// Puts an order where a decision about it left it.
fn bring_to(state: &mut OrderState, outcome: &Outcome) {
    if let OutcomeOf::Amend { total, .. } = outcome.of {
        state.ordered = total;
        state.limit = outcome.limit;
    }
    state.status = outcome.status;
    state.filled = outcome.filled;
    let gone = outcome.filled + outcome.remaining;
    state.cancelled = Lots(state.ordered.0.saturating_sub(gone.0));
    state.reason = outcome.reason.or(state.reason);
    state.last_arrival = outcome.arrival;
}

fn changed(
    desk: &Desk,
    order: v1::Order,
    settles: Option<Settles>,
    at: At,
    repeated_answer: bool,
) -> Changed {
    // The book answers first, as a rule; what the account says was logged there.
    let is_account = desk.exchange.topology().role(at.partition) == Role::Accounts;
    let (position, book_position) =
        if is_account { (Some(shown_at(at)), None) } else { (None, Some(shown_at(at))) };
    let settles = settles.map(Into::into);
    Changed { order, position, book_position, settles, repeated_answer }
}

fn unlisted(instrument: InstrumentId) -> Refused {
    rejected(&Reject::UnknownInstrument { symbol: format!("#{}", instrument.0).into() }, "")
}

/// A cancel-all, ready to be asked.
///
/// # Errors
/// The account is another's, the instrument is unknown, or an id or time is malformed.
pub fn cancel_all(
    desk: &Desk,
    caller: &Caller,
    message: &v1::CancelAllOrdersRequest,
) -> Result<Changing, Refused> {
    let account = caller.account("parent", &message.parent)?;
    let symbols = desk.symbols();
    let instrument = symbols.instrument_if_any("instrument", &message.instrument)?;
    let request = AccountRequest::CancelAll { instrument: instrument.map(|i| i.id) };
    let id = request_id("request_id", &message.request_id, &desk.names)?;
    let identified = identified(id, body_hash(&request), message.sent_at.as_ref(), caller)?;
    Ok(Changing { account, identified, request })
}

/// What became of a cancel-all.
///
/// # Errors
/// It was refused, or there is no answer.
pub fn cancelled_all(
    desk: &Desk,
    caller: &Caller,
    reply: Reply,
) -> Result<v1::CancelAllOrdersResponse, Refused> {
    let repeated_answer = reply.is_repeated;
    match desk.answered(caller, reply)? {
        (Answer::CancelledAll { orders }, at) => Ok(v1::CancelAllOrdersResponse {
            order_count: orders,
            position: Some(shown_at(at)),
            repeated_answer,
        }),
        (Answer::Rejected { reject, .. }, _) => Err(rejected(&reject, "")),
        (other, _) => unexpected(&other),
    }
}

impl From<Changed> for v1::CancelOrderResponse {
    fn from(changed: Changed) -> Self {
        let Changed { order, position, book_position, settles, repeated_answer } = changed;
        let order = Some(order);
        v1::CancelOrderResponse { order, position, book_position, settles, repeated_answer }
    }
}

impl From<Changed> for v1::AmendOrderResponse {
    fn from(changed: Changed) -> Self {
        let Changed { order, position, book_position, settles, repeated_answer } = changed;
        let order = Some(order);
        v1::AmendOrderResponse { order, position, book_position, settles, repeated_answer }
    }
}
