//! Settlement of a trade's leg: money and goods change hands, once.

use super::open_order::OpenOrder;
use super::{Account, Context, announce};
use crate::amount::{Amount, Rate};
use crate::effect::{Effects, Posting};
use crate::history::{FillRow, LedgerKind, LedgerRow};
use crate::ids::AssetId;
use crate::instrument::Instrument;
use crate::message::Leg;
use crate::order::{Side, Status};
use crate::time::Time;

/// What one leg costs and brings, in minor units.
struct Charge {
    notional: Amount,
    quantity: Amount,
    fee: Amount,
    tax: Amount,
}

impl Account {
    pub(super) fn settle(&mut self, leg: &Leg, context: &Context, out: &mut impl Effects) {
        let instrument = context.listed(leg.instrument);
        let Some(mut open) = self.open.remove(&leg.order.no) else {
            panic!("FILL-3: a leg of trade {} for an order that is not open", leg.trade.0);
        };
        // Once the submit is decided, only the oldest unanswered amend can make the order take.
        if !leg.is_maker
            && open.is_decided
            && let Some(&amend) = open.amends.front()
        {
            open.adopt(amend);
        }
        let charge = charge(&mut open, leg, instrument);
        self.pay(&mut open, leg, &charge, instrument, context.at, out);
        let mut fill = fill_row(leg, &charge, context.at);
        self.chain.number(&mut fill);
        if let Some(fills) = &mut open.fills {
            fills.push(fill);
        }
        out.fill(&fill);
        self.count(leg, &charge, instrument);
        self.advance(&mut open, leg, &charge, context.at);
        self.rehold(&mut open, instrument);
        announce(&open.state, out);
        out.touched(self.id);
        self.keep_or_close(open, context.at, out);
    }

    /// Moves the money and the goods, with a ledger row for each.
    fn pay(
        &mut self,
        open: &mut OpenOrder,
        leg: &Leg,
        charge: &Charge,
        instrument: &Instrument,
        at: Time,
        out: &mut impl Effects,
    ) {
        let (kind, money, goods) = match leg.side {
            Side::Buy => {
                let spent = charge.notional + charge.fee;
                self.balances.hold(instrument.quote, -spent);
                open.hold -= spent;
                (LedgerKind::Buy, -charge.notional, charge.quantity)
            }
            Side::Sell => {
                self.balances.hold(instrument.base, -charge.quantity);
                open.hold -= charge.quantity;
                (LedgerKind::Sell, charge.notional, -charge.quantity)
            }
        };
        let row = |asset: AssetId, amount, commission, tax| LedgerRow {
            account: leg.order.account,
            sequence: 0,
            kind,
            asset,
            instrument: Some(leg.instrument),
            order: Some(leg.order.no),
            trade: Some(leg.trade),
            quantity: charge.quantity,
            price: leg.price,
            amount,
            commission,
            tax,
            before: 0,
            after: 0,
            time: leg.time,
            posted: at,
            request: None,
        };
        self.post(row(instrument.quote, money, charge.fee, charge.tax), out);
        self.post(row(instrument.base, goods, 0, 0), out);
        let (fee, tax) = (charge.fee, charge.tax);
        out.post(Posting { fee, tax, clearing: -money, ..Posting::none(instrument.quote) });
        out.post(Posting { clearing: -goods, ..Posting::none(instrument.base) });
    }

    /// Books one ledger row against the available balance of its asset.
    pub(super) fn post(&mut self, mut row: LedgerRow, out: &mut impl Effects) {
        row.before = self.balances.get(row.asset).total();
        self.balances.add(row.asset, row.amount - row.commission - row.tax);
        row.after = self.balances.get(row.asset).total();
        self.chain.link(&mut row);
        out.ledger(&row);
    }

    fn count(&mut self, leg: &Leg, charge: &Charge, instrument: &Instrument) {
        let position = self.positions.entry(instrument.id).or_default();
        position.fees += charge.fee;
        position.taxes += charge.tax;
        self.performance.turnover += charge.notional;
        match leg.side {
            Side::Buy => position.buy(charge.quantity, charge.notional),
            Side::Sell => {
                let profit = position.sell(charge.quantity, charge.notional);
                self.performance.sold(profit);
            }
        }
    }

    fn advance(&mut self, open: &mut OpenOrder, leg: &Leg, charge: &Charge, at: Time) {
        let state = &mut open.state;
        state.filled += leg.quantity;
        state.notional += charge.notional;
        state.fee += charge.fee;
        state.tax += charge.tax;
        state.updated = at;
        if state.quote_amount.is_some() {
            state.ordered = state.filled;
            state.status = Status::PartiallyFilled;
            return;
        }
        assert!(state.filled + state.cancelled <= state.ordered, "FILL-1: an order over-filled");
        let is_full = state.filled + state.cancelled == state.ordered;
        // A taker's order ends with its outcome, which follows its last leg.
        state.status = match is_full && leg.is_maker {
            true if state.cancelled.is_zero() => Status::Filled,
            true => Status::Cancelled,
            false => Status::PartiallyFilled,
        };
    }

    /// Sets the hold to what the order needs as it stands.
    pub(super) fn rehold(&mut self, open: &mut OpenOrder, instrument: &Instrument) {
        let need = open.need(instrument);
        if need != open.hold {
            self.balances.hold(open.held_asset(instrument), need - open.hold);
            open.hold = need;
        }
    }

    /// Puts an order back, or lets it go when it is final.
    pub(super) fn keep_or_close(&mut self, open: Box<OpenOrder>, at: Time, out: &mut impl Effects) {
        if !open.state.status.is_final() {
            self.open.insert(open.state.key.no, open);
            return;
        }
        debug_assert_eq!(open.hold, 0, "CASH-3: a final order holds something");
        self.memory.order_closed(open.id, at);
        out.closed(&open.state);
    }
}

/// Fee and tax of a leg: the rounded charge on everything so far, less what was charged.
fn charge(open: &mut OpenOrder, leg: &Leg, instrument: &Instrument) -> Charge {
    let notional = instrument.notional(leg.price, leg.quantity);
    let rate = if leg.is_maker { open.fees.maker } else { open.fees.taker };
    open.fee_numerator += rate.numerator(notional);
    let mut fee = Rate::round(open.fee_numerator) - open.state.fee;
    let mut tax = 0;
    if leg.side == Side::Sell {
        open.tax_numerator += open.fees.sell_tax.numerator(notional);
        tax = Rate::round(open.tax_numerator) - open.state.tax;
        // A sell holds no money, so a fill never costs more than it brings: where rounding the
        // whole would, in units of dust, the rest waits for the next fill.
        fee = fee.min(notional);
        tax = tax.min(notional - fee);
    }
    Charge { notional, quantity: instrument.base_amount(leg.quantity), fee, tax }
}

fn fill_row(leg: &Leg, charge: &Charge, at: Time) -> FillRow {
    FillRow {
        account: leg.order.account,
        sequence: 0,
        order: leg.order.no,
        instrument: leg.instrument,
        trade: leg.trade,
        side: leg.side,
        is_maker: leg.is_maker,
        price: leg.price,
        quantity: leg.quantity,
        notional: charge.notional,
        fee: charge.fee,
        tax: charge.tax,
        time: leg.time,
        posted: at,
    }
}
