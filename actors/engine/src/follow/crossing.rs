//! Resting orders that the outside book has reached: each fills at its own limit.

use super::following::Following;
use super::taking::reaches;
use super::{Hears, OutsideFill};
use crate::book::{Book, Floor};
use crate::instrument::Instrument;
use crate::order::{CancelReason, Side};

impl Following {
    /// Fills what rests where the outside book reaches it: the better price first, within a price
    /// the oldest. Afterwards no order rests that could trade.
    pub(crate) fn cross<F: Floor + Hears>(
        &mut self,
        orders: &mut Book,
        instrument: &Instrument,
        floor: &mut F,
    ) {
        for side in [Side::Buy, Side::Sell] {
            while self.cross_first(side, orders, instrument, floor) {}
        }
    }

    /// Fills the first order of a side. Says whether there may be another.
    fn cross_first<F: Floor + Hears>(
        &mut self,
        side: Side,
        orders: &mut Book,
        instrument: &Instrument,
        floor: &mut F,
    ) -> bool {
        let Some((place, rung)) = self.best(side.opposite()) else { return false };
        let Some(first) = orders.side(side).next() else { return false };
        if !reaches(side, first.price, rung.price) {
            return false;
        }
        let (order, price) = (first.order, first.price);
        let wanted = first.open.min(rung.open());
        let quantity = self.purse.most(side, price, instrument).min(wanted);
        if !quantity.is_zero() {
            let source = self.outside.take(side.opposite(), place, quantity);
            self.purse.trade(side, price, quantity, instrument);
            orders.fill(order, quantity, floor);
            floor.filled(&OutsideFill {
                order,
                house: self.purse.house(),
                side,
                is_maker: true,
                price,
                quantity,
                source,
            });
        }
        if quantity < wanted {
            orders.drop(order, CancelReason::HouseCannotPay, floor);
        }
        true
    }
}
