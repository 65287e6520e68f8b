//! The house of a followed instrument: the other side of every trade with its outside book.
//!
//! What it has was issued to it, is available and never held, and is spent by books alone: each
//! keeps count of what it was given, so no settlement finds too little here.

use super::settle::{Charge, fill_row};
use super::{Account, Ask, Context};
use crate::amount::Amount;
use crate::effect::{Effects, Posting};
use crate::follow::Funding;
use crate::history::{LedgerKind, LedgerRow};
use crate::ids::{AssetId, InstrumentId};
use crate::instrument::Instrument;
use crate::message::{BookMessage, Leg, Message};
use crate::order::Side;
use crate::reject::Reject;
use crate::request::AccountRequest;

impl Account {
    /// Issues so much to the house and gives it to the instrument's book to trade with.
    pub(super) fn fund_house(
        &mut self,
        ask: &Ask,
        instrument: InstrumentId,
        asset: AssetId,
        amount: Amount,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        let instrument = context.instrument(instrument)?;
        context.check_amount(asset, amount)?;
        let malformed =
            |rule: String| Reject::Malformed { field: "asset".into(), rule: rule.into() };
        let symbol = &instrument.symbol;
        let Some(follow) = &instrument.follow else {
            return Err(Reject::NotFollowed { symbol: symbol.clone() });
        };
        if follow.house != self.name || self.orders.0 > 0 {
            let account = self.name.clone();
            return Err(Reject::NotTheHouse { account, symbol: symbol.clone() });
        }
        if context.asset(asset)?.faucet.is_some() {
            return Err(malformed("has a fixed supply: none can be issued to a house".into()));
        }
        let funding = match asset {
            asset if asset == instrument.base => Funding { house: self.id, base: amount, quote: 0 },
            asset if asset == instrument.quote => {
                Funding { house: self.id, base: 0, quote: amount }
            }
            _ => return Err(malformed(format!("must be one of the two that {symbol} trades"))),
        };
        self.is_house = true;
        self.gain(asset, amount, context);
        let id = Some(ask.envelope.id);
        self.move_in(LedgerKind::Issue, asset, amount, id, context, out);
        out.post(Posting { issued: amount, ..Posting::none(asset) });
        let fund = Message::ToBook(instrument.id, BookMessage::Fund(funding));
        out.send(instrument.partition, fund);
        self.answer_balance(ask, asset, context, out);
        Ok(())
    }

    /// # Errors
    /// A house asks for what only users do.
    pub(super) fn check_house(&self, request: &AccountRequest) -> Result<(), Reject> {
        match request {
            _ if !self.is_house => Ok(()),
            AccountRequest::Open
            | AccountRequest::FundHouse { .. }
            | AccountRequest::Cancel { .. }
            | AccountRequest::Amend { .. }
            | AccountRequest::KillSwitch { .. }
            | AccountRequest::Lapse { .. }
            | AccountRequest::CancelAll { .. } => Ok(()),
            AccountRequest::Place { .. }
            | AccountRequest::Deposit { .. }
            | AccountRequest::Withdraw { .. }
            | AccountRequest::Transfer { .. }
            | AccountRequest::Reset { .. } => {
                Err(Reject::HouseAccount { account: self.name.clone() })
            }
        }
    }

    /// Books the house's side of a trade. It is the venue's own: it pays neither fee nor tax.
    #[cold]
    pub(super) fn settle_house(
        &mut self,
        leg: &Leg,
        instrument: &Instrument,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let at = context.at;
        let notional = instrument.notional(leg.price, leg.quantity);
        let quantity = instrument.base_amount(leg.quantity);
        let charge = Charge { notional, quantity, fee: 0, tax: 0 };
        let (kind, money, goods) = match leg.side {
            Side::Buy => (LedgerKind::Buy, -notional, quantity),
            Side::Sell => (LedgerKind::Sell, notional, -quantity),
        };
        let row = |asset, amount| LedgerRow {
            account: leg.order.account,
            sequence: 0,
            kind,
            asset,
            instrument: Some(leg.instrument),
            order: None,
            trade: Some(leg.trade),
            quantity,
            price: leg.price,
            amount,
            commission: 0,
            tax: 0,
            before: 0,
            after: 0,
            time: leg.time,
            posted: at,
            request: None,
        };
        let (mut money_row, mut goods_row) =
            (row(instrument.quote, money), row(instrument.base, goods));
        let mut fill = fill_row(leg, &charge, at);
        self.till.post_leg([&mut money_row, &mut goods_row], [0, 0], &mut fill, out);
        out.post(Posting { clearing: -money, ..Posting::none(instrument.quote) });
        out.post(Posting { clearing: -goods, ..Posting::none(instrument.base) });
        out.fill(&fill);
        self.count(leg, &charge, instrument, context);
    }
}
