//! A user's account.
//!
//! Owns: balances (available and held), positions, open orders with their holds, the memory of
//! client ids, the counters and the hash of its ledger, performance figures.
//! Takes: requests of its owner, settlements and outcomes from books, credits from other
//! accounts, all in the order of its partition's log.
//! Emits: orders to books, answers, ledger rows, fills, order states, postings.
//! On failure: refuses with a [`Reject`](crate::reject::Reject) in the order in which that enum
//! lists them; a settlement that contradicts a hold panics.

mod amends;
mod balances;
mod chain;
mod change;
mod closings;
mod glance;
mod house;
mod index;
mod memory;
mod memory_state;
mod money;
mod notices;
mod open_order;
mod open_orders;
mod outcome;
mod pair;
mod performance;
mod place;
mod position;
mod reply;
mod seen;
mod settle;
mod slots;
mod supply;
mod sweeps;
mod terms;
#[cfg(test)]
mod tests;
mod till;
mod validate;

pub use balances::Balance;
pub use notices::NOTICES_MAX;
pub use open_order::OpenOrder;
pub use performance::Performance;
pub use place::check_form;
pub use position::Position;
pub use till::Told;

use crate::client_id::ClientId;
use crate::effect::{Answer, Effects};
use crate::ids::{AccountId, AssetId, InstrumentId, OrderKey, OrderNo};
use crate::instrument::{Asset, Catalogue, Instrument};
use crate::message::{AccountMessage, Standing};
use crate::order::CancelReason;
use crate::reject::Reject;
use crate::request::{AccountRequest, Envelope, OrderRef};
use crate::time::Time;
use crate::topology::Topology;
use memory::{Memory, Recall};
use open_orders::OpenOrders;
use serde::{Deserialize, Serialize};

/// What an account may look at besides itself.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub catalogue: &'a Catalogue,
    pub topology: &'a Topology,
    /// Entry time of the command.
    pub at: Time,
}

/// A request with the hash of its id, which is made once.
struct Ask<'a> {
    envelope: &'a Envelope,
    id: u128,
    account: AccountId,
}

/// An account, whole: what a snapshot keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    id: AccountId,
    name: Box<str>,
    created: Time,
    /// Its opening request was applied.
    is_open: bool,
    /// Its kill switch is engaged: it places and amends nothing.
    is_killed: bool,
    /// It is the house of a followed instrument, and spends what it has on nothing else.
    is_house: bool,
    till: till::Till,
    positions: position::Positions,
    open: OpenOrders,
    orders: OrderNo,
    memory: Memory,
    sweeps: sweeps::Sweeps,
    notices: notices::Notices,
    performance: Performance,
    last_event: Time,
}

const _: () = assert!(size_of::<Account>() == 512, "an account is eight lines of a cache");

impl Account {
    #[must_use]
    pub fn new(id: AccountId, name: &str, created: Time) -> Account {
        Account {
            id,
            name: name.into(),
            created,
            is_open: false,
            is_killed: false,
            is_house: false,
            till: till::Till::default(),
            positions: position::Positions::default(),
            open: OpenOrders::default(),
            orders: OrderNo(0),
            memory: Memory::default(),
            sweeps: sweeps::Sweeps::default(),
            notices: notices::Notices::default(),
            performance: Performance::default(),
            last_event: created,
        }
    }

    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn created(&self) -> Time {
        self.created
    }

