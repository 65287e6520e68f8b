//! A tape through the whole exchange, compared with the bare book.
//!
//! Owns: an exchange of its own on a temporary directory, with durability on ([`through`]).
//! Takes: a [`Script`], which has the steps of a tape and what the bare book said to them; the
//! steps enter in the order of the tape, many under way at once.
//! Emits: a [`ThroughReport`]: whether the exchange published the same trades and levels in the
//! same order, so that its book stood after every step as the bare one did, and how fast.
//! On failure: [`ThroughError`]; a difference is no failure but a figure of the report.

mod compare;
mod drive;
pub mod found;
#[cfg(test)]
mod tests;

use compare::Comparison;
use drive::{Driver, Tally};
use hoga_cluster::runtime::{Exchange, ExchangeOptions, Failure, ReadError, StartError};
use hoga_scenarios::replay::script::Script;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// Steps after which the comparison looks what was published.
const LOOK_EVERY: u64 = 64;

/// Why a tape did not come through. The exchange and its directory are gone; trying again starts
/// anew.
#[derive(Debug, thiserror::Error)]
pub enum ThroughError {
    #[error("there is no room for the exchange: {0}")]
    Directory(#[from] std::io::Error),
    #[error("the exchange does not start: {0}")]
    Start(#[from] StartError),
    #[error("the market was not founded: {0}")]
    Founding(String),
    #[error("step {step} of the tape got no answer: {failure}")]
    Unanswered { step: u64, failure: Failure },
    #[error("the exchange cannot go on: {0}")]
    Stopped(Arc<str>),
    #[error("the exchange does not settle: {0}")]
    Settling(#[from] ReadError),
    #[error("the exchange published faster than could be compared; {compared} events were")]
    Behind { compared: u64 },
}

/// What came of a tape.
#[derive(Clone, Debug, Serialize)]
pub struct ThroughReport {
    /// Requests: orders, amends and cancels.
    pub operations: u64,
    /// Trades and level changes of the bare book.
    pub events: u64,
    /// Of those, how many the exchange published otherwise or not at all, and what it published
    /// beyond them.
    pub differences: u64,
    pub first_difference: Option<String>,
    /// Requests that were refused.
    pub refused: u64,
    pub first_refusal: Option<String>,
    /// How often an order had as many unanswered amends as the exchange allows, so that the tape
    /// had to wait for them.
    pub pauses: u64,
    /// From the first request until all are answered.
    pub seconds: f64,
    /// The same, until everything is settled in the accounts too.
    pub settled_seconds: f64,
    pub operations_per_second: f64,
    /// Bytes of the log, padding included, and its fsyncs.
    pub log_bytes: u64,
    pub log_fsyncs: u64,
    /// No difference and no refusal.
    pub ok: bool,
}

/// Sends a script through an exchange that it starts; `accounts` names who asks, by the index of
/// the account in a step's key. `progress` hears steps answered and all steps.
///
/// # Errors
/// See [`ThroughError`].
pub fn through(
    script: &Script,
    accounts: &[String],
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<ThroughReport, ThroughError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let data = tempfile::tempdir()?;
        let exchange = Exchange::start(ExchangeOptions::new(data.path())).await?;
        let report = tokio::select! {
            report = run(&exchange, script, accounts, progress) => report,
            cause = exchange.failed() => Err(ThroughError::Stopped(cause)),
        };
        exchange.stop().await;
        report
    })
}

async fn run(
    exchange: &Exchange,
    script: &Script,
    accounts: &[String],
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<ThroughReport, ThroughError> {
    let names = found::names(exchange.topology(), accounts);
    let instrument = found::market(exchange, &names).await.map_err(ThroughError::Founding)?;
    let mut comparison = Comparison::new(exchange, instrument, &script.said);
    let mut driver = Driver::new(exchange, instrument, &names);
    let before = exchange.log().stats();
    let since = Instant::now();
    let all = script.steps.len() as u64;
    for (step, asked) in script.steps.iter().zip(1..) {
        driver.ask(step).await?;
        if asked % LOOK_EVERY == 0 {
            comparison.hear()?;
            progress(driver.answered(), all);
        }
    }
    driver.wait_for_all().await?;
    let answered = since.elapsed();
    exchange.settled().await?;
    let settled = since.elapsed();
    comparison.hear()?;
    progress(all, all);
    let after = exchange.log().stats();
    let (differences, first_difference) = comparison.finish();
    let Tally { refused, first_refusal, pauses } = driver.finish();
    Ok(ThroughReport {
        operations: all,
        events: script.said.len() as u64,
        differences,
        first_difference,
        refused,
        first_refusal,
        pauses,
        seconds: answered.as_secs_f64(),
        settled_seconds: settled.as_secs_f64(),
        operations_per_second: all as f64 / answered.as_secs_f64(),
        log_bytes: after.bytes - before.bytes,
        log_fsyncs: after.writes - before.writes,
        ok: differences == 0 && refused == 0,
    })
}
