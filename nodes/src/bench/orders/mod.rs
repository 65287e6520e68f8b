//! Orders over gRPC, durable, beside a bare echo of the same messages.
//!
//! Server and callers share one process and its two cores, for the product and for the floor
//! alike: what counts is the ratio of the two, round by round.

mod echo;
mod load;
mod market;
mod paced;
pub mod several;

use super::{BenchError, BenchReport, Figures, Machine, machine, median};
pub(super) use market::Market;
pub(super) use paced::Paced;

use load::{Load, Outcome};
use std::time::Duration;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Unary calls, each caller with one order under way.
    Unary { callers: usize },
    /// Sessions with many orders in flight, over as many accounts.
    Streams { streams: usize, accounts: usize },
}

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    Accepted,
    Result,
}

#[derive(Clone, Copy, Debug)]
pub struct OrdersOptions {
    pub shape: Shape,
    pub wait_for: WaitFor,
    pub rounds: usize,
    pub round: Duration,
}

impl OrdersOptions {
    fn workload(&self) -> String {
        let wait_for = match self.wait_for {
            WaitFor::Accepted => "ACCEPTED",
            WaitFor::Result => "RESULT",
        };
        let seconds = self.round.as_secs_f64();
        match self.shape {
            Shape::Unary { callers } => format!(
                "limit orders by unary CreateOrder, {callers} callers, ack {wait_for}, \
                 {} rounds of {seconds} s",
                self.rounds
            ),
            Shape::Streams { streams, accounts } => format!(
                "limit orders by {streams} Sessions over {accounts} accounts, ack {wait_for}, \
                 settled with history rows, {} rounds of {seconds} s",
                self.rounds
            ),
        }
    }

    fn target(&self) -> Option<f64> {
        match (self.shape, self.wait_for) {
            (Shape::Unary { .. }, WaitFor::Accepted) => Some(0.35),
            (Shape::Unary { .. }, WaitFor::Result) => Some(0.28),
            (Shape::Streams { .. }, _) => None,
        }
    }
}

/// Runs product and echo in turn.
///
/// # Errors
/// See [`BenchError`].
pub fn run(options: &OrdersOptions) -> Result<BenchReport, BenchError> {
    if options.rounds == 0 {
        return Err(BenchError::Options("rounds must be at least 1".into()));
    }
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| BenchError::Options(format!("no runtime: {error}")))?;
    runtime.block_on(rounds(options, machine))
}

async fn rounds(options: &OrdersOptions, machine: Machine) -> Result<BenchReport, BenchError> {
    let accounts = match options.shape {
        Shape::Unary { callers } => callers,
        Shape::Streams { accounts, .. } => accounts,
    };
    let market = market::Market::found(accounts).await?;
    let echo = echo::serve().await?;
    let mut load = Load::new(*options, accounts);
    let (mut floors, mut results) = (Vec::new(), Vec::new());
    // The first round of each warms connections, caches and actors up.
    load.run(echo, Duration::from_millis(500)).await?;
    load.run(market.address, Duration::from_secs(1)).await?;
    let log_before = market.log_bytes();
    for _ in 0..options.rounds {
        floors.push(load.run(echo, options.round).await?);
        let mut result = load.run(market.address, options.round).await?;
        result.elapsed += market.until_settled().await?;
        results.push(result);
    }
    let ratios: Vec<f64> =
        floors.iter().zip(&results).map(|(floor, result)| result.rate() / floor.rate()).collect();
    let orders: u64 = results.iter().map(|round| round.orders).sum();
    let method = format!(
        "server and callers in one process; {} log bytes an order, blocks filled up",
        (market.log_bytes() - log_before) / orders.max(1)
    );
    market.stop().await;
    Ok(BenchReport {
        bench: "orders",
        workload: options.workload(),
        machine,
        floor: figures("bare tonic echo", &floors),
        result: figures("hoga", &results),
        ratio: median(&ratios),
        target: options.target(),
        ratios,
        method,
        commit: machine::commit(),
    })
}

fn figures(name: &'static str, rounds: &[Outcome]) -> Figures {
    let middle =
        |figure: fn(&Outcome) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
    Figures {
        name,
        rate: Some(middle(Outcome::rate)),
        p50_us: middle(|round| round.percentile(50.0)),
        p99_us: middle(|round| round.percentile(99.0)),
        p999_us: middle(|round| round.percentile(99.9)),
    }
}