    /// Whether its kill switch is engaged.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.is_killed
    }

    /// Balances by asset; assets never touched are absent.
    pub fn balances(&self) -> impl Iterator<Item = (AssetId, Balance)> + '_ {
        self.till.iter()
    }

    #[must_use]
    pub fn balance(&self, asset: AssetId) -> Balance {
        self.till.get(asset)
    }

    pub fn positions(&self) -> impl Iterator<Item = (InstrumentId, &Position)> + '_ {
        self.positions.iter()
    }

    /// Open orders, oldest first.
    pub fn open_orders(&self) -> impl DoubleEndedIterator<Item = &OpenOrder> + '_ {
        self.open.sorted().into_iter()
    }

    #[must_use]
    pub fn open_order(&self, no: OrderNo) -> Option<&OpenOrder> {
        self.open.get(no)
    }

    /// How many orders were ever given a number.
    #[must_use]
    pub fn orders(&self) -> OrderNo {
        self.orders
    }

    /// Requests that are remembered and orders that are open: what its size depends on.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.memory.slots.len() + self.open.len() as u64
    }

    #[must_use]
    pub fn performance(&self) -> &Performance {
        &self.performance
    }

    /// Number of ledger rows and of fills so far.
    #[must_use]
    pub fn rows(&self) -> (u64, u64) {
        self.till.rows()
    }

    /// How much its owner was told so far.
    #[must_use]
    pub fn told(&self) -> Told {
        self.till.told()
    }

    /// Finds an order number by reference, also of an order that is closed and remembered.
    #[must_use]
    pub fn order_no(&self, order: OrderRef) -> Option<OrderNo> {
        match order {
            OrderRef::No(no) => (no.0 > 0 && no <= self.orders).then_some(no),
            OrderRef::ClientId(id) => self.memory.order_no(id.hash()),
        }
    }

    /// Handles a request of the account's owner.
    pub fn request(
        &mut self,
        envelope: &Envelope,
        request: &AccountRequest,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let ask = &Ask { envelope, id: envelope.id.hash(), account: self.id };
        self.glance(ask.id, request);
        if self.was_asked_before(ask, request, context, out) {
            return;
        }
        self.last_event = context.at;
        if let Err(reject) = self.perform(ask, request, context, out) {
            let answer = Answer::refused(reject);
            self.memory.close(ask, answer.clone(), context.at);
            out.answer(envelope.origin, answer);
        }
        self.till.tell_moved(self.id, out);
    }

    /// Handles a request in a session that is another's by now. One that was taken while the
    /// session was still its client's, and is tried again, has the answer that it had.
    pub fn request_fenced(
        &mut self,
        envelope: &Envelope,
        request: &AccountRequest,
        session: ClientId,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let ask = &Ask { envelope, id: envelope.id.hash(), account: self.id };
        if !self.was_asked_before(ask, request, context, out) {
            // Not remembered: its client may ask again in a session that it has.
            let reject = Reject::SessionFenced { id: session };
            out.answer(envelope.origin, Answer::refused(reject));
        }
    }

    /// Whether a request is known; its answer is seen to then.
    #[inline(always)]
    fn was_asked_before(
        &mut self,
        ask: &Ask,
        request: &AccountRequest,
        context: &Context,
        out: &mut impl Effects,
    ) -> bool {
        self.memory.expire(context.at);
        let origin = ask.envelope.origin;
        match self.memory.recall(ask, request) {
            Recall::Unknown => return false,
            Recall::Waits => {}
            Recall::Accepted(no) => out.answer(origin, Answer::Accepted(self.key(no))),
            Recall::Answer(answer) => out.again(origin, answer),
            Recall::Refused(reject) => {
                // Not remembered: the id stands for the request that had it first.
                let reject = match reject {
                    Reject::ClientOrderIdReused { .. } => {
                        self.look_over(request, context).err().unwrap_or(reject)
                    }
                    other => other,
                };
                out.answer(origin, Answer::refused(reject));
            }
        }
        true
    }

    /// The refusals that come before a reused id in the order of precedence.
    fn look_over(&self, request: &AccountRequest, context: &Context) -> Result<(), Reject> {
        match request {
            AccountRequest::Place { order, .. } => {
                place::check_form(order)?;
                place::check_future(order, context.at)?;
                context.instrument(order.instrument).map(|_| ())
            }
            AccountRequest::Cancel { order } | AccountRequest::Amend { order, .. } => {
                self.find(*order).map(|_| ())
            }
            AccountRequest::Deposit { asset, .. }
            | AccountRequest::Withdraw { asset, .. }
            | AccountRequest::Transfer { asset, .. }
            | AccountRequest::FundHouse { asset, .. } => context.asset(*asset).map(|_| ()),
            AccountRequest::Open
            | AccountRequest::CancelAll { .. }
            | AccountRequest::KillSwitch { .. }
            | AccountRequest::Lapse { .. }
            | AccountRequest::Reset { .. } => Ok(()),
        }
    }

    fn perform(
        &mut self,
        ask: &Ask,
        request: &AccountRequest,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        self.check_house(request)?;
        match request {
            AccountRequest::Open => self.come_into_being(ask, context, out),
            AccountRequest::Place { order, ack, market_price } => {
                self.place(ask, order, *ack, *market_price, context, out)
            }
            AccountRequest::Cancel { order } => self.cancel(ask, *order, context, out),
            AccountRequest::Amend { order, quantity, price } => {
                self.amend(ask, *order, *quantity, *price, context, out)
            }
            AccountRequest::CancelAll { instrument } => {
                self.cancel_all(ask, *instrument, CancelReason::Requested, context, out);
                Ok(())
            }
            AccountRequest::Lapse { session } => {
                self.lapse(ask, *session, context, out);
                Ok(())
            }
            AccountRequest::KillSwitch { engaged } => {
                self.kill_switch(ask, *engaged, context, out);
                Ok(())
            }
            AccountRequest::Deposit { asset, amount } => {
                self.deposit(ask, *asset, *amount, context, out)
            }
            AccountRequest::Withdraw { asset, amount } => {
                self.withdraw(ask, *asset, *amount, context, out)
            }
            AccountRequest::Transfer { to, asset, amount } => {
                self.transfer(ask, to, *asset, *amount, context, out)
            }
            AccountRequest::Reset { amounts } => self.reset(ask, amounts, context, out),
            AccountRequest::FundHouse { instrument, asset, amount } => {
                self.fund_house(ask, *instrument, *asset, *amount, context, out)
            }
        }
    }

    fn come_into_being(
        &mut self,
        ask: &Ask,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        if self.is_open {
            return Err(Reject::AccountExists { name: self.name.clone() });
        }
        self.is_open = true;
        self.memory.close(ask, Answer::Done, context.at);
        out.answer(ask.envelope.origin, Answer::Done);
        out.touched(self.id);
        Ok(())
    }

    /// Handles what another entity says.
    pub fn hear(&mut self, message: &AccountMessage, context: &Context, out: &mut impl Effects) {
        self.last_event = context.at;
        match message {
            AccountMessage::Settle(leg) => self.settle(leg, context, out),
            AccountMessage::Outcome(outcome) => self.outcome(outcome, context, out),
            AccountMessage::Dropped { order, quantity, reason, .. } => {
                self.dropped(order.no, *quantity, *reason, context, out);
            }
            AccountMessage::Trailed { order, trigger } => {
                self.trailed(order.no, *trigger, context, out);
            }
            AccountMessage::Credit(credit) => self.credit(credit, context, out),
            AccountMessage::Bounce { credit, to } => self.bounced(credit, to, context, out),
            AccountMessage::Draw(draw) => self.give(draw, context, out),
            AccountMessage::Drawn(credit) => self.drawn(credit, context, out),
            AccountMessage::DrawRefused { request, reject } => {
                let answer = Answer::Rejected { order: None, reject: reject.clone() };
                self.tell(request.hash(), &answer, context, out);
            }
            AccountMessage::Credited { request } => self.credited(*request, context, out),
        }
        self.till.tell_moved(self.id, out);
    }

    /// Whether it is the house of a followed instrument. Boards rank users alone.
    #[must_use]
    pub fn is_house(&self) -> bool {
        self.is_house
    }

    /// What the boards need to know.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            account: self.id,
            name: self.name.clone(),
            balances: self.till.iter().map(|(asset, b)| (asset, b.total())).collect(),
            net_deposits: self.performance.net_deposits,
            deposits: self.performance.deposits,
            realised: self.positions.iter().map(|(_, position)| position.realised).sum(),
            last_event: self.last_event,
            reset_at: self.performance.reset_at,
        }
    }

    fn key(&self, no: OrderNo) -> OrderKey {
        OrderKey { account: self.id, no }
    }
}

impl Context<'_> {
    fn instrument(&self, id: InstrumentId) -> Result<&Instrument, Reject> {
        self.catalogue.instruments.get(&id).ok_or_else(|| {
            let symbol = format!("#{}", id.0).into();
            Reject::UnknownInstrument { symbol }
        })
    }

    fn asset(&self, id: AssetId) -> Result<&Asset, Reject> {
        self.catalogue.assets.get(&id).ok_or_else(|| {
            let code = format!("#{}", id.0).into();
            Reject::UnknownAsset { code }
        })
    }

    /// The instrument of an order that was accepted: it cannot be unknown any more.
    fn listed(&self, id: InstrumentId) -> &Instrument {
        &self.catalogue.instruments[&id]
    }
}
