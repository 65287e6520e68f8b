//! Cancels and amends: asked of the book, which decides.

use super::open_order::{AMENDS_MAX, PendingAmend};
use super::place::{check_notional, to_lots, to_ticks};
use super::{Account, Context};
use crate::amount::Amount;
use crate::effect::{Answer, Effects};
use crate::ids::{InstrumentId, OrderNo};
use crate::message::{Amend, BookMessage, Message};
use crate::reject::Reject;
use crate::request::{Envelope, OrderRef};
use serde::{Deserialize, Serialize};

/// A cancel-all that waits for the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub waiting: u64,
    pub cancelled: u64,
}

impl Account {
    /// The order that a request names.
    pub(super) fn find(&self, order: OrderRef) -> Result<OrderNo, Reject> {
        self.order_no(order).ok_or_else(|| Reject::OrderNotFound { order: name_of(order) })
    }

    /// The open order that a request names.
    fn find_open(&self, order: OrderRef) -> Result<OrderNo, Reject> {
        let no = self.find(order)?;
        if self.open.contains_key(&no) {
            Ok(no)
        } else {
            Err(Reject::OrderNotOpen { order: name_of(order) })
        }
    }

    pub(super) fn cancel(
        &mut self,
        envelope: &Envelope,
        order: OrderRef,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        let no = self.find_open(order)?;
        let id = envelope.id.hash();
        self.memory.open(envelope, None, Some(crate::request::Ack::Result));
        let instrument = context.listed(self.open[&no].state.instrument);
        let (request, origin) = (Some(id), Some(envelope.origin));
        let cancel = BookMessage::Cancel { order: self.key(no), request, origin };
        out.send(instrument.partition, Message::ToBook(instrument.id, cancel));
        Ok(())
    }

    pub(super) fn cancel_all(
        &mut self,
        envelope: &Envelope,
        only: Option<InstrumentId>,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let id = envelope.id.hash();
        let mut sweep = Sweep::default();
        for (&no, open) in &self.open {
            let instrument = open.state.instrument;
            if only.is_some_and(|only| only != instrument) {
                continue;
            }
            sweep.waiting += 1;
            let order = self.key(no);
            let cancel = BookMessage::Cancel { order, request: Some(id), origin: None };
            let partition = context.listed(instrument).partition;
            out.send(partition, Message::ToBook(instrument, cancel));
        }
        if sweep.waiting == 0 {
            let answer = Answer::CancelledAll { orders: 0 };
            self.memory.close(envelope, answer.clone(), context.at);
            out.answer(envelope.origin, answer);
        } else {
            self.memory.open(envelope, None, Some(crate::request::Ack::Result));
            self.sweeps.insert(id, sweep);
        }
    }

    pub(super) fn amend(
        &mut self,
        envelope: &Envelope,
        order: OrderRef,
        quantity: Option<Amount>,
        price: Option<Amount>,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        let no = self.find_open(order)?;
        let mut open = self.open[&no].clone();
        let instrument = context.listed(open.state.instrument);
        if open.state.is_market {
            let rule = "a market order cannot be amended".into();
            return Err(Reject::Malformed { field: "order".into(), rule });
        }
        if open.amends.len() >= AMENDS_MAX {
            let rule = format!("{AMENDS_MAX} amends of it are unanswered; wait for one").into();
            return Err(Reject::Malformed { field: "order".into(), rule });
        }
        instrument.check_phase()?;
        let limit = price.map(|price| to_ticks(price, instrument)).transpose()?;
        limit.map_or(Ok(()), |limit| instrument.check_tick(limit))?;
        let total = quantity.map(|quantity| to_lots(quantity, instrument)).transpose()?;
        total.map_or(Ok(()), |total| instrument.check_size(total))?;
        // What the last unanswered amend asks for is what this one builds on.
        let before = open.amends.back().copied().unwrap_or(PendingAmend {
            no: 0,
            total: open.state.ordered,
            limit: open.state.limit,
        });
        open.amends_sent += 1;
        let pending = PendingAmend {
            no: open.amends_sent,
            total: total.unwrap_or(before.total),
            limit: limit.unwrap_or(before.limit),
        };
        check_notional(instrument, pending.limit, pending.total)?;
        instrument.check_band(pending.limit)?;
        open.amends.push_back(pending);
        let (side, need) = (open.state.side, open.need(instrument));
        let more = need - open.hold;
        self.check_funds(side, more.max(0), instrument)?;
        self.balances.hold(open.held_asset(instrument), more);
        open.hold = need;
        let amend = Amend {
            order: self.key(no),
            amend_no: pending.no,
            total: Some(pending.total),
            limit: Some(pending.limit),
            post_only: open.state.post_only,
            self_match: open.state.self_match,
            request: envelope.id.hash(),
            origin: envelope.origin,
        };
        self.open.insert(no, open);
        self.memory.open(envelope, None, Some(crate::request::Ack::Result));
        let message = Message::ToBook(instrument.id, BookMessage::Amend(amend));
        out.send(instrument.partition, message);
        Ok(())
    }
}

fn name_of(order: OrderRef) -> Box<str> {
    match order {
        OrderRef::No(no) => no.0.to_string().into(),
        OrderRef::ClientId(id) => id.as_str().into(),
    }
}
