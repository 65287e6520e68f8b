//! Many readers of one book beside a bare fan-out to as many, in one run.
//!
//! Servers and readers share one process and its cores, for the product and for the floor alike:
//! what counts is the ratio of the two. How long a delivery takes is counted from the newest
//! change that the frame holds: for the product that is when its order was stamped, so the commit
//! is in it.

mod crowd;
mod fan_out;
mod source;

use super::figure::{Figure, FigureReport, Headline, Target};
use super::orders::Market;
use super::{BenchError, Machine, machine};
use crate::gateway::connections;
use crowd::{Crowd, Heard};
use std::fmt;
use std::time::Duration;

/// Readers that never read, in the second half of each run.
const STUCK: usize = 50;
/// Open files of a connection within this process.
const BOTH_ENDS: u64 = 2;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub subscribers: usize,
    /// Of the book.
    pub updates_per_second: u32,
    /// To one subscriber, at most.
    pub frames_per_second: u32,
    /// How long the book is followed, with stuck readers and without.
    pub half: Duration,
}

/// Runs the floor, then the product.
///
/// # Errors
/// See [`BenchError`].
pub fn run(options: &Options) -> Result<FigureReport, BenchError> {
    if options.subscribers == 0 || options.updates_per_second == 0 {
        return Err(BenchError::Options("at least one subscriber and one update".into()));
    }
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(failed)?.block_on(measure(options, machine))
}

async fn measure(options: &Options, machine: Machine) -> Result<FigureReport, BenchError> {
    let sockets = connections::room_for(options.subscribers + STUCK, BOTH_ENDS);
    let crowd = Crowd { options: *options, sockets };
    let address = fan_out::serve(options).await?;
    let floor = crowd.follow(address, None).await?;
    let market = Market::found(1).await?;
    let source = source::Source::start(market.address, options.updates_per_second).await?;
    let result = crowd.follow(market.address, Some(&source)).await;
    source.stop().await?;
    market.stop().await;
    report(options, machine, sockets, &floor, &result?)
}

fn report(
    options: &Options,
    machine: Machine,
    sockets: usize,
    floor: &Heard,
    result: &Heard,
) -> Result<FigureReport, BenchError> {
    let ratio_at = |share| result.delivery.at(share) / floor.delivery.at(share);
    // Less is better.
    let ratio = f64::max(ratio_at(50.0), ratio_at(99.0));
    let share = |part: usize| part as f64 * 100.0 / options.subscribers as f64;
    let ms = |us: f64| us / 1e3;
    let figures = vec![
        Figure::new("not connected", "%", 100.0 - share(result.subscribed))
            .below(Target::Result(0.0)),
        Figure::new("connect mean", "ms", ms(result.connect.mean()))
            .over(ms(floor.connect.mean()))
            .below(Target::Result(250.0)),
        Figure::new("connect p99", "ms", ms(result.connect.at(99.0)))
            .over(ms(floor.connect.at(99.0)))
            .below(Target::Result(1_000.0)),
        Figure::new("subscribe acknowledged, p99 while all connect", "ms", {
            ms(result.subscribe.at(99.0))
        })
        .over(ms(floor.subscribe.at(99.0))),
        Figure::new("subscribe acknowledged, p99 while all follow", "ms", {
            ms(result.late_subscribe.at(99.0))
        })
        .over(ms(floor.late_subscribe.at(99.0)))
        .below(Target::Result(50.0)),
        Figure::new("delivery p50", "ms", ms(result.delivery.at(50.0)))
            .over(ms(floor.delivery.at(50.0)))
            .below(Target::Ratio(2.0)),
        Figure::new("delivery p99", "ms", ms(result.delivery.at(99.0)))
            .over(ms(floor.delivery.at(99.0)))
            .below(Target::Ratio(2.0)),
        Figure::new(format!("delivery p99 beside {STUCK} stuck readers"), "ms", {
            ms(result.beside_stuck.at(99.0))
        })
        .over(ms(result.delivery.at(99.0))),
        Figure::new("frames a second to a subscriber, most", "", result.frames_per_second_max)
            .over(floor.frames_per_second_max)
            .below(Target::Result(f64::from(options.frames_per_second) + 0.5)),
        Figure::new("snapshots in place of deltas", "", result.conflated as f64),
    ];
    let how = match sockets {
        sockets if sockets >= options.subscribers => "a socket each".to_owned(),
        sockets => format!("over {sockets} sockets, which is what may be open"),
    };
    Ok(FigureReport {
        bench: "streams",
        workload: format!(
            "{} subscribers of one book, {how}; {} updates/s, {} frames/s a subscriber, {} s",
            options.subscribers,
            options.updates_per_second,
            options.frames_per_second,
            2.0 * options.half.as_secs_f64()
        ),
        machine,
        headline: Some(Headline {
            floor: floor.figures("bare tonic fan-out"),
            result: result.figures("hoga"),
            ratio,
            target: Some(2.0),
        }),
        figures,
        method: format!(
            "server and subscribers in one process, {} connect at a time; rates are frames; the ratio \
             is the larger of delivery's at p50 and p99; delivery counts from \
             the newest change in a frame, and a durable order makes each change; the last of two \
             figures in a row with stuck readers is over the same without",
            crowd::CONNECTING_MAX
        ),
        commit: machine::commit(),
    })
}

fn failed(error: impl fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}
