//! Measurements of the exchange, each beside a floor in the same run.
//!
//! Owns: the benchmarks behind `hoga bench NAME` and the shape of what they report.
//! Takes: a benchmark's own options; workloads are generated, so nothing has to be at hand.
//! Emits: a [`BenchReport`], which serialises to the documented JSON and shows as text.
//! On failure: [`BenchError`]; nothing but the run itself is lost.
//!
//! The machine is shared and noisy. So product and floor are measured in turn, round by round,
//! and what counts is the median of the rounds' ratios.

pub mod ack;
pub mod book;
mod commands;
pub mod core;
pub mod failover;
pub mod figure;
mod floor;
mod latency;
mod machine;
pub mod memory;
pub mod orders;
pub mod ranking;
pub mod reads;
pub mod replay;
pub mod streams;
#[cfg(test)]
mod tests;

pub use machine::Machine;
use serde::Serialize;
use std::fmt;

/// Why there is no figure.
#[derive(Debug)]
pub enum BenchError {
    /// The options ask for nothing that can be measured.
    Options(String),
    /// Product and floor came to different results, so their times say nothing.
    Disagreement(String),
}

impl std::error::Error for BenchError {}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BenchError::Options(what) => write!(f, "{what}"),
            BenchError::Disagreement(what) => write!(f, "product and floor disagree: {what}"),
        }
    }
}

/// What a benchmark found.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    pub bench: &'static str,
    pub workload: String,
    pub machine: Machine,
    pub floor: Figures,
    pub result: Figures,
    /// Product rate / floor rate: the median over the rounds.
    pub ratio: f64,
    /// What the ratio should at least be.
    pub target: Option<f64>,
    /// Every round's ratio, in the order in which they ran.
    pub ratios: Vec<f64>,
    /// What the figures do and do not contain.
    pub method: String,
    pub commit: String,
}

/// Speed of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub name: &'static str,
    /// Operations per second, the median over the rounds; none where nothing is counted.
    pub rate: Option<f64>,
    /// Time of one operation, in microseconds.
    pub p50_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = [self.p50_us, self.p99_us, self.p999_us].map(|us| us * 1e3);
        let [p50, p99, p999] = ns;
        let rate = self.rate.unwrap_or(f64::NAN) / 1e6;
        write!(f, "{:<28} {rate:>9.3} M/s   ", self.name)?;
        write!(f, "p50 {p50:.0} ns   p99 {p99:.0} ns   p99.9 {p999:.0} ns")
    }
}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.bench, self.workload)?;
        writeln!(f, "on {}, commit {}", self.machine, self.commit)?;
        writeln!(f, "  {}", self.floor)?;
        writeln!(f, "  {}", self.result)?;
        let rounds: Vec<String> = self.ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        write!(f, "  ratio {:.3}", self.ratio)?;
        if let Some(target) = self.target {
            let verdict = if self.ratio >= target { "met" } else { "missed" };
            write!(f, " (target {target:.2}: {verdict})")?;
        }
        writeln!(f, "   rounds {}", rounds.join(" "))?;
        write!(f, "  {}", self.method)
    }
}

/// The middle one; of an even number the lower of the two.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}
