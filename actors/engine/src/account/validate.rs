//! What placing an order would come to in its account, with nothing placed.

use super::place::{check_form, check_funds, check_future, submit_of};
use super::{Account, Ask, Context};
use crate::amount::Ticks;
use crate::ids::OrderNo;
use crate::message::{BookMessage, Pair};
use crate::order::OrderRequest;
use crate::reject::Reject;
use crate::request::Envelope;

impl Account {
    /// What its book would be asked, which has checks of its own
    /// ([`Listing::validate`](crate::book::Listing::validate)); none for an id that was used for
    /// the same order: nothing would be asked again.
    ///
    /// # Errors
    /// What would be refused.
    pub fn validate(
        &self,
        envelope: &Envelope,
        order: &OrderRequest,
        market_price: Option<Ticks>,
        context: &Context,
    ) -> Result<Option<BookMessage>, Reject> {
        let ask = Ask { envelope, id: envelope.id.hash(), account: self.id };
        check_form(order)?;
        let instrument = context.instrument(order.instrument)?;
        if self.memory.foresee(&ask)? {
            return Ok(None);
        }
        check_future(order, context.at)?;
        let submit = |no: u64, order, sized| {
            submit_of(self.key(OrderNo(self.orders.0 + no)), order, sized, instrument, None)
        };
        let Some(second) = order.other_leg() else {
            let sized = self.check(order, instrument, market_price, 1)?;
            let need = sized.need(order.side, instrument);
            check_funds(&self.till, order.side, need, instrument)?;
            return Ok(Some(BookMessage::Submit(submit(1, order, &sized))));
        };
        self.second_envelope(&ask, order)?;
        let (sized, _) = self.check_pair([order, &second], instrument, market_price)?;
        let (limit, stop) = (submit(1, order, &sized[0]), submit(2, &second, &sized[1]));
        Ok(Some(BookMessage::Pair(Box::new(Pair { limit, stop }))))
    }
}
