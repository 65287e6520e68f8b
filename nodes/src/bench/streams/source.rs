//! What moves the product's book: durable orders at a steady rate, each a change of one level.

use super::failed;
use crate::bench::BenchError;
use hoga_proto::v1;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Prices that are bid, one after the other.
const PRICES: u64 = 20;
const LOWEST: u64 = 700;

pub(super) struct Source {
    task: JoinHandle<Result<(), Status>>,
    stop: watch::Sender<bool>,
}

impl Source {
    pub async fn start(address: SocketAddr, rate: u32) -> Result<Source, BenchError> {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(failed)?;
        let channel = endpoint.tcp_nodelay(true).connect().await.map_err(failed)?;
        let token: MetadataValue<Ascii> = "Bearer dev:user0".parse().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(bid(channel, token, rate, stopped));
        Ok(Source { task, stop })
    }

    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    pub async fn stop(self) -> Result<(), BenchError> {
        self.stop.send_replace(true);
        self.task.await.map_err(failed)?.map_err(failed)
    }
}

async fn bid(
    channel: Channel,
    token: MetadataValue<Ascii>,
    rate: u32,
    stopped: watch::Receiver<bool>,
) -> Result<(), Status> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut under_way = tokio::task::JoinSet::new();
    for number in 0u64.. {
        ticks.tick().await;
        if *stopped.borrow() {
            break;
        }
        let price = LOWEST + number % PRICES;
        let decimal = |value: u64| Some(v1::Decimal { value: value.to_string() });
        let mut order = v1::Order {
            instrument: super::crowd::BOOK.into(),
            quantity: decimal(1),
            price: decimal(price),
            ..Default::default()
        };
        order.set_side(v1::Side::Buy);
        order.set_type(v1::OrderType::Limit);
        let (parent, order) = ("accounts/me".into(), Some(order));
        let request = v1::CreateOrderRequest { parent, order, ..Default::default() };
        let mut request = Request::new(request);
        request.metadata_mut().insert("authorization", token.clone());
        let mut client = OrderServiceClient::new(channel.clone());
        under_way.spawn(async move { client.create_order(request).await.map(|_| ()) });
        while let Some(done) = under_way.try_join_next() {
            done.map_err(|error| Status::internal(error.to_string()))??;
        }
    }
    while let Some(done) = under_way.join_next().await {
        done.map_err(|error| Status::internal(error.to_string()))??;
    }
    Ok(())
}
