//! What entered, and what the exchange said to it.

use std::collections::BTreeMap;

use hoga_engine::account::Account;
use hoga_engine::amount::{Amount, Lots};
use hoga_engine::effect::Answer;
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, OrderKey};
use hoga_engine::instrument::Instrument;
use hoga_engine::order::{OrderRequest, Size};
use hoga_engine::request::AccountRequest;

use super::tracks::Asked;
use crate::grammar::Act;
use crate::listing::Market;

#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// Everything that accounts asked, refused or not.
    pub commands: u64,
    /// Orders that were to be placed, among them.
    pub orders: u64,
    /// By reason.
    pub rejects: BTreeMap<&'static str, u64>,
    /// Requests that got no answer: there must be none.
    pub unanswered: u64,
    /// What was asked to come in from outside and did, in minor units.
    pub issued: BTreeMap<AssetId, Amount>,
    brought: BTreeMap<(AccountId, AssetId), Amount>,
}

/// What an answer tells about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Placed {
        order: OrderKey,
        instrument: InstrumentId,
        asked: Asked,
    },
    /// The new total, in base minor units.
    Amended {
        order: OrderKey,
        quantity: Amount,
    },
}

impl Counts {
    /// What a gateway refuses by itself.
    pub fn refused_outside(&mut self, act: &Act, reason: &'static str) {
        self.commands += 1;
        self.orders += u64::from(matches!(act, Act::Place(_)));
        *self.rejects.entry(reason).or_default() += 1;
    }

    /// Books the first answer to a request: what it acknowledges, refuses, or brings in.
    pub fn note(
        &mut self,
        account: &Account,
        request: &AccountRequest,
        answer: Option<&Answer>,
        market: &Market,
    ) -> Option<Told> {
        self.commands += 1;
        self.orders += u64::from(matches!(request, AccountRequest::Place { .. }));
        self.unanswered += u64::from(answer.is_none());
        if let Some(Answer::Rejected { reject, .. }) = answer {
            *self.rejects.entry(reject.reason()).or_default() += 1;
        }
        self.came_in(account, request, answer, market);
        let Some(Answer::Decided { outcome, .. }) = answer else { return None };
        let order = outcome.order;
        match request {
            AccountRequest::Place { order: asked_for, .. } => {
                let (instrument, asked) = (asked_for.instrument, asked(asked_for, market)?);
                Some(Told::Placed { order, instrument, asked })
            }
            AccountRequest::Amend { quantity: Some(quantity), .. } => {
                Some(Told::Amended { order, quantity: *quantity })
            }
            _ => None,
        }
    }

    /// Money that arrived or left, if that is what was asked and answered.
    pub fn came_in(
        &mut self,
        account: &Account,
        request: &AccountRequest,
        answer: Option<&Answer>,
        market: &Market,
    ) {
        let Some(Answer::Balance { .. }) = answer else { return };
        let (asset, amount, is_deposit) = match request {
            AccountRequest::Deposit { asset, amount } => (*asset, *amount, true),
            AccountRequest::FundHouse { asset, amount, .. } => (*asset, *amount, true),
            AccountRequest::Withdraw { asset, amount } => (*asset, -*amount, false),
            _ => return,
        };
        *self.brought.entry((account.id(), asset)).or_default() += amount;
        let faucet = market.assets.iter().find(|known| known.id == asset);
        let faucet = faucet.and_then(|known| known.faucet.as_deref());
        // What a faucet gives was issued before.
        let is_drawn = is_deposit && faucet.is_some_and(|faucet| faucet != account.name());
        if !is_drawn {
            *self.issued.entry(asset).or_default() += amount;
        }
    }

    /// What an account brought and has not taken away, in minor units.
    pub fn brought(&self, account: AccountId, asset: AssetId) -> Amount {
        self.brought.get(&(account, asset)).copied().unwrap_or(0)
    }
}

pub(super) fn listed(market: &Market, id: InstrumentId) -> Option<&Instrument> {
    market.instruments.iter().find(|instrument| instrument.id == id)
}

fn asked(order: &OrderRequest, market: &Market) -> Option<Asked> {
    let instrument = listed(market, order.instrument)?;
    Some(match order.size {
        Size::Quantity(quantity) => Asked::Quantity(lots(quantity, instrument)),
        Size::QuoteAmount(amount) => Asked::Spend(amount),
    })
}

pub(super) fn lots(quantity: Amount, instrument: &Instrument) -> Lots {
    Lots(u64::try_from(quantity / instrument.lot).unwrap_or(u64::MAX))
}
