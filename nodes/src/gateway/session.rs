//! A stream of requests: many in flight, each account's in its order.
//!
//! Owns: the requests of one stream that wait for their answers, and which instrument the orders
//! placed on it are of. Takes: requests, in their order; no more than [`IN_FLIGHT_MAX`] unanswered
//! at a time, the rest waits in the transport. Emits: answers as they are made. On failure: a
//! request that fails is answered with its refusal, and the stream goes on.

use super::changing::{Changing, cancel_all, cancelled_all, order_ref};
use super::desk::Desk;
use super::failure::{Refused, failed};
use super::finding::instrument_of;
use super::placing::Placing;
use super::reasons::refusal;
use super::session_orders::SessionOrders;
use super::sessions::{Named, Opening};
use crate::auth::{Caller, in_our_words};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered, StreamExt};
use hoga_cluster::runtime::{Identified, Reply};
use hoga_engine::client_id::ClientId;
use hoga_engine::ids::{InstrumentId, OrderNo, Origin};
use hoga_engine::request::{AccountRequest, OrderRef};
use hoga_proto::names::AccountName;
use hoga_proto::status::Refusal;
use hoga_proto::v1;
use hoga_proto::v1::session_request::Request as Asked;
use hoga_proto::v1::session_response::Response as Answered;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tonic::{Status, Streaming};

/// Requests of one session that may be unanswered at a time.
pub const IN_FLIGHT_MAX: usize = 4_096;
/// How long one request of a session waits for its answer.
const WITHIN: Duration = Duration::from_secs(5);

/// A request of the stream on its way to its answer, and what the answer teaches.
type Waiting = BoxFuture<'static, (v1::SessionResponse, Option<Learned>)>;

/// An order's number is known when it is placed; its instrument was known before.
struct Learned {
    account: AccountName,
    no: OrderNo,
    instrument: InstrumentId,
}

/// What a stream's requests are part of.
enum Hold {
    Unnamed,
    Named(Named),
    /// Its client wanted a session and has none.
    Failed,
}

/// One stream.
pub struct Session {
    desk: Arc<Desk>,
    caller: Caller,
    requests: Streaming<v1::SessionRequest>,
    waiting: FuturesUnordered<Waiting>,
    orders: SessionOrders,
    hold: Hold,
    draining: watch::Receiver<bool>,
    /// Nothing more is read: the client has said all, or the gateway is about to stop.
    has_ended: bool,
    /// What the stream ends with, once everything before it is answered.
    broken: Option<Status>,
}

impl Session {
    #[must_use]
    pub fn new(
        desk: Arc<Desk>,
        caller: Caller,
        requests: Streaming<v1::SessionRequest>,
    ) -> Session {
        let (waiting, orders) = (FuturesUnordered::new(), SessionOrders::default());
        let (hold, draining) = (Hold::Unnamed, desk.draining.subscribe());
        let (has_ended, broken) = (false, None);
        Session { desk, caller, requests, waiting, orders, hold, draining, has_ended, broken }
    }

