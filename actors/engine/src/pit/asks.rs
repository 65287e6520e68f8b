//! Requests by name, with envelopes that the pit makes itself.

use super::{Pit, Tap};
use crate::amount::{Amount, Ticks};
use crate::client_id::ClientId;
use crate::ids::{AccountId, AssetId, InstrumentId, Origin};
use crate::order::OrderRequest;
use crate::request::{AccountRequest, Ack, Envelope, OrderRef};
use crate::time::Time;
use xxhash_rust::xxh3::xxh3_64;

impl<T: Tap> Pit<T> {
    /// Asks something under an id, as a gateway would. Returns the request's number, by which
    /// its answers are found.
    pub fn ask(&mut self, account: AccountId, id: &str, request: &AccountRequest) -> u64 {
        self.ask_sent_at(account, id, request, None)
    }

    /// The same, with the time at which the client says to have sent it first.
    pub fn ask_sent_at(
        &mut self,
        account: AccountId,
        id: &str,
        request: &AccountRequest,
        sent_at: Option<Time>,
    ) -> u64 {
        self.requests += 1;
        let origin = Origin { node: 1, incarnation: 1, request: self.requests };
        let id = ClientId::parse(id).expect("an id within the rules");
        let envelope = Envelope { origin, id, body_hash: body_hash(request), sent_at };
        self.request(account, &envelope, request);
        origin.request
    }

    /// Asks under an id that nobody else uses.
    fn ask_new(&mut self, who: &str, request: &AccountRequest) -> u64 {
        let account = self.named(who);
        let id = format!("request:{}", self.requests + 1);
        self.ask(account, &id, request)
    }

    fn named(&mut self, who: &str) -> AccountId {
        self.find(who).unwrap_or_else(|| panic!("account {who} was not opened"))
    }

    pub fn deposit(&mut self, who: &str, asset: AssetId, amount: Amount) -> u64 {
        self.ask_new(who, &AccountRequest::Deposit { asset, amount })
    }

    /// Funds the house of a followed instrument.
    pub fn fund(
        &mut self,
        house: &str,
        instrument: InstrumentId,
        asset: AssetId,
        amount: Amount,
    ) -> u64 {
        self.ask_new(house, &AccountRequest::FundHouse { instrument, asset, amount })
    }

    pub fn withdraw(&mut self, who: &str, asset: AssetId, amount: Amount) -> u64 {
        self.ask_new(who, &AccountRequest::Withdraw { asset, amount })
    }

    pub fn transfer(&mut self, who: &str, to: &str, asset: AssetId, amount: Amount) -> u64 {
        self.ask_new(who, &AccountRequest::Transfer { to: to.into(), asset, amount })
    }

    pub fn reset(&mut self, who: &str, amounts: &[(AssetId, Amount)]) -> u64 {
        self.ask_new(who, &AccountRequest::Reset { amounts: amounts.to_vec() })
    }

    /// Places an order under a client order id; market orders are priced as a sequencer would.
    pub fn place(&mut self, who: &str, id: &str, order: OrderRequest, ack: Ack) -> u64 {
        let market_price = self.market_price(&order);
        let account = self.named(who);
        self.ask(account, id, &AccountRequest::Place { order, ack, market_price })
    }

    /// What a sequencer would stamp on the order.
    #[must_use]
    pub fn market_price(&self, order: &OrderRequest) -> Option<Ticks> {
        self.listing(order.instrument)?.market_price(order)
    }

    pub fn cancel(&mut self, who: &str, order: OrderRef) -> u64 {
        self.ask_new(who, &AccountRequest::Cancel { order })
    }

    pub fn cancel_all(&mut self, who: &str, instrument: Option<InstrumentId>) -> u64 {
        self.ask_new(who, &AccountRequest::CancelAll { instrument })
    }

    pub fn kill_switch(&mut self, who: &str, engaged: bool) -> u64 {
        self.ask_new(who, &AccountRequest::KillSwitch { engaged })
    }

    /// Gives an order a new total quantity (base minor units) and price.
    pub fn amend(
        &mut self,
        who: &str,
        order: OrderRef,
        quantity: Option<Amount>,
        price: Option<Amount>,
    ) -> u64 {
        self.ask_new(who, &AccountRequest::Amend { order, quantity, price })
    }
}

/// What makes two requests the same: not when their answer is wanted, nor what a sequencer adds.
#[must_use]
fn body_hash(request: &AccountRequest) -> u64 {
    let text = match request {
        AccountRequest::Place { order, .. } => format!("{order:?}"),
        other => format!("{other:?}"),
    };
    xxh3_64(text.as_bytes())
}
