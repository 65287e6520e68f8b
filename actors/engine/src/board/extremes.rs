//! How high an account stood, and how far it fell.

use super::column::AmountColumn;
use super::figures::Figures;
use super::join::{Join, fill};
use super::score::Score;
use crate::amount::Amount;
use serde::{Deserialize, Serialize};

/// Over the sets of marks since the last reset; what happened between two sets is not seen.
/// Withdrawals count as falls: these are figures of equity, not of return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extremes {
    /// Highest equity at any set, in quote minor units; zero before the first.
    pub peak: Amount,
    /// Largest (peak - equity) / peak at any set, in billionths, rounded down; at most 2^32 - 1.
    pub drawdown: u32,
}

/// Extremes by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtremesColumns {
    peaks: AmountColumn,
    drawdowns: Vec<u32>,
}

impl ExtremesColumns {
    pub fn push(&mut self, extremes: Extremes) {
        self.peaks.push(extremes.peak);
        self.drawdowns.push(extremes.drawdown);
    }

    pub fn get(&self, slot: usize) -> Extremes {
        Extremes { peak: self.peaks.get(slot), drawdown: self.drawdowns[slot] }
    }

    /// A set of marks was adopted: its equities are in.
    pub fn observe<J: Join>(&mut self, figures: &Figures, join: &J) {
        self.peaks.replace(join, |slot, peak| peak.max(figures.equity.get(slot)));
        let peaks = &self.peaks;
        fill(&mut self.drawdowns, join, &|slot, worst: &mut u32, _: &mut Vec<()>| {
            let (peak, equity) = (peaks.get(slot), figures.equity.get(slot));
            if equity < peak {
                let fall = Score::ratio(peak.saturating_sub(equity), peak).billionths();
                *worst = u32::try_from(fall).unwrap_or(u32::MAX).max(*worst);
            }
        });
    }

    /// The account begins afresh.
    pub fn forget(&mut self, slot: usize) {
        self.peaks.set(slot, 0);
        self.drawdowns[slot] = 0;
    }

    pub fn bytes(&self) -> usize {
        self.peaks.bytes() + self.drawdowns.len() * size_of::<u32>()
    }
}
