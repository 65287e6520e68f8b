//! How long an acknowledgement takes when there is little to do: orders at a steady, low rate
//! beside two commits of the bare log, which is what a RESULT waits for.

use super::figure::{Figure, FigureReport, Headline, Target};
use super::orders::{Paced, WaitFor};
use super::{BenchError, Figures, Machine, machine};
use bytes::Bytes;
use hdrhistogram::Histogram;
use hoga_cluster::log::{LogEntry, LogOptions, LogPosition, PartitionId, SegmentLog};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Bytes of an entry of the bare log: about what a batch of one order is.
const ENTRY_BYTES: usize = 256;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Orders a second; a tenth of what the machine can do.
    pub rate: u32,
    pub rounds: usize,
    pub round: Duration,
}

/// Measures product and floor in turn.
///
/// # Errors
/// See [`BenchError`].
pub fn run(options: &Options) -> Result<FigureReport, BenchError> {
    if options.rounds == 0 || options.rate == 0 {
        return Err(BenchError::Options("at least one round and one order are needed".into()));
    }
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let measured = runtime.map_err(failed)?.block_on(measure(options))?;
    let [floor, accepted, result] = measured;
    let at = |times: &Histogram<u64>, share: f64| times.value_at_percentile(share) as f64;
    let figure = |what: &str, times: &Histogram<u64>, share: f64| {
        Figure::new(what, "us", at(times, share)).over(at(&floor, share))
    };
    let side = |name, times: &Histogram<u64>| {
        let [p50_us, p99_us, p999_us] = [50.0, 99.0, 99.9].map(|share| at(times, share));
        Figures { name, rate: Some(f64::from(options.rate)), p50_us, p99_us, p999_us }
    };
    let figures = vec![
        figure("RESULT p50", &result, 50.0).below(Target::Ratio(2.0)),
        figure("RESULT p99", &result, 99.0).below(Target::Ratio(3.0)),
        figure("ACCEPTED p50", &accepted, 50.0),
        figure("ACCEPTED p99", &accepted, 99.0),
    ];
    Ok(FigureReport {
        bench: "ack",
        workload: format!(
            "{} limit orders a second by unary CreateOrder, {} rounds of {} s",
            options.rate,
            options.rounds,
            options.round.as_secs_f64()
        ),
        machine,
        headline: Some(Headline {
            floor: side("two commits", &floor),
            result: side("RESULT", &result),
            ratio: at(&result, 50.0) / at(&floor, 50.0),
            target: None,
        }),
        figures,
        method: format!(
            "the floor is two commits of the bare log, one after the other, {ENTRY_BYTES} bytes \
             each, at the same rate; server and callers in one process"
        ),
        commit: machine::commit(),
    })
}

/// The floor, ACCEPTED and RESULT.
async fn measure(options: &Options) -> Result<[Histogram<u64>; 3], BenchError> {
    let dir = tempfile::tempdir().map_err(failed)?;
    let log = SegmentLog::open_dir(dir.path(), LogOptions::default()).map_err(failed)?;
    let mut paced = Paced::found().await?;
    let mut all = [latencies(), latencies(), latencies()];
    let mut index = 0;
    for round in 0..=options.rounds {
        let floor = bare(&log, &mut index, options).await?;
        let accepted = paced.run(options.rate, options.round, WaitFor::Accepted).await?;
        let result = paced.run(options.rate, options.round, WaitFor::Result).await?;
        // The first round of each warms up.
        if round > 0 {
            for (sum, more) in all.iter_mut().zip([floor, accepted, result]) {
                sum.add(more).map_err(failed)?;
            }
        }
    }
    paced.stop().await;
    log.close().await.map_err(failed)?;
    Ok(all)
}

/// Two commits in a row, again and again at the rate.
async fn bare(
    log: &SegmentLog,
    index: &mut u64,
    options: &Options,
) -> Result<Histogram<u64>, BenchError> {
    let partition = log.partition(PartitionId(0));
    let mut times = latencies();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / options.rate);
    let until = Instant::now() + options.round;
    while Instant::now() < until {
        ticks.tick().await;
        let since = Instant::now();
        for _ in 0..2 {
            let at = LogPosition { term: 1, index: *index };
            *index += 1;
            let entry = LogEntry { at, tag: 1, payload: Bytes::from_static(&[7; ENTRY_BYTES]) };
            let (done, durable) = oneshot::channel();
            // Who asked waits for it below.
            let done = Box::new(move |outcome| drop(done.send(outcome)));
            partition.append(vec![entry], done).await.map_err(failed)?;
            durable.await.map_err(failed)?.map_err(failed)?;
        }
        times.saturating_record(since.elapsed().as_micros() as u64);
    }
    Ok(times)
}

fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are sound")
}

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError::Options(error.to_string())
}
