//! Reports of figures that are no rates: each with its floor, its ratio and its target.

use super::{Figures, Machine};
use serde::Serialize;
use std::fmt;

/// What a benchmark found, figure by figure.
#[derive(Clone, Debug, Serialize)]
pub struct FigureReport {
    pub bench: &'static str,
    pub workload: String,
    pub machine: Machine,
    /// None where nothing is a rate or a time.
    #[serde(flatten)]
    pub headline: Option<Headline>,
    pub figures: Vec<Figure>,
    /// What the figures do and do not contain.
    pub method: String,
    pub commit: String,
}

/// The two sides that a benchmark is known by.
#[derive(Clone, Debug, Serialize)]
pub struct Headline {
    pub floor: Figures,
    pub result: Figures,
    /// Result / floor, by what the benchmark says.
    pub ratio: f64,
    /// What the ratio should stay below, where it is judged itself.
    pub target: Option<f64>,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub what: String,
    pub unit: &'static str,
    pub result: f64,
    pub floor: Option<f64>,
    /// Result / floor.
    pub ratio: Option<f64>,
    pub target: Option<Target>,
}

/// What a figure should stay below.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum Target {
    Result(f64),
    Ratio(f64),
}

impl Figure {
    #[must_use]
    pub fn new(what: impl Into<String>, unit: &'static str, result: f64) -> Figure {
        Figure { what: what.into(), unit, result, floor: None, ratio: None, target: None }
    }

    #[must_use]
    pub fn over(self, floor: f64) -> Figure {
        Figure { floor: Some(floor), ratio: Some(self.result / floor), ..self }
    }

    #[must_use]
    pub fn below(self, target: Target) -> Figure {
        Figure { target: Some(target), ..self }
    }

    /// None when there is no target.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        Some(match self.target? {
            Target::Result(most) => self.result <= most,
            Target::Ratio(most) => self.ratio? <= most,
        })
    }
}

impl fmt::Display for FigureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.bench, self.workload)?;
        writeln!(f, "on {}, commit {}", self.machine, self.commit)?;
        if let Some(Headline { floor, result, ratio, target }) = &self.headline {
            floor.in_milliseconds(f)?;
            result.in_milliseconds(f)?;
            write!(f, "  ratio {ratio:.2}")?;
            if let Some(target) = target {
                let verdict = if ratio <= target { "met" } else { "missed" };
                write!(f, " (target {target}: {verdict})")?;
            }
            writeln!(f)?;
        }
        for figure in &self.figures {
            writeln!(f, "  {figure}")?;
        }
        write!(f, "  {}", self.method)
    }
}

impl Figures {
    fn in_milliseconds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<28} ", self.name)?;
        match self.rate {
            Some(rate) => write!(f, "{rate:>11.0} /s   ")?,
            None => write!(f, "{:>17}", "")?,
        }
        let [p50, p99, p999] = [self.p50_us, self.p99_us, self.p999_us].map(|us| us / 1e3);
        writeln!(f, "p50 {p50:.1} ms   p99 {p99:.1} ms   p99.9 {p999:.1} ms")
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<44} {:>10.1} {}", self.what, self.result, self.unit)?;
        if let (Some(floor), Some(ratio)) = (self.floor, self.ratio) {
            write!(f, "   floor {floor:.1}, ratio {ratio:.2}")?;
        }
        if let (Some(target), Some(is_met)) = (self.target, self.is_met()) {
            let verdict = if is_met { "met" } else { "missed" };
            match target {
                Target::Result(most) => write!(f, "   target {most}: {verdict}")?,
                Target::Ratio(most) => write!(f, "   target ratio {most}: {verdict}")?,
            }
        }
        Ok(())
    }
}
