//! An order while it takes what stands in the book.

use super::commands::Trade;
use super::entry::Entry;
use super::life::Life;
use super::plan::Plan;
use crate::export::Side;
use crate::number::Number;

#[derive(Clone)]
pub struct Taker<'e> {
    pub order: &'e str,
    pub side: Side,
    pub limit: Number,
    /// What it may still take; an order by amount may take what it can pay.
    pub left: Option<Number>,
    pub amount: Option<Number>,
    pub filled: Number,
    /// Taken off by self-match.
    pub reduced: Number,
    /// Price x quantity of what it took.
    pub value: Number,
    pub self_match: &'e str,
    pub is_stopped: bool,
    /// Of what rests of it.
    pub life: Life,
    pub display: Option<Number>,
}

impl<'e> Taker<'e> {
    pub fn new(order: &'e str, entry: &Entry<'e>) -> Taker<'e> {
        let &Entry { side, limit, quantity: left, amount, self_match, life, display, .. } = entry;
        let [filled, reduced, value] = [Number::ZERO; 3];
        let is_stopped = false;
        Taker {
            order,
            side,
            limit,
            left,
            amount,
            filled,
            reduced,
            value,
            self_match,
            is_stopped,
            life,
            display,
        }
    }

    pub fn goes_on(&self) -> bool {
        !self.is_stopped && self.left.is_none_or(|left| !left.is_zero())
    }

    /// What an order by amount takes of a maker: all that it can pay, fee included. The trade
    /// that came next says how much that was; here it is checked. None when it can pay nothing.
    ///
    /// # Errors
    /// It took too much, or too little.
    pub fn by_amount(
        &self,
        plan: &Plan,
        amount: Number,
        (price, open): (Number, Number),
        next: Option<&Trade>,
    ) -> Result<Option<Number>, String> {
        let listed = plan.listed;
        let rate = listed.maker_fee.max(listed.taker_fee);
        let pays = |quantity: Number| {
            let notional = self.value + price * quantity;
            notional + (notional * rate).ceil(plan.scale) <= amount
        };
        // An export that does not know the lot cannot say what is too little.
        let lot = Some(listed.lot).filter(|lot| !lot.is_zero());
        let Some(trade) = next.filter(|trade| trade.taker == self.order) else {
            let could_pay = lot.is_some_and(pays);
            let order = self.order;
            return match could_pay {
                true => Err(format!("{order} did not trade at {price}, and could pay for more")),
                false => Ok(None),
            };
        };
        let quantity = trade.quantity;
        let is_most = quantity == open || lot.is_none_or(|lot| !pays(quantity + lot));
        if quantity > open || !pays(quantity) || !is_most {
            let no = trade.no;
            return Err(format!("trade {no}: {quantity}@{price} is not what {amount} can pay"));
        }
        Ok(Some(quantity))
    }
}
