//! An order that is not final yet: where it stands, what it holds, which amends are under way.

use super::amends::{AMENDS_MAX, Amends, PendingAmend};
use crate::amount::{Amount, Lots, Rate, Ticks, product};
use crate::client_id::ClientId;
use crate::history::FillRow;
use crate::ids::{AccountId, AssetId, InstrumentId, OrderKey, OrderNo, PartitionId};
use crate::instrument::{Fees, Instrument};
use crate::order::{OrderState, SelfMatch, Side, Status, TimeInForce};
use crate::terms::{HeldFor, OtherLeg};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// An order in its account, until it is final: five lines of a cache.
#[repr(align(64))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    pub state: OrderState,
    /// Where the account's memory keeps its client order id.
    pub(super) remembered: u32,
    /// In force at its entry.
    pub(super) fees: Fees,
    /// Sum of notional x rate over its fills, in billionths: rounded once, as a whole.
    pub(super) fee_numerator: Amount,
    /// Quote minor units for a buy, base minor units for a sell.
    pub(super) hold: Amount,
    /// The book has answered the submit.
    pub(super) is_decided: bool,
    /// Sent to the book and not answered, oldest first.
    pub(super) amends: Amends,
    pub(super) amends_sent: u32,
    /// Kept for a client that waits for the settled fills.
    #[expect(clippy::box_collection, reason = "nearly always none, in an order of every account")]
    pub(super) fills: Option<Box<Vec<FillRow>>>,
}

const _: () = assert!(size_of::<OpenOrder>() == 320, "an order is five lines of a cache");

impl OpenOrder {
    /// What is held for it now, in minor units of [`OpenOrder::held_asset`].
    #[must_use]
    pub fn hold(&self) -> Amount {
        self.hold
    }

    /// Amends that the book has not answered, oldest first: the total quantity and the limit.
    #[must_use]
    pub fn amends_unanswered(&self) -> impl ExactSizeIterator<Item = (Lots, Ticks)> + '_ {
        self.amends.all().iter().map(|amend| (amend.total, amend.limit))
    }

    /// The fees that were in force at its entry.
    #[must_use]
    pub fn fees(&self) -> &Fees {
        &self.fees
    }

    /// Sum of notional x rate over its fills, in billionths.
    #[must_use]
    pub fn fee_numerator(&self) -> Amount {
        self.fee_numerator
    }

    pub(super) fn held_asset(&self, instrument: &Instrument) -> AssetId {
        held_asset(self.state.side, instrument)
    }

    /// No order: what a place for one holds before its first.
    pub(super) fn blank() -> OpenOrder {
        let account = AccountId::new(PartitionId(0), 0);
        OpenOrder {
            state: OrderState {
                key: OrderKey { account, no: OrderNo(0) },
                client_id: ClientId::NONE,
                instrument: InstrumentId(0),
                side: Side::Buy,
                limit: Ticks(0),
                is_market: false,
                quote_amount: None,
                time_in_force: TimeInForce::Gtc,
                post_only: false,
                self_match: SelfMatch::None,
                terms: None,
                ordered: Lots::ZERO,
                filled: Lots::ZERO,
                cancelled: Lots::ZERO,
                notional: 0,
                fee: 0,
                tax: 0,
                status: Status::Pending,
                reason: None,
                arrival: 0,
                last_arrival: 0,
                created: Time(0),
                updated: Time(0),
                event: 0,
            },
            remembered: 0,
            fees: Fees::default(),
            fee_numerator: 0,
            hold: 0,
            is_decided: false,
            amends: Amends::default(),
            amends_sent: 0,
            fills: None,
        }
    }

    /// Makes what an earlier order left a place for the order `no`.
    #[inline]
    pub(super) fn clear(&mut self, no: OrderNo) {
        self.state.key.no = no;
        (self.fee_numerator, self.hold) = (0, 0);
        (self.is_decided, self.amends_sent, self.fills) = (false, 0, None);
        self.amends.clear();
    }

    /// Takes over what an amend asked for.
    pub(super) fn adopt(&mut self, amend: PendingAmend) {
        self.state.ordered = amend.total;
        self.state.limit = amend.limit;
    }

    /// What has to be held so that whatever the book may still do can be paid.
    #[inline]
    pub(super) fn need(&self, instrument: &Instrument) -> Amount {
        if self.state.status.is_final() {
            return 0;
        }
        if let Some(amount) = self.state.quote_amount {
            return amount - self.state.notional - self.state.fee;
        }
        match self.other().map(|other| other.held) {
            Some(HeldFor::Nothing) => 0,
            Some(HeldFor::Both(least)) => self.need_alone(instrument).max(least),
            None => self.need_alone(instrument),
        }
    }

    /// The other leg, where one cancels the other and neither has traded or fired.
    #[inline(always)]
    pub(super) fn other(&self) -> Option<OtherLeg> {
        self.state.terms.as_ref()?.other
    }

    /// It stands for itself from now on.
    pub(super) fn part(&mut self) {
        if let Some(terms) = &mut self.state.terms {
            terms.other = None;
        }
    }

    #[inline(always)]
    fn need_alone(&self, instrument: &Instrument) -> Amount {
        let done = self.state.filled.0 + self.state.cancelled.0;
        let stage = |limit: Ticks, total: Lots| Stage { limit, open: total.0.saturating_sub(done) };
        let standing = stage(self.state.limit, self.state.ordered);
        if self.amends.all().is_empty() {
            return self.need_of(instrument, standing.value(), standing.open);
        }
        self.worst_need(instrument, standing)
    }

    fn worst_need(&self, instrument: &Instrument, standing: Stage) -> Amount {
        let done = self.state.filled.0 + self.state.cancelled.0;
        let stage = |limit: Ticks, total: Lots| Stage { limit, open: total.0.saturating_sub(done) };
        let mut stages = [standing; AMENDS_MAX + 1];
        for (place, amend) in stages[1..].iter_mut().zip(self.amends.all()) {
            *place = stage(amend.limit, amend.total);
        }
        let stages = &stages[..=self.amends.all().len()];
        let open = stages.iter().map(|stage| stage.open).max().unwrap_or(0);
        self.need_of(instrument, worst_value(stages), open)
    }

    #[inline]
    fn need_of(&self, instrument: &Instrument, value: Amount, open: u64) -> Amount {
        match self.state.side {
            Side::Buy => {
                let notional = product(value, instrument.unit());
                notional + self.fee_still(notional)
            }
            Side::Sell => instrument.base_amount(Lots(open)),
        }
    }

    /// The most that may still be charged when `notional` more is filled.
    ///
    /// It rounds the whole order's fee and takes off what was charged, as every charge does:
    /// rounding the rest by itself could come out a unit below what is charged in the end.
    #[inline]
    fn fee_still(&self, notional: Amount) -> Amount {
        let whole = self.fee_numerator + self.fees.bound().numerator(notional);
        Rate::ceil_sum(whole) - self.state.fee
    }
}

