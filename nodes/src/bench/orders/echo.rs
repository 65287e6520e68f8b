//! The floor: the same service, its messages decoded and encoded, and nothing behind it.

use super::super::BenchError;
use hoga_proto::v1;
use hoga_proto::v1::order_service_server::{OrderService, OrderServiceServer};
use std::net::SocketAddr;
use std::pin::Pin;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

struct Echo;

type Answers = Pin<Box<dyn Stream<Item = Result<v1::SessionResponse, Status>> + Send>>;

fn answer(request: v1::CreateOrderRequest) -> v1::CreateOrderResponse {
    let mut order = request.order.unwrap_or_default();
    order.name = request.parent;
    let position = Some(v1::Position { partition: 6, index: 1_000_000 });
    let settles = Some(v1::Settles { partition: 2, sequence: 1_000_000 });
    v1::CreateOrderResponse { order: Some(order), position, settles, ..Default::default() }
}

#[tonic::async_trait]
impl OrderService for Echo {
    async fn create_order(
        &self,
        request: Request<v1::CreateOrderRequest>,
    ) -> Result<Response<v1::CreateOrderResponse>, Status> {
        Ok(Response::new(answer(request.into_inner())))
    }

    type SessionStream = Answers;

    async fn session(
        &self,
        request: Request<Streaming<v1::SessionRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let answers = request.into_inner().map(|message| {
            use v1::session_request::Request as Asked;
            use v1::session_response::Response as Told;
            let v1::SessionRequest { tag, request } = message?;
            let response = match request {
                Some(Asked::CreateOrder(order)) => Some(Told::CreateOrder(answer(order))),
                _ => None,
            };
            Ok(v1::SessionResponse { tag, response })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_order(
        &self,
        _: Request<v1::GetOrderRequest>,
    ) -> Result<Response<v1::GetOrderResponse>, Status> {
        Err(Status::unimplemented("an echo has no orders"))
    }

    async fn list_orders(
        &self,
        _: Request<v1::ListOrdersRequest>,
    ) -> Result<Response<v1::ListOrdersResponse>, Status> {
        Err(Status::unimplemented("an echo has no orders"))
    }

    async fn cancel_order(
        &self,
        _: Request<v1::CancelOrderRequest>,
    ) -> Result<Response<v1::CancelOrderResponse>, Status> {
        Err(Status::unimplemented("an echo has no orders"))
    }

    async fn amend_order(
        &self,
        _: Request<v1::AmendOrderRequest>,
    ) -> Result<Response<v1::AmendOrderResponse>, Status> {
        Err(Status::unimplemented("an echo has no orders"))
    }

    async fn cancel_all_orders(
        &self,
        _: Request<v1::CancelAllOrdersRequest>,
    ) -> Result<Response<v1::CancelAllOrdersResponse>, Status> {
        Err(Status::unimplemented("an echo has no orders"))
    }
}

/// Serves the echo on a free port until the process ends.
pub(super) async fn serve() -> Result<SocketAddr, BenchError> {
    let failed = |error: std::io::Error| BenchError::Options(format!("no port: {error}"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // As the gateway takes its connections: without, small answers wait for one another.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = tonic::transport::Server::builder()
        .add_service(OrderServiceServer::new(Echo))
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    Ok(address)
}
