//! Settlement of a trade's leg: money and goods change hands, once.

use super::memory::Memory;
use super::open_order::OpenOrder;
use super::till::Till;
use super::{Account, Context};
use crate::amount::{Amount, Rate};
use crate::effect::{Effects, Posting};
use crate::history::{FillRow, LedgerKind, LedgerRow};
use crate::ids::AssetId;
use crate::instrument::Instrument;
use crate::message::Leg;
use crate::order::{Side, Status};
use crate::time::Time;

/// What one leg costs and brings, in minor units.
pub(super) struct Charge {
    pub notional: Amount,
    pub quantity: Amount,
    pub fee: Amount,
    pub tax: Amount,
}

impl Account {
    pub(super) fn settle(&mut self, leg: &Leg, context: &Context, out: &mut impl Effects) {
        let instrument = context.listed(leg.instrument);
        if leg.is_of_house() {
            return self.settle_house(leg, instrument, context, out);
        }
        let Account { id, open: orders, till, memory, .. } = self;
        let Some(open) = orders.get_mut(leg.order.no) else {
            panic!("FILL-3: a leg of trade {} for an order that is not open", leg.trade.0);
        };
        // What trades needs no more than it needs itself: the other leg is on its way out.
        if open.other().is_some() {
            open.part();
        }
        // Once the submit is decided, only the oldest unanswered amend can make the order take.
        if !rests(leg)
            && open.is_decided
            && let Some(&amend) = open.amends.all().first()
        {
            open.adopt(amend);
        }
        let charge = charge(open, leg, instrument);
        let fill = pay(till, open, leg, &charge, instrument, context.at, out);
        if let Some(fills) = &mut open.fills {
            fills.push(fill);
        }
        out.fill(&fill);
        advance(open, leg, &charge, context.at);
        rehold(till, open, instrument);
        till.tell(&mut open.state, out);
        out.touched(*id);
        if finish(open, memory, context.at, out) {
            orders.remove(leg.order.no);
        }
        self.count(leg, &charge, instrument, context);
    }

    #[inline]
    pub(super) fn count(
        &mut self,
        leg: &Leg,
        charge: &Charge,
        instrument: &Instrument,
        context: &Context,
    ) {
        let position = self.positions.of(instrument.id);
        position.fees += charge.fee;
        position.taxes += charge.tax;
        self.performance.turnover += charge.notional;
        match leg.side {
            Side::Buy => position.buy(charge.quantity, charge.notional),
            Side::Sell => {
                let cost = self.positions.take(charge.quantity, instrument, context.catalogue);
                let profit = charge.notional - cost;
                self.positions.of(instrument.id).realised += profit;
                self.performance.sold(profit);
            }
        }
    }
}

/// Whether the order was in the book when it traded.
fn rests(leg: &Leg) -> bool {
    leg.is_maker || leg.in_call
}

/// Moves the money and the goods, with a ledger row for each. Returns the fill.
#[inline(always)]
fn pay(
    till: &mut Till,
    open: &mut OpenOrder,
    leg: &Leg,
    charge: &Charge,
    instrument: &Instrument,
    at: Time,
    out: &mut impl Effects,
) -> FillRow {
    let &Charge { notional, quantity, fee, tax } = charge;
    // What the hold gives to each of the rows.
    let (kind, money, goods, money_held, goods_held) = match leg.side {
        Side::Buy => (LedgerKind::Buy, -notional, quantity, notional + fee, 0),
        Side::Sell => (LedgerKind::Sell, notional, -quantity, 0, quantity),
    };
    open.hold -= money_held + goods_held;
    let row = |asset: AssetId, amount, commission, tax| LedgerRow {
        account: leg.order.account,
        sequence: 0,
        kind,
        asset,
        instrument: Some(leg.instrument),
        order: Some(leg.order.no),
        trade: Some(leg.trade),
        quantity,
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
    let mut fill = fill_row(leg, charge, at);
    let mut money_row = row(instrument.quote, money, fee, tax);
    let mut goods_row = row(instrument.base, goods, 0, 0);
    let from_hold = [money_held, goods_held];
    till.post_leg([&mut money_row, &mut goods_row], from_hold, &mut fill, out);
    out.post(Posting { fee, tax, clearing: -money, ..Posting::none(instrument.quote) });
    out.post(Posting { clearing: -goods, ..Posting::none(instrument.base) });
    fill
}

#[inline]
fn advance(open: &mut OpenOrder, leg: &Leg, charge: &Charge, at: Time) {
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
    state.status = match is_full && rests(leg) {
        true if state.cancelled.is_zero() => Status::Filled,
        true => Status::Cancelled,
        false => Status::PartiallyFilled,
    };
}

/// Sets the hold to what the order needs as it stands.
#[inline]
pub(super) fn rehold(till: &mut Till, open: &mut OpenOrder, instrument: &Instrument) {
    let need = open.need(instrument);
    if need != open.hold {
        till.hold(open.held_asset(instrument), need - open.hold);
        open.hold = need;
    }
}

/// Says goodbye to an order that is final. Returns whether it has to go.
#[inline]
pub(super) fn finish(
    open: &OpenOrder,
    memory: &mut Memory,
    at: Time,
    out: &mut impl Effects,
) -> bool {
    if !open.state.status.is_final() {
        return false;
    }
    debug_assert_eq!(open.hold, 0, "CASH-3: a final order holds something");
    memory.closed_at(open.remembered, at);
    out.closed(&open.state);
    true
}

/// Fee and tax of a leg: the rounded charge on everything so far, less what was charged.
#[inline]
fn charge(open: &mut OpenOrder, leg: &Leg, instrument: &Instrument) -> Charge {
    let notional = instrument.notional(leg.price, leg.quantity);
    let rate = if leg.is_maker { open.fees.maker } else { open.fees.taker };
    open.fee_numerator += rate.numerator(notional);
    let mut fee = Rate::round(open.fee_numerator) - open.state.fee;
    let mut tax = 0;
    if leg.side == Side::Sell {
        // One rate for all of it: the sum of its fills' taxes before rounding is that of their sum.
        tax = Rate::round(open.fees.sell_tax.numerator(open.state.notional + notional));
        tax -= open.state.tax;
        // A sell holds no money, so a fill never costs more than it brings: where rounding the
        // whole would, in units of dust, the rest waits for the next fill.
        fee = fee.min(notional);
        tax = tax.min(notional - fee);
    }
    Charge { notional, quantity: instrument.base_amount(leg.quantity), fee, tax }
}

pub(super) fn fill_row(leg: &Leg, charge: &Charge, at: Time) -> FillRow {
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
        source: leg.source,
    }
}
