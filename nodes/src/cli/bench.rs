//! `hoga bench`: figures of the exchange, each with its floor, workload and machine.

use super::failure::{Exit, Failure};
use super::output::{self, Progress};
use super::{Global, json};
use crate::bench::orders::{OrdersOptions, Shape as OrdersShape, WaitFor};
use crate::bench::{
    BenchError, ack, book, core, failover, memory, orders, ranking, reads, replay, streams,
};
use clap::{Args, Subcommand, ValueEnum};
use hoga_scenarios::replay::flow_source::{SEED, Shape};
use serde::Serialize;
use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

/// Measure the exchange beside a floor in the same run
#[derive(Args, Debug)]
#[command(after_help = "Build with --release; a figure of any other build says nothing.")]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// The bare book beside match, cancel and amend alone
    Book(Flow),
    /// Accounts, holds, fees, ledger rows and the memory of ids, with the book, without a runtime
    Core(Flow),
    /// Orders over gRPC, durable, beside a bare echo of the same messages
    Orders(Orders),
    /// Orders on several nodes beside the same orders on one
    Cluster {
        #[command(flatten)]
        orders: Orders,
        #[arg(long, value_name = "N", default_value_t = 3)]
        #[arg(value_parser = clap::value_parser!(u64).range(2..=5))]
        nodes: u64,
    },
    /// Nodes killed under load: the longest silence, beside what an election takes
    Failover {
        /// One every eight seconds
        #[arg(long, value_name = "N", default_value_t = 31)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000))]
        kills: u64,
    },
    /// How long an acknowledgement takes at a low rate, beside two commits of the bare log
    Ack(Calm),
    /// What accounts, actors and resting orders take of the memory
    Memory,
    /// Every account ranked, beside one pass over as many columns and one sort
    Ranking {
        /// 20 million take some four gigabytes
        #[arg(long, value_name = "N", default_value_t = 20_000_000)]
        #[arg(value_parser = clap::value_parser!(u32).range(2..=50_000_000))]
        accounts: u32,
        #[arg(long, value_name = "N", default_value_t = 3)]
        rounds: usize,
    },
    /// Reads of the history, at rest and while it is written
    History(Reads),
    /// Many readers of one book beside a bare fan-out to as many
    Streams(Readers),
    /// A restart on a long history, without a snapshot and after one, beside reading the log back
    Replay(Restart),
}

