//! Money that comes and goes without a trade.

use super::{Account, Ask, Context};
use crate::amount::{AMOUNT_MAX, Amount, Ticks};
use crate::client_id::ClientId;
use crate::effect::{Answer, Effects, Posting};
use crate::history::{LedgerKind, LedgerRow, PartyRow};
use crate::ids::AssetId;
use crate::message::{AccountMessage, Credit, Message};
use crate::notice::NoticeOf;
use crate::reject::{Reject, Shown};
use crate::request::Ack;

impl Account {
    pub(super) fn deposit(
        &mut self,
        ask: &Ask,
        asset: AssetId,
        amount: Amount,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        context.check_amount(asset, amount)?;
        let faucet = &context.asset(asset)?.faucet;
        if let Some(faucet) = faucet.as_ref().filter(|faucet| **faucet != self.name) {
            self.draw(ask, faucet, asset, amount, context.topology, out);
            return Ok(());
        }
        let is_issue = faucet.is_some();
        self.gain(asset, amount, context);
        let kind = if is_issue { LedgerKind::Issue } else { LedgerKind::Deposit };
        self.move_in(kind, asset, amount, Some(ask.envelope.id), context, out);
        out.post(Posting { issued: amount, ..Posting::none(asset) });
        self.answer_balance(ask, asset, context, out);
        Ok(())
    }

    pub(super) fn withdraw(
        &mut self,
        ask: &Ask,
        asset: AssetId,
        amount: Amount,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        context.check_amount(asset, amount)?;
        self.check_available(asset, amount, context)?;
        self.lose(asset, amount, context);
        self.move_in(LedgerKind::Withdrawal, asset, -amount, Some(ask.envelope.id), context, out);
        out.post(Posting { issued: -amount, ..Posting::none(asset) });
        self.answer_balance(ask, asset, context, out);
        Ok(())
    }

    pub(super) fn transfer(
        &mut self,
        ask: &Ask,
        to: &str,
        asset: AssetId,
        amount: Amount,
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        context.check_amount(asset, amount)?;
        if to == &*self.name {
            let rule = "must be another account".into();
            return Err(Reject::Malformed { field: "to".into(), rule });
        }
        self.check_available(asset, amount, context)?;
        self.memory.open(ask, None, Some(Ack::Result));
        self.send_credit(ask, to, asset, amount, context, out);
        Ok(())
    }

    /// Takes an amount out and sends it to another account.
    fn send_credit(
        &mut self,
        ask: &Ask,
        to: &str,
        asset: AssetId,
        amount: Amount,
        context: &Context,
        out: &mut impl Effects,
    ) {
        self.lose(asset, amount, context);
        self.move_in(LedgerKind::TransferOut, asset, -amount, Some(ask.envelope.id), context, out);
        self.with(to, context, out);
        out.post(Posting { clearing: amount, ..Posting::none(asset) });
        let credit = Credit {
            asset,
            amount,
            from: self.id,
            from_name: self.name.clone(),
            request: ask.envelope.id,
            origin: ask.envelope.origin,
        };
        let partition = context.topology.account_partition(to);
        out.send(partition, Message::ToNamedAccount(to.into(), credit));
    }

    /// A transfer arrives.
    pub(super) fn credit(&mut self, credit: &Credit, context: &Context, out: &mut impl Effects) {
        let Credit { asset, amount, from, request, origin, .. } = *credit;
        self.gain(asset, amount, context);
        self.move_in(LedgerKind::TransferIn, asset, amount, Some(request), context, out);
        self.with(&credit.from_name, context, out);
        out.post(Posting { clearing: -amount, ..Posting::none(asset) });
        out.answer(origin, Answer::Done);
        let message = Message::ToAccount(from, AccountMessage::Credited { request });
        out.send(from.partition(), message);
    }

    /// A transfer found nobody and comes back.
    pub(super) fn bounced(
        &mut self,
        credit: &Credit,
        to: &str,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let Credit { asset, amount, request, .. } = *credit;
        self.regain(asset, amount, context);
        self.move_in(LedgerKind::TransferIn, asset, amount, Some(request), context, out);
        self.with(to, context, out);
        out.post(Posting { clearing: -amount, ..Posting::none(asset) });
        let reject = Box::new(Reject::TransferToUnknown { to: to.into() });
        let answer = Answer::Rejected { order: None, reject };
        self.tell(request.hash(), &answer, context, out);
    }

    /// The other account has it. The client heard so from there, but a repetition may wait here.
    pub(super) fn credited(
        &mut self,
        request: ClientId,
        context: &Context,
        out: &mut impl Effects,
    ) {
        self.tell(request.hash(), &Answer::Done, context, out);
    }

    pub(super) fn reset(
        &mut self,
        ask: &Ask,
        amounts: &[(AssetId, Amount)],
        context: &Context,
        out: &mut impl Effects,
    ) -> Result<(), Reject> {
        for &(asset, amount) in amounts {
            context.check_amount(asset, amount)?;
            if context.catalogue.assets[&asset].faucet.is_some() {
                let rule = "has a fixed supply; deposit it after the reset".into();
                return Err(Reject::Malformed { field: "amounts".into(), rule });
            }
        }
        let open = self.open.len() as u64;
        if open > 0 {
            return Err(Reject::OpenOrdersExist { open });
        }
        let held: Vec<_> = self.till.iter().filter(|(_, b)| b.available > 0).collect();
        for (asset, balance) in held {
            self.give_back(ask, asset, balance.available, context, out);
        }
        self.positions.clear();
        self.performance.reset(context.at);
        for &(asset, amount) in amounts {
            self.gain(asset, amount, context);
            self.move_in(LedgerKind::Issue, asset, amount, Some(ask.envelope.id), context, out);
            out.post(Posting { issued: amount, ..Posting::none(asset) });
        }
        self.memory.close(ask, Answer::Done, context.at);
        out.answer(ask.envelope.origin, Answer::Done);
        self.notify(NoticeOf::AccountReset, context, out);
        Ok(())
    }

