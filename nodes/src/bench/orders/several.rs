//! Orders on three nodes beside the same orders on one: the work is done three times, on the same
//! cores.

use super::load::Load;
use super::market::Market;
use super::{OrdersOptions, Shape, figures};
use crate::bench::{BenchError, BenchReport, Machine, machine, median};
use std::time::Duration;

/// The least share of one node's rate that three nodes reach.
const TARGET: f64 = 0.22;

/// Runs one node and several in turn.
///
/// # Errors
/// See [`BenchError`].
pub fn run(options: &OrdersOptions, nodes: u64) -> Result<BenchReport, BenchError> {
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| BenchError::Options(format!("no runtime: {error}")))?;
    runtime.block_on(rounds(options, nodes, machine))
}

async fn rounds(
    options: &OrdersOptions,
    nodes: u64,
    machine: Machine,
) -> Result<BenchReport, BenchError> {
    let accounts = match options.shape {
        Shape::Unary { callers } => callers,
        Shape::Streams { accounts, .. } => accounts,
    };
    let (one, several) = (Market::found(accounts).await?, Market::found_on(nodes, accounts).await?);
    // Each market numbers the orders of its accounts itself.
    let (mut to_one, mut to_several) =
        (Load::new(*options, accounts), Load::new(*options, accounts));
    let (mut floors, mut results) = (Vec::new(), Vec::new());
    to_one.run(one.address, Duration::from_secs(1)).await?;
    to_several.run(several.address, Duration::from_secs(1)).await?;
    for _ in 0..options.rounds {
        let mut floor = to_one.run(one.address, options.round).await?;
        floor.elapsed += one.until_settled().await?;
        floors.push(floor);
        let mut result = to_several.run(several.address, options.round).await?;
        result.elapsed += several.until_settled().await?;
        results.push(result);
    }
    let ratios: Vec<f64> =
        floors.iter().zip(&results).map(|(floor, result)| result.rate() / floor.rate()).collect();
    one.stop().await;
    several.stop().await;
    Ok(BenchReport {
        bench: "cluster",
        workload: format!("{nodes} nodes; {}", options.workload()),
        machine,
        floor: figures("one node", &floors),
        result: figures("several nodes", &results),
        ratio: median(&ratios),
        target: Some(TARGET),
        ratios,
        method: "all nodes, their links with certificates, and the callers in one process".into(),
        commit: machine::commit(),
    })
}
