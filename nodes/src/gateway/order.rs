//! Orders in, and what became of them: the service that most calls go to.
//!
//! Owns: nothing. Takes: requests with their caller. Emits: requests to the exchange, in the order
//! in which they came. On failure: a refusal that says whether anything was written.

use super::changing::{Changing, cancel_all, cancelled_all, order_ref};
use super::desk::{Desk, shown_at, told};
use super::failure::{Refused, rejected};
use super::finding::{find, instrument_of};
use super::listing_orders::list_orders;
use super::placing::Placing;
use super::session::Session;
use crate::auth::Caller;
use futures::stream::BoxStream;
use hoga_engine::reject::Reject;
use hoga_proto::convert::order as wire;
use hoga_proto::v1;
use hoga_proto::v1::order_service_server::OrderService;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

/// `hoga.v1.OrderService`.
pub struct Orders(pub Arc<Desk>);

impl Orders {
    async fn create(
        &self,
        caller: &Caller,
        message: v1::CreateOrderRequest,
    ) -> Result<v1::CreateOrderResponse, Refused> {
        let validate_only = message.validate_only;
        let placing = Placing::of(&self.0, caller, message, true)?;
        if validate_only {
            return placing.validate(&self.0).await;
        }
        let (account, within) = (placing.account.id(), caller.remaining());
        let request = placing.request();
        let reply = self.0.exchange.ask(account, &placing.identified, request, within).await;
        placing.conclude(&self.0, caller, reply).await
    }

    async fn get(
        &self,
        caller: &Caller,
        message: v1::GetOrderRequest,
    ) -> Result<v1::GetOrderResponse, Refused> {
        let (account, order) = order_ref(caller, &message.name, &message.client_order_id)?;
        let reading = self.0.reading(&account, message.min_index.as_ref(), message.after)?;
        let (state, at) = find(&self.0, caller, &account, order, reading).await?;
        let symbols = self.0.symbols();
        let Some(instrument) = symbols.listed(state.instrument) else {
            let symbol = format!("#{}", state.instrument.0).into();
            return Err(rejected(&Reject::UnknownInstrument { symbol }, ""));
        };
        let order = Some(wire::state(&state, account.id(), instrument));
        Ok(v1::GetOrderResponse { order, position: Some(shown_at(at)) })
    }

    async fn cancel(
        &self,
        caller: &Caller,
        message: v1::CancelOrderRequest,
    ) -> Result<v1::CancelOrderResponse, Refused> {
        let cancel = Changing::cancel(&self.0, caller, &message)?;
        let reply = self.ask(caller, &cancel).await;
        cancel.conclude(&self.0, caller, reply, None).await.map(Into::into)
    }

    async fn amend(
        &self,
        caller: &Caller,
        message: v1::AmendOrderRequest,
    ) -> Result<v1::AmendOrderResponse, Refused> {
        let (account, order) = order_ref(caller, &message.name, &message.client_order_id)?;
        let instrument = instrument_of(&self.0, caller, &account, order).await?;
        let amend = Changing::amend(&self.0, caller, &message, instrument)?;
        let reply = self.ask(caller, &amend).await;
        amend.conclude(&self.0, caller, reply, None).await.map(Into::into)
    }

    async fn cancel_all(
        &self,
        caller: &Caller,
        message: v1::CancelAllOrdersRequest,
    ) -> Result<v1::CancelAllOrdersResponse, Refused> {
        let sweep = cancel_all(&self.0, caller, &message)?;
        let reply = self.ask(caller, &sweep).await;
        cancelled_all(&self.0, caller, reply)
    }

    async fn ask(&self, caller: &Caller, change: &Changing) -> hoga_cluster::runtime::Reply {
        let Changing { account, identified, request } = change;
        let within = caller.remaining();
        self.0.exchange.ask(account.id(), identified, request.clone(), within).await
    }
}

#[tonic::async_trait]
impl OrderService for Orders {
    type SessionStream = BoxStream<'static, Result<v1::SessionResponse, Status>>;

    async fn create_order(
        &self,
        request: Request<v1::CreateOrderRequest>,
    ) -> Result<Response<v1::CreateOrderResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.create(&caller, message).await)
    }

    async fn get_order(
        &self,
        request: Request<v1::GetOrderRequest>,
    ) -> Result<Response<v1::GetOrderResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.get(&caller, message).await)
    }

    async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<v1::ListOrdersResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, list_orders(&self.0, &caller, message).await)
    }

    async fn cancel_order(
        &self,
        request: Request<v1::CancelOrderRequest>,
    ) -> Result<Response<v1::CancelOrderResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.cancel(&caller, message).await)
    }

    async fn amend_order(
        &self,
        request: Request<v1::AmendOrderRequest>,
    ) -> Result<Response<v1::AmendOrderResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.amend(&caller, message).await)
    }

    async fn cancel_all_orders(
        &self,
        request: Request<v1::CancelAllOrdersRequest>,
    ) -> Result<Response<v1::CancelAllOrdersResponse>, Status> {
        let (caller, message) = Caller::of(request)?;
        told(&caller, self.cancel_all(&caller, message).await)
    }

    async fn session(
        &self,
        request: Request<Streaming<v1::SessionRequest>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let (caller, requests) = Caller::of(request)?;
        Ok(Response::new(Session::new(self.0.clone(), caller, requests).answers()))
    }
}