    /// The stream of answers. Requests are read as it is: a client that does not take its
    /// answers is not heard any further.
    #[must_use]
    pub fn answers(self) -> BoxStream<'static, Result<v1::SessionResponse, Status>> {
        futures::stream::unfold(self, Session::next).boxed()
    }

    async fn next(mut self) -> Option<(Result<v1::SessionResponse, Status>, Session)> {
        loop {
            let has_room = !self.has_ended && self.waiting.len() < IN_FLIGHT_MAX;
            tokio::select! {
                biased;
                Some((answer, learned)) = self.waiting.next(), if !self.waiting.is_empty() => {
                    if let Some(Learned { account, no, instrument }) = learned {
                        self.orders.remember(account.id(), OrderRef::No(no), instrument);
                    }
                    return Some((Ok(answer), self));
                }
                request = self.requests.message(), if has_room => match request {
                    Ok(Some(v1::SessionRequest { tag, request })) => {
                        if let Err(refusal) = self.take(tag, request).await {
                            return Some((Ok(refused(tag, *refusal, &self.caller)), self));
                        }
                    }
                    // What waits is still answered.
                    Ok(None) => self.has_ended = true,
                    Err(status) => {
                        self.has_ended = true;
                        self.broken = Some(self.caller.refuse(in_our_words(status)));
                    }
                },
                _ = drained(&mut self.draining), if !self.has_ended => self.has_ended = true,
                else => return self.broken.take().map(|status| (Err(status), self)),
            }
        }
    }

    /// Hands a request to the exchange before the next one is looked at.
    async fn take(&mut self, tag: u64, request: Option<Asked>) -> Result<(), Refused> {
        match request {
            Some(Asked::Open(open)) => self.open(tag, open).await,
            Some(_) if matches!(self.hold, Hold::Failed) => {
                let message = "the session could not be opened, and nothing is done outside it: \
                               open it again";
                Err(refusal("SESSION_NOT_OPEN", message))
            }
            None => {
                let rule = "a request says what is asked";
                Err(Box::new(Refusal::malformed("request", rule)))
            }
            Some(Asked::CreateOrder(create)) => self.create(tag, create),
            Some(Asked::CancelOrder(cancel)) => self.cancel(tag, &cancel),
            Some(Asked::AmendOrder(amend)) => self.amend(tag, &amend).await,
            Some(Asked::CancelAllOrders(sweep)) => self.cancel_all(tag, &sweep),
        }
    }

    fn create(&mut self, tag: u64, message: v1::CreateOrderRequest) -> Result<(), Refused> {
        let validate_only = message.validate_only;
        let placing = Placing::of(&self.desk, &self.caller, message, false)?;
        if validate_only {
            let desk = self.desk.clone();
            self.wait(tag, async move { placing.validate(&desk).await.map(Answered::CreateOrder) });
            return Ok(());
        }
        let reply = self.submit(&placing.account, &placing.identified, placing.request())?;
        let instrument = placing.order.instrument;
        let by_id = OrderRef::ClientId(placing.identified.id);
        self.orders.remember(placing.account.id(), by_id, instrument);
        let (desk, caller) = (self.desk.clone(), self.caller.anew(WITHIN));
        self.waiting.push(Box::pin(async move {
            let account = placing.account.clone();
            let reply = reply.on(&desk).await;
            match placing.conclude(&desk, &caller, reply).await {
                Ok(placed) => {
                    let learned = number_of(&placed);
                    let learned = learned.map(|no| Learned { account, no, instrument });
                    let response = Some(Answered::CreateOrder(placed));
                    (v1::SessionResponse { tag, response }, learned)
                }
                Err(refusal) => (refused(tag, *refusal, &caller), None),
            }
        }));
        Ok(())
    }

    fn cancel(&mut self, tag: u64, message: &v1::CancelOrderRequest) -> Result<(), Refused> {
        let cancel = Changing::cancel(&self.desk, &self.caller, message)?;
        let known = match cancel.request {
            AccountRequest::Cancel { order } => self.orders.recall(cancel.account.id(), order),
            _ => None,
        };
        let reply = self.submit(&cancel.account, &cancel.identified, cancel.request.clone())?;
        let (desk, caller) = (self.desk.clone(), self.caller.anew(WITHIN));
        self.wait(tag, async move {
            let reply = reply.on(&desk).await;
            let changed = cancel.conclude(&desk, &caller, reply, known).await?;
            Ok(Answered::CancelOrder(changed.into()))
        });
        Ok(())
    }

    /// An order that was not placed on this stream has to be looked up for its units, and an
    /// order of this stream is known: so nothing is looked up that is still on its way.
    async fn amend(&mut self, tag: u64, message: &v1::AmendOrderRequest) -> Result<(), Refused> {
        let (desk, caller) = (self.desk.clone(), self.caller.anew(WITHIN));
        let (account, order) = order_ref(&caller, &message.name, &message.client_order_id)?;
        let instrument = match self.orders.recall(account.id(), order) {
            Some(instrument) => instrument,
            None => {
                let found = instrument_of(&desk, &caller, &account, order).await?;
                self.orders.remember(account.id(), order, found);
                found
            }
        };
        let amend = Changing::amend(&desk, &caller, message, instrument)?;
        let reply = self.submit(&amend.account, &amend.identified, amend.request.clone())?;
        self.wait(tag, async move {
            let reply = reply.on(&desk).await;
            let changed = amend.conclude(&desk, &caller, reply, Some(instrument)).await?;
            Ok(Answered::AmendOrder(changed.into()))
        });
        Ok(())
    }

    fn cancel_all(
        &mut self,
        tag: u64,
        message: &v1::CancelAllOrdersRequest,
    ) -> Result<(), Refused> {
        let sweep = cancel_all(&self.desk, &self.caller, message)?;
        let reply = self.submit(&sweep.account, &sweep.identified, sweep.request.clone())?;
        let (desk, caller) = (self.desk.clone(), self.caller.anew(WITHIN));
        self.wait(tag, async move {
            let reply = reply.on(&desk).await;
            cancelled_all(&desk, &caller, reply).map(Answered::CancelAllOrders)
        });
        Ok(())
    }

    /// Nothing behind it is read before the session is open: it may have to be done in it.
    async fn open(&mut self, tag: u64, message: v1::SessionOpen) -> Result<(), Refused> {
        // Whatever was open before is left.
        self.hold = Hold::Failed;
        let account = self.caller.account("open.account", &message.account)?;
        let id = ClientId::parse(&message.session_id)
            .map_err(|bad| Refusal::malformed("open.session_id", bad.to_string()))?;
        let (cancels, caller) = (message.cancel_on_disconnect, self.caller.anew(WITHIN));
        let opening = Opening { account: account.id().into(), id, cancels, caller };
        let named = Named::open(&self.desk, opening, WITHIN).await?;
        let epoch = named.session.epoch;
        self.hold = Hold::Named(named);
        let opened = v1::SessionOpened { in_flight_max: IN_FLIGHT_MAX as u32, epoch };
        self.wait(tag, std::future::ready(Ok(Answered::Opened(opened))));
        Ok(())
    }

    fn submit(
        &self,
        account: &AccountName,
        identified: &Identified,
        request: AccountRequest,
    ) -> Result<Awaited, Refused> {
        let exchange = &self.desk.exchange;
        let submitted = match &self.hold {
            Hold::Named(Named { session, .. }) if *session.account == *account.id() => {
                exchange.submit_in(session, identified, request)
            }
            _ => exchange.submit(account.id(), identified, request),
        };
        submitted.map(|(origin, answer)| Awaited { origin, answer }).map_err(|f| failed(&f, WITHIN))
    }

    fn wait(
        &mut self,
        tag: u64,
        answer: impl Future<Output = Result<Answered, Refused>> + Send + 'static,
    ) {
        let caller = self.caller.clone();
        self.waiting.push(Box::pin(async move {
            match answer.await {
                Ok(response) => (v1::SessionResponse { tag, response: Some(response) }, None),
                Err(refusal) => (refused(tag, *refusal, &caller), None),
            }
        }));
    }
}

/// Waits until the gateway is about to stop.
async fn drained(draining: &mut watch::Receiver<bool>) {
    // A desk that is gone has stopped for good.
    drop(draining.wait_for(|is_draining| *is_draining).await);
}

/// The number of a placed order that can still be changed.
fn number_of(placed: &v1::CreateOrderResponse) -> Option<OrderNo> {
    use v1::OrderState as State;
    let order = placed.order.as_ref()?;
    let is_open = matches!(order.state(), State::Pending | State::Open | State::PartiallyFilled);
    let number = order.name.rsplit('/').next().filter(|_| is_open)?;
    number.parse().ok().map(OrderNo)
}

/// The answer to a request that failed.
fn refused(tag: u64, refusal: Refusal, caller: &Caller) -> v1::SessionResponse {
    let frame = caller.refused(refusal).to_frame();
    v1::SessionResponse { tag, response: Some(Answered::Refusal(frame)) }
}

/// A request that was handed over.
struct Awaited {
    origin: Origin,
    answer: oneshot::Receiver<Reply>,
}

impl Awaited {
    async fn on(self, desk: &Desk) -> Reply {
        desk.exchange.wait(self.origin, self.answer, WITHIN).await
    }
}
