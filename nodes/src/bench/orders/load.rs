//! The callers: the same ones for the product and for the echo.

use super::super::BenchError;
use super::{OrdersOptions, Shape, WaitFor};
use hdrhistogram::Histogram;
use hoga_proto::v1;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Connections that unary callers share.
const CONNECTIONS: usize = 8;
/// Orders that one session has under way.
const IN_FLIGHT: usize = 256;

/// What a round came to.
pub(super) struct Outcome {
    pub orders: u64,
    pub elapsed: Duration,
    latency_us: Histogram<u64>,
}

impl Outcome {
    pub fn rate(&self) -> f64 {
        self.orders as f64 / self.elapsed.as_secs_f64()
    }

    pub fn percentile(&self, percent: f64) -> f64 {
        self.latency_us.value_at_percentile(percent) as f64
    }
}

/// One caller's latencies, in microseconds.
type Latencies = Histogram<u64>;

pub(super) fn latencies() -> Latencies {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are sound")
}

pub(super) struct Load {
    options: OrdersOptions,
    accounts: usize,
    /// Makes every id of every round a new one.
    round: u32,
}

impl Load {
    pub fn new(options: OrdersOptions, accounts: usize) -> Load {
        Load { options, accounts, round: 0 }
    }

    /// Lets all callers work for a while.
    pub async fn run(
        &mut self,
        server: SocketAddr,
        length: Duration,
    ) -> Result<Outcome, BenchError> {
        self.round += 1;
        let failed = |error: Status| BenchError::Options(format!("an order failed: {error}"));
        let mut callers = tokio::task::JoinSet::new();
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            channels.push(connect(server).await?);
        }
        let started = Instant::now();
        let until = started + length;
        let ack = match self.options.wait_for {
            WaitFor::Accepted => v1::Ack::Accepted,
            WaitFor::Result => v1::Ack::Result,
        };
        match self.options.shape {
            Shape::Unary { callers: count } => {
                for caller in 0..count {
                    let channel = channels[caller % CONNECTIONS].clone();
                    let orders = Orders::new(self.round, caller, 1, caller, ack);
                    callers.spawn(call(channel, orders, until));
                }
            }
            Shape::Streams { streams, .. } => {
                let share = self.accounts / streams;
                for stream in 0..streams {
                    let channel = channels[stream % CONNECTIONS].clone();
                    let orders = Orders::new(self.round, stream, share, stream * share, ack);
                    callers.spawn(session(channel, orders, until));
                }
            }
        }
        let mut all = latencies();
        while let Some(done) = callers.join_next().await {
            let latencies = done.expect("a caller does not panic").map_err(failed)?;
            all.add(latencies).expect("equal bounds");
        }
        Ok(Outcome { orders: all.len(), elapsed: started.elapsed(), latency_us: all })
    }
}

pub(super) async fn connect(server: SocketAddr) -> Result<Channel, BenchError> {
    let endpoint = Endpoint::from_shared(format!("http://{server}"))
        .map_err(|error| BenchError::Options(error.to_string()))?;
    let channel = endpoint.tcp_nodelay(true).connect().await;
    channel.map_err(|error| BenchError::Options(format!("cannot connect: {error}")))
}

/// Where a caller's orders come from: prices around one level, both sides, five sizes.
pub(super) struct Orders {
    round: u32,
    caller: usize,
    accounts: usize,
    first_account: usize,
    ack: v1::Ack,
    count: u64,
}

impl Orders {
    pub fn new(
        round: u32,
        caller: usize,
        accounts: usize,
        first_account: usize,
        ack: v1::Ack,
    ) -> Orders {
        Orders { round, caller, accounts: accounts.max(1), first_account, ack, count: 0 }
    }

    pub fn next(&mut self) -> v1::CreateOrderRequest {
        self.count += 1;
        let n = self.count.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24 ^ self.caller as u64;
        let account = self.first_account + (n % self.accounts as u64) as usize;
        let decimal = |value: u64| Some(v1::Decimal { value: value.to_string() });
        let side = if n >> 8 & 1 == 0 { v1::Side::Buy } else { v1::Side::Sell };
        let order = v1::Order {
            client_order_id: format!("{}-{}-{}", self.round, self.caller, self.count),
            instrument: "instruments/LPJ-KRW".into(),
            side: side.into(),
            r#type: v1::OrderType::Limit.into(),
            time_in_force: v1::TimeInForce::Gtc.into(),
            self_match: v1::SelfMatch::None.into(),
            quantity: decimal(1 + (n >> 16) % 5),
            price: decimal(767 + (n >> 20) % 21),
            ..Default::default()
        };
        v1::CreateOrderRequest {
            parent: format!("accounts/user{account}"),
            order: Some(order),
            ack: self.ack.into(),
            ..Default::default()
        }
    }
}

/// Everybody's token: callers act for all accounts.
pub(super) fn signed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = MetadataValue::from_static("Bearer dev:bench;trade_for=*");
    request.metadata_mut().insert("authorization", token);
    request
}

async fn call(channel: Channel, mut orders: Orders, until: Instant) -> Result<Latencies, Status> {
    let mut client = OrderServiceClient::new(channel);
    let mut latencies = latencies();
    while Instant::now() < until {
        let sent = Instant::now();
        client.create_order(signed(orders.next())).await?;
        latencies.saturating_record(sent.elapsed().as_micros() as u64);
    }
    Ok(latencies)
}

async fn session(
    channel: Channel,
    mut orders: Orders,
    until: Instant,
) -> Result<Latencies, Status> {
    let mut client = OrderServiceClient::new(channel);
    let (requests, asked) = mpsc::channel(IN_FLIGHT);
    let mut answers = client.session(signed(ReceiverStream::new(asked))).await?.into_inner();
    let mut latencies = latencies();
    let mut sent = HashMap::new();
    let (mut next, mut answered) = (0u64, 0u64);
    loop {
        while next - answered < IN_FLIGHT as u64 && Instant::now() < until {
            use v1::session_request::Request as Asked;
            let request = Some(Asked::CreateOrder(orders.next()));
            sent.insert(next, Instant::now());
            let message = v1::SessionRequest { tag: next, request };
            if requests.send(message).await.is_err() {
                return Err(Status::aborted("the session ended"));
            }
            next += 1;
        }
        if next == answered {
            return Ok(latencies);
        }
        let Some(answer) = answers.message().await? else {
            return Err(Status::aborted("the session ended"));
        };
        if let Some(v1::session_response::Response::Refusal(refusal)) = answer.response {
            return Err(Status::failed_precondition(format!("{refusal:?}")));
        }
        if let Some(sent) = sent.remove(&answer.tag) {
            latencies.saturating_record(sent.elapsed().as_micros() as u64);
            answered += 1;
        }
    }
}
