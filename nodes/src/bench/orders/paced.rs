//! Orders at a steady rate, far below what the exchange can take.

use super::super::BenchError;
use super::WaitFor;
use super::load::{Orders, connect, signed};
use super::market::Market;
use hdrhistogram::Histogram;
use hoga_proto::v1;
use hoga_proto::v1::order_service_client::OrderServiceClient;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

/// Callers that take turns; each has one order under way.
const CALLERS: usize = 16;

/// A market and its callers.
pub(in super::super) struct Paced {
    market: Market,
    round: u32,
}

impl Paced {
    pub async fn found() -> Result<Paced, BenchError> {
        Ok(Paced { market: Market::found(CALLERS).await?, round: 0 })
    }

    /// Lets all callers work for a while; returns how long each order took, in microseconds.
    pub async fn run(
        &mut self,
        rate: u32,
        length: Duration,
        wait_for: WaitFor,
    ) -> Result<Histogram<u64>, BenchError> {
        self.round += 1;
        let ack = match wait_for {
            WaitFor::Accepted => v1::Ack::Accepted,
            WaitFor::Result => v1::Ack::Result,
        };
        let apart = Duration::from_secs(1) / rate;
        let started = tokio::time::Instant::now();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let channel = connect(self.market.address).await?;
            let orders = Orders::new(self.round, caller, 1, caller, ack);
            let first = started + apart * caller as u32;
            let mut ticks = tokio::time::interval_at(first, apart * CALLERS as u32);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            callers.spawn(call(channel, orders, ticks, started + length));
        }
        let failed = |error: Status| BenchError::Options(format!("an order failed: {error}"));
        let mut all: Option<Histogram<u64>> = None;
        while let Some(done) = callers.join_next().await {
            let times = done.expect("a caller does not panic").map_err(failed)?;
            match &mut all {
                Some(all) => all.add(times).expect("equal bounds"),
                None => all = Some(times),
            }
        }
        all.ok_or_else(|| BenchError::Options("nobody called".into()))
    }

    pub async fn stop(self) {
        self.market.stop().await;
    }
}

async fn call(
    channel: Channel,
    mut orders: Orders,
    mut ticks: tokio::time::Interval,
    until: tokio::time::Instant,
) -> Result<Histogram<u64>, Status> {
    let mut client = OrderServiceClient::new(channel);
    let mut times = super::load::latencies();
    while ticks.tick().await < until {
        let sent = Instant::now();
        client.create_order(signed(orders.next())).await?;
        times.saturating_record(sent.elapsed().as_micros() as u64);
    }
    Ok(times)
}
