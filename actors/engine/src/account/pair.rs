//! Two orders of which one cancels the other: asked for at once, held for once.
//!
//! The limit order holds the larger need of the two; the stop holds nothing. When one of them is
//! final without having traded, or trades, the other stands for itself.

use super::open_order::held_asset;
use super::place::{Sized, check_funds, submit_of, waiting};
use super::settle::rehold;
use super::{Account, Ask, Context};
use crate::amount::{Amount, Ticks};
use crate::client_id::ClientId;
use crate::effect::{Answer, Effects};
use crate::ids::OrderNo;
use crate::instrument::Instrument;
use crate::message::{BookMessage, Message, Pair};
use crate::order::OrderRequest;
use crate::reject::Reject;
use crate::request::{Ack, Envelope};
use crate::terms::{HeldFor, OtherLeg, Terms};

impl Account {
    #[cold]
    pub(super) fn place_pair(
        &mut self,
        ask: &Ask,
        pair: [&OrderRequest; 2],
        ack: Ack,
        market_price: Option<Ticks>,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        let instrument = context.listed(pair[0].instrument);
        let envelope = self.second_envelope(ask, pair[0])?;
        let (mut sized, needs) = self.check_pair(pair, instrument, market_price)?;
        let need = needs[0].max(needs[1]);
        let side = pair[0].side;
        self.till.hold(held_asset(side, instrument), need);
        let numbers = [1, 2].map(|next| OrderNo(self.orders.0 + next));
        let keys = numbers.map(|no| self.key(no));
        if ack == Ack::Accepted {
            out.answer(ask.envelope.origin, Answer::Accepted(keys[0]));
        }
        let limit = submit_of(keys[0], pair[0], &sized[0], instrument, waiting(ask, ack));
        let stop = submit_of(keys[1], pair[1], &sized[1], instrument, None);
        let both = BookMessage::Pair(Box::new(Pair { limit, stop }));
        out.send(instrument.partition, Message::ToBook(instrument.id, both));
        let legs = [
            OtherLeg { no: numbers[1], held: HeldFor::Both(needs[1]) },
            OtherLeg { no: numbers[0], held: HeldFor::Nothing },
        ];
        for (sized, leg) in sized.iter_mut().zip(legs) {
            let terms = sized.terms.get_or_insert_with(|| Box::new(Terms::default()));
            terms.other = Some(leg);
        }
        let [limit, stop] = sized;
        self.enter(ask, pair[0], limit, instrument, need, ack, context.at, out);
        let second = Ask { envelope: &envelope, id: envelope.id.hash(), account: ask.account };
        // Nobody waits for it: what is answered is the first.
        self.enter(&second, pair[1], stop, instrument, 0, Ack::Accepted, context.at, out);
        Ok(())
    }

    /// Every check of both legs, and what each needs.
    pub(super) fn check_pair(
        &self,
        pair: [&OrderRequest; 2],
        instrument: &Instrument,
        market_price: Option<Ticks>,
    ) -> Result<([Sized; 2], [Amount; 2]), Reject> {
        let limit = self.check(pair[0], instrument, market_price, 2)?;
        let stop = self.check(pair[1], instrument, market_price, 2)?;
        let needs = [&limit, &stop].map(|sized| sized.need(pair[0].side, instrument));
        check_funds(&self.till, pair[0].side, needs[0].max(needs[1]), instrument)?;
        Ok(([limit, stop], needs))
    }

    /// Under which id the second leg is remembered; it must not have been used.
    pub(super) fn second_envelope(
        &self,
        ask: &Ask,
        order: &OrderRequest,
    ) -> Result<Envelope, Reject> {
        let id = order.other().map_or(ClientId::NONE, |other| other.id);
        if id == ask.envelope.id || self.memory.is_used(id.hash()) {
            return Err(Reject::ClientOrderIdReused { id: id.as_str().into() });
        }
        Ok(Envelope { id, ..*ask.envelope })
    }

    /// An order is final: it goes, and its other leg, if it had one, stands for itself.
    #[inline(always)]
    pub(super) fn gone(&mut self, no: OrderNo, other: Option<OtherLeg>, context: &Context) {
        self.open.remove(no);
        if let Some(other) = other {
            self.part(other, context);
        }
    }

    /// The leg that is left holds what it needs by itself.
    #[cold]
    fn part(&mut self, other: OtherLeg, context: &Context) {
        let Account { open: orders, till, .. } = self;
        if let Some(open) = orders.get_mut(other.no) {
            open.part();
            rehold(till, open, context.listed(open.state.instrument));
        }
    }
}
