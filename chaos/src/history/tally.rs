//! What a run has covered: without it, a pass could mean that nothing happened.

use super::{Ask, End};
use serde::Serialize;
use std::collections::BTreeMap;

/// Counters of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub asked: u64,
    pub acknowledged: u64,
    pub refused: u64,
    /// Tries whose outcome was not known when they ended.
    pub unknown: u64,
    /// Orders that had filled, in whole or in part, when they were answered.
    pub fills: u64,
    /// Of these, those that were filled in part.
    pub partial_fills: u64,
    /// Repetitions that got the first answer again.
    pub deduplicated: u64,
    pub orders: u64,
    pub cancels: u64,
    pub amends: u64,
    pub halts: u64,
    pub moves_of_money: u64,
    /// Of an outside book, by its instrument.
    pub snapshots_taken: u64,
    /// By reason.
    pub refusals: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn count(&mut self, ask: &Ask, end: &End) {
        match end {
            End::Ok(answer) => {
                self.acknowledged += 1;
                self.deduplicated += u64::from(answer.repeated);
                let order = answer.order.as_ref().filter(|_| !answer.repeated);
                if let Some(order) = order.filter(|order| order.has_filled()) {
                    self.fills += 1;
                    self.partial_fills += u64::from(order.state != "FILLED");
                }
                *self.kind(ask) += 1;
            }
            End::Fail(reason) => {
                self.refused += 1;
                *self.refusals.entry(reason.clone()).or_default() += 1;
            }
            End::Unknown(_) => self.unknown += 1,
        }
    }

    /// The counter of acknowledged requests of this kind.
    fn kind(&mut self, ask: &Ask) -> &mut u64 {
        match ask {
            Ask::CreateOrder(_) => &mut self.orders,
            Ask::CancelOrder { .. } | Ask::CancelAll { .. } => &mut self.cancels,
            Ask::AmendOrder { .. } => &mut self.amends,
            Ask::HaltInstrument { .. } | Ask::ResumeInstrument { .. } => &mut self.halts,
            _ => &mut self.moves_of_money,
        }
    }
}