#[derive(Args, Debug)]
struct Flow {
    /// How the flow is made
    #[arg(long, value_enum, default_value_t = FlowShape::Default)]
    flow: FlowShape,
    #[arg(long, value_name = "N", default_value_t = 3_000_000)]
    operations: u64,
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Measurements of product and floor, in turn
    #[arg(long, value_name = "N", default_value_t = 9)]
    rounds: usize,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum FlowShape {
    /// 5 thousand live orders
    Default,
    /// 730 thousand live orders
    Deep,
}

impl Flow {
    fn options(&self) -> book::Options {
        let shape = match self.flow {
            FlowShape::Default => Shape::Default,
            FlowShape::Deep => Shape::Deep,
        };
        book::Options { shape, operations: self.operations, seed: self.seed, rounds: self.rounds }
    }
}

#[derive(Args, Debug)]
struct Orders {
    /// Unary calls, each caller with one order under way
    #[arg(long, value_name = "N", default_value_t = 64, conflicts_with = "streams")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    callers: u16,
    /// Sessions with many orders in flight, instead of unary calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    streams: Option<u16>,
    /// Accounts that the sessions act for
    #[arg(long, value_name = "N", default_value_t = 1_000, requires = "streams")]
    accounts: usize,
    /// What a caller waits for
    #[arg(long, value_enum, default_value_t = Ack::Result)]
    ack: Ack,
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Length of a round
    #[arg(long, value_name = "N", default_value_t = 3)]
    seconds: u64,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Ack {
    /// The funds are held
    Accepted,
    /// The book has decided
    Result,
}

impl Orders {
    fn options(&self) -> OrdersOptions {
        let shape = match self.streams {
            Some(streams) => {
                OrdersShape::Streams { streams: streams.into(), accounts: self.accounts }
            }
            None => OrdersShape::Unary { callers: self.callers.into() },
        };
        let wait_for = match self.ack {
            Ack::Accepted => WaitFor::Accepted,
            Ack::Result => WaitFor::Result,
        };
        let round = Duration::from_secs(self.seconds);
        OrdersOptions { shape, wait_for, rounds: self.rounds, round }
    }
}

#[derive(Args, Debug)]
struct Restart {
    /// Commands of history, at least; requests and messages between partitions count
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    commands: u64,
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    accounts: usize,
    /// Starts of each kind
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Build the history here and keep it; one that is there is used as it is
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct Calm {
    /// Orders a second: a tenth of what the machine can do
    #[arg(long, value_name = "N", default_value_t = 2_500)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Length of a round
    #[arg(long, value_name = "N", default_value_t = 3)]
    seconds: u64,
}

#[derive(Args, Debug)]
struct Reads {
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    rows: u64,
    /// Rows a second that are written while reading
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    load: u64,
}

#[derive(Args, Debug)]
struct Readers {
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    subscribers: usize,
    /// Changes of the book a second
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    updates: u32,
    /// Frames a second to one subscriber, at most
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    frames: u32,
    /// How long all follow
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(2..))]
    seconds: u64,
}

impl Bench {
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self.what {
            What::Book(flow) => show(global, || book::run(flow.options())),
            What::Core(flow) => show(global, || core::run(flow.options())),
            What::Orders(orders) => show(global, || orders::run(&orders.options())),
            What::Cluster { orders, nodes } => {
                show(global, || orders::several::run(&orders.options(), nodes))
            }
            What::Failover { kills } => {
                show(global, || failover::run(&failover::Options { kills }))
            }
            What::Ack(Calm { rate, rounds, seconds }) => {
                let options = ack::Options { rate, rounds, round: Duration::from_secs(seconds) };
                show(global, || ack::run(&options))
            }
            What::Memory => show(global, memory::run),
            What::Ranking { accounts, rounds } => {
                show(global, || ranking::run(&ranking::Options { accounts, rounds }))
            }
            What::History(Reads { rows, load }) => {
                show(global, || reads::run(&reads::Options { rows, load }))
            }
            What::Streams(Readers { subscribers, updates, frames, seconds }) => {
                let half = Duration::from_secs(seconds) / 2;
                let options = streams::Options {
                    subscribers,
                    updates_per_second: updates,
                    frames_per_second: frames,
                    half,
                };
                show(global, || streams::run(&options))
            }
            What::Replay(Restart { commands, accounts, rounds, data }) => {
                let options = replay::Options { commands, accounts, rounds, data };
                show(global, || replay::run(&options))
            }
        }
    }
}

/// Measures, and prints what was found.
fn show<R: Serialize + Display>(
    global: &Global,
    measure: impl FnOnce() -> Result<R, BenchError>,
) -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        output::tell("warning: not a release build; these figures say nothing");
    }
    let report = {
        // A spinner of its own thread takes next to nothing from what is measured.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
        let _alive = {
            let _runtime = runtime.enter();
            Progress::of("measuring")
        };
        measure()
    };
    let report = report.map_err(|error| {
        let exit = match error {
            BenchError::Options(_) => Exit::Failure,
            BenchError::Disagreement(_) => Exit::CheckFailed,
        };
        Failure::new(exit, format!("error: {error}"))
    })?;
    if global.json {
        let document = serde_json::to_value(&report)
            .map_err(|error| Failure::new(Exit::Failure, format!("error: {error}")))?;
        return json::document(&document);
    }
    output::say(report)
}
