//! An incoming order takes what the outside book displays, better prices first.

use super::following::Following;
use super::{Hears, OutsideFill};
use crate::amount::{Lots, Ticks};
use crate::book::{Incoming, Taking};
use crate::instrument::Instrument;
use crate::order::{CancelReason, Side};

/// Whether an order of a side with this limit trades at a price of the other side.
pub(super) fn reaches(side: Side, limit: Ticks, price: Ticks) -> bool {
    match side {
        Side::Buy => limit >= price,
        Side::Sell => limit <= price,
    }
}

impl Following {
    /// Takes until nothing is left, nothing more is displayed up to its limit, or the house has
    /// nothing to pay with.
    pub(super) fn take(
        &mut self,
        incoming: &Incoming,
        instrument: &Instrument,
        hears: &mut impl Hears,
    ) -> Taking {
        let mut taking = Taking::nothing(incoming.quantity);
        let side = incoming.side;
        while taking.left > 0 && taking.stopped.is_none() {
            let Some((place, rung)) = self.best(side.opposite()) else { break };
            if !reaches(side, incoming.limit, rung.price) {
                break;
            }
            let wanted = taking.affordable(rung.open().0, rung.price, incoming.value_max);
            let quantity = self.purse.most(side, rung.price, instrument).min(Lots(wanted));
            if wanted == 0 {
                taking.stopped = Some(CancelReason::AmountSpent);
            } else if quantity.0 < wanted {
                taking.stopped = Some(CancelReason::HouseCannotPay);
            }
            if quantity.is_zero() {
                break;
            }
            let source = self.outside.take(side.opposite(), place, quantity);
            self.purse.trade(side, rung.price, quantity, instrument);
            taking.fill(quantity.0, rung.price);
            hears.filled(&OutsideFill {
                order: incoming.order,
                house: self.purse.house(),
                side,
                is_maker: false,
                price: rung.price,
                quantity,
                source,
            });
        }
        taking
    }

    /// Why an order could not be filled whole at once; none where it can.
    pub(super) fn cannot_fill(
        &self,
        incoming: &Incoming,
        instrument: &Instrument,
    ) -> Option<CancelReason> {
        let mut trial = self.clone();
        let taking = trial.take(incoming, instrument, &mut Deaf);
        let is_short = taking.stopped == Some(CancelReason::HouseCannotPay);
        let reason =
            if is_short { CancelReason::HouseCannotPay } else { CancelReason::NotFilledWhole };
        (taking.left > 0).then_some(reason)
    }
}

/// Hears nothing: of a trial.
struct Deaf;

impl Hears for Deaf {
    fn filled(&mut self, _: &OutsideFill) {}
    fn displayed(&mut self, _: Side, _: Ticks, _: Lots) {}
}