    /// What a reset takes away: redeemed, or returned to the faucet of a fixed supply.
    fn give_back(
        &mut self,
        ask: &Ask,
        asset: AssetId,
        amount: Amount,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let faucet = context.catalogue.assets.get(&asset).and_then(|asset| asset.faucet.clone());
        match faucet {
            Some(faucet) if *faucet != *self.name => {
                self.send_credit(ask, &faucet, asset, amount, context, out);
            }
            Some(_) => {}
            None => {
                self.move_in(
                    LedgerKind::Redeem,
                    asset,
                    -amount,
                    Some(ask.envelope.id),
                    context,
                    out,
                );
                out.post(Posting { issued: -amount, ..Posting::none(asset) });
            }
        }
    }

    /// Says whom the row that was just booked was with.
    pub(super) fn with(&self, party: &str, context: &Context, out: &mut impl Effects) {
        let (account, sequence) = (self.id, self.till.rows().0);
        out.party(&PartyRow { account, sequence, name: party.into(), posted: context.at });
    }

    /// Books a row that no trade made. Negative amounts leave.
    pub(super) fn move_in(
        &mut self,
        kind: LedgerKind,
        asset: AssetId,
        amount: Amount,
        request: Option<ClientId>,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let mut row = LedgerRow {
            account: self.id,
            sequence: 0,
            kind,
            asset,
            instrument: None,
            order: None,
            trade: None,
            quantity: 0,
            price: Ticks(0),
            amount,
            commission: 0,
            tax: 0,
            before: 0,
            after: 0,
            time: context.at,
            posted: context.at,
            request,
        };
        self.till.post(&mut row, out);
        if !self.is_house {
            out.touched(self.id);
        }
    }

    pub(super) fn answer_balance(
        &mut self,
        ask: &Ask,
        asset: AssetId,
        context: &Context,
        out: &mut impl Effects,
    ) {
        let balance = self.till.get(asset);
        let answer = Answer::Balance { asset, available: balance.available, held: balance.held };
        self.memory.close(ask, answer.clone(), context.at);
        out.answer(ask.envelope.origin, answer);
    }

    fn check_available(
        &self,
        asset: AssetId,
        amount: Amount,
        context: &Context,
    ) -> Result<(), Reject> {
        let available = self.till.get(asset).available;
        if available >= amount {
            return Ok(());
        }
        let asset = &context.catalogue.assets[&asset];
        let shown = |minor| Shown { minor, scale: asset.scale };
        let (needed, available, code) = (shown(amount), shown(available), asset.code.clone());
        Err(Reject::InsufficientFunds { needed, available, asset: code })
    }

    /// Counts what came in as deposited, at its reference price, and as cost of the position.
    pub(super) fn gain(&mut self, asset: AssetId, amount: Amount, context: &Context) {
        let value = context.value(asset, amount);
        self.performance.deposited(value);
        self.come_in(asset, amount, value, context);
    }

    /// What comes back was not deposited: it only had been counted as withdrawn.
    fn regain(&mut self, asset: AssetId, amount: Amount, context: &Context) {
        let value = context.value(asset, amount);
        self.performance.withdrew(-value);
        self.come_in(asset, amount, value, context);
    }

    fn come_in(&mut self, asset: AssetId, amount: Amount, value: Amount, context: &Context) {
        if let Some(instrument) = context.catalogue.first_of(asset) {
            self.positions.of(instrument.id).buy(amount, value);
        }
    }

    pub(super) fn lose(&mut self, asset: AssetId, amount: Amount, context: &Context) {
        self.performance.withdrew(context.value(asset, amount));
        if let Some(instrument) = context.catalogue.first_of(asset) {
            self.positions.take(amount, instrument, context.catalogue);
        }
    }
}

impl Context<'_> {
    /// An asset that exists, an amount above zero and within reach of every later sum.
    pub(super) fn check_amount(&self, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        let scale = self.asset(asset)?.scale;
        if amount <= 0 || amount > AMOUNT_MAX {
            let most = Shown { minor: AMOUNT_MAX, scale };
            let rule = format!("must be above zero and at most {most}").into();
            return Err(Reject::Malformed { field: "amount".into(), rule });
        }
        Ok(())
    }

    /// Quote minor units: an asset that some instrument trades counts at its reference price.
    fn value(&self, asset: AssetId, amount: Amount) -> Amount {
        match self.catalogue.first_of(asset) {
            Some(instrument) => {
                let price = instrument.base_price.unwrap_or_default();
                let value = (amount / instrument.lot)
                    .saturating_mul(instrument.unit())
                    .saturating_mul(Amount::from(price.0));
                value.min(AMOUNT_MAX)
            }
            None => amount,
        }
    }
}