/// What an order of a side holds.
pub(super) fn held_asset(side: Side, instrument: &Instrument) -> AssetId {
    match side {
        Side::Buy => instrument.quote,
        Side::Sell => instrument.base,
    }
}

/// What an order may be in the book: as it stands, or as one of its amends makes it.
#[derive(Clone, Copy)]
struct Stage {
    limit: Ticks,
    open: u64,
}

impl Stage {
    /// Price x quantity, in tick-lots.
    fn value(self) -> Amount {
        Amount::from(self.limit.0) * Amount::from(self.open)
    }
}

/// The most, in tick-lots, that a buy may cost while its amends are under way.
///
/// The book goes through the stages in order and may fill some of the order in each, or refuse
/// an amend and stay. For one amend this is the larger need of the two, except when it asks for
/// more at a lower price: then the old quantity may fill at the old price first and the rest
/// follow at the new one. The best split is always at a stage's own quantity, so a small table
/// over those quantities finds it.
fn worst_value(stages: &[Stage]) -> Amount {
    // Fixed sizes: an amend is part of every hot path that has one.
    let mut points = [0; AMENDS_MAX + 2];
    for (point, stage) in points[1..].iter_mut().zip(stages) {
        *point = stage.open;
    }
    let points = &mut points[..=stages.len()];
    points.sort_unstable();
    // Cost of having filled exactly points[i] so far; none where that cannot be yet.
    let mut cost = [None; AMENDS_MAX + 2];
    cost[0] = Some(0);
    for stage in stages {
        let limit = Amount::from(stage.limit.0);
        for to in 1..points.len() {
            if points[to] > stage.open {
                break;
            }
            let filled_here = |from: usize| Amount::from(points[to] - points[from]);
            let reached =
                (0..to).filter_map(|from| Some(cost[from]? + filled_here(from) * limit)).max();
            cost[to] = cost[to].max(reached);
        }
    }
    cost.into_iter().flatten().max().unwrap_or(0)
}
