//! Cancels and amends: asked of the book, which decides.

use super::amends::{AMENDS_MAX, PendingAmend};
use super::open_order::OpenOrder;
use super::place::{check_funds, check_notional, to_lots, to_ticks};
use super::sweeps::Sweep;
use super::terms::check_parts;
use super::{Account, Ask, Context};
use crate::amount::Amount;
use crate::client_id::ClientId;
use crate::effect::{Answer, Effects};
use crate::ids::{InstrumentId, OrderNo};
use crate::instrument::Instrument;
use crate::message::{Amend, BookMessage, Message};
use crate::notice::NoticeOf;
use crate::order::{CancelReason, Status};
use crate::reject::Reject;
use crate::request::{Ack, OrderRef};

impl Account {
    /// The order that a request names.
    pub(super) fn find(&self, order: OrderRef) -> Result<OrderNo, Reject> {
        self.order_no(order).ok_or_else(|| Reject::OrderNotFound { order: name_of(order) })
    }

    pub(super) fn cancel(
        &mut self,
        ask: &Ask,
        order: OrderRef,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        let no = self.find(order)?;
        let not_open = || Reject::OrderNotOpen { order: name_of(order) };
        let open = self.open.get(no).ok_or_else(not_open)?;
        let instrument = context.listed(open.state.instrument);
        let id = ask.id;
        self.memory.open(ask, None, Some(Ack::Result));
        let (request, origin) = (Some(id), Some(ask.envelope.origin));
        let order = self.key(no);
        let reason = CancelReason::Requested;
        let cancel = || BookMessage::Cancel { order, request, origin, reason };
        out.send_with(instrument.partition, || Message::ToBook(instrument.id, cancel()));
        Ok(())
    }

    /// Asks books to cancel what is open, all or of one instrument; returns how many orders.
    pub(super) fn cancel_all(
        &mut self,
        ask: &Ask,
        only: Option<InstrumentId>,
        reason: CancelReason,
        context: &Context,
        out: &mut impl Effects,
    ) -> u64 {
        let id = ask.id;
        let mut sweep = Sweep::default();
        for open in self.open.sorted() {
            let instrument = open.state.instrument;
            if only.is_some_and(|only| only != instrument) {
                continue;
            }
            sweep.waiting += 1;
            let order = open.state.key;
            let cancel = BookMessage::Cancel { order, request: Some(id), origin: None, reason };
            let partition = context.listed(instrument).partition;
            out.send(partition, Message::ToBook(instrument, cancel));
        }
        if sweep.waiting == 0 {
            let answer = Answer::CancelledAll { orders: 0 };
            self.memory.close(ask, answer.clone(), context.at);
            out.answer(ask.envelope.origin, answer);
        } else {
            self.memory.open(ask, None, Some(Ack::Result));
            self.sweeps.insert(id, sweep);
        }
        sweep.waiting
    }

    /// Cancels what a session left behind that nobody has any more.
    pub(super) fn lapse(
        &mut self,
        ask: &Ask,
        session: ClientId,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let orders = self.cancel_all(ask, None, CancelReason::Disconnected, context, out);
        self.notify(NoticeOf::SessionCancelled { session, orders }, context, out);
    }

    pub(super) fn kill_switch(
        &mut self,
        ask: &Ask,
        engaged: bool,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let was_killed = std::mem::replace(&mut self.is_killed, engaged);
        let notice = if engaged {
            let orders = self.cancel_all(ask, None, CancelReason::Requested, context, out);
            NoticeOf::KillSwitchEngaged { orders }
        } else {
            self.memory.close(ask, Answer::Done, context.at);
            out.answer(ask.envelope.origin, Answer::Done);
            NoticeOf::KillSwitchReleased
        };
        // Thrown again it changes nothing.
        if engaged != was_killed {
            self.notify(notice, context, out);
        }
    }

    /// Whether new orders and amends are taken at all.
    pub(super) fn check_alive(&self) -> Result<(), Reject> {
        match self.is_killed {
            true => Err(Reject::KillSwitchEngaged { account: self.name.clone() }),
            false => Ok(()),
        }
    }

    pub(super) fn amend(
        &mut self,
        ask: &Ask,
        order: OrderRef,
        quantity: Option<Amount>,
        price: Option<Amount>,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        let no = self.find(order)?;
        self.check_alive()?;
        let Account { open: orders, till, memory, .. } = self;
        let not_open = || Reject::OrderNotOpen { order: name_of(order) };
        let open = orders.get_mut(no).ok_or_else(not_open)?;
        let instrument = context.listed(open.state.instrument);
        let pending = next_amend(open, instrument, quantity, price)?;
        open.amends.push(pending);
        let need = open.need(instrument);
        let more = need - open.hold;
        if let Err(reject) = check_funds(till, open.state.side, more, instrument) {
            open.amends.pop();
            return Err(reject);
        }
        till.hold(open.held_asset(instrument), more);
        open.hold = need;
        open.amends_sent = pending.no;
        let amend = Amend {
            order: open.state.key,
            amend_no: pending.no,
            total: Some(pending.total),
            limit: Some(pending.limit),
            post_only: open.state.post_only,
            self_match: open.state.self_match,
            request: ask.id,
            origin: ask.envelope.origin,
        };
        memory.open(ask, None, Some(Ack::Result));
        let message = Message::ToBook(instrument.id, BookMessage::Amend(amend));
        out.send(instrument.partition, message);
        Ok(())
    }
}

/// What an amend comes to, when nothing but the funds may be in its way.
fn next_amend(
    open: &OpenOrder,
    instrument: &Instrument,
    quantity: Option<Amount>,
    price: Option<Amount>,
) -> Result<PendingAmend, Reject> {
    if open.state.is_market {
        let rule = "a market order cannot be amended".into();
        return Err(Reject::Malformed { field: "order".into(), rule });
    }
    if open.other().is_some() {
        let rule = "one leg of two cannot be amended; cancel the other first".into();
        return Err(Reject::Malformed { field: "order".into(), rule });
    }
    if open.amends.all().len() >= AMENDS_MAX {
        let rule = format!("{AMENDS_MAX} amends of it are unanswered; wait for one").into();
        return Err(Reject::Malformed { field: "order".into(), rule });
    }
    instrument.check_amendable(open.state.status == Status::Reserved)?;
    let limit = price.map(|price| to_ticks(price, instrument)).transpose()?;
    limit.map_or(Ok(()), |limit| instrument.check_tick(limit))?;
    let total = quantity.map(|quantity| to_lots(quantity, instrument)).transpose()?;
    total.map_or(Ok(()), |total| instrument.check_size(total))?;
    // What the last unanswered amend asks for is what this one builds on.
    let before = open.amends.all().last().copied().unwrap_or(PendingAmend {
        no: 0,
        total: open.state.ordered,
        limit: open.state.limit,
    });
    let pending = PendingAmend {
        no: open.amends_sent + 1,
        total: total.unwrap_or(before.total),
        limit: limit.unwrap_or(before.limit),
    };
    if let Some(display) = open.state.terms.as_ref().and_then(|terms| terms.display) {
        check_parts(display, pending.total)?;
    }
    check_notional(instrument, instrument.notional(pending.limit, pending.total))?;
    // What stands may stand on, also where it could not be entered any more.
    if pending.limit != open.state.limit {
        instrument.check_band(pending.limit)?;
    }
    Ok(pending)
}

fn name_of(order: OrderRef) -> Box<str> {
    match order {
        OrderRef::No(no) => no.0.to_string().into(),
        OrderRef::ClientId(id) => id.as_str().into(),
    }
}
