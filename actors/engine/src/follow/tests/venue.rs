//! A listing that follows, alone, with what it said.

use crate::amount::{Amount, Lots, Rate, Ticks};
use crate::book::Listing;
use crate::effect::{Answer, Effect};
use crate::follow::{Follow, Funding, Level, OutsideFill, Snapshot};
use crate::ids::{AccountId, AssetId, InstrumentId, OrderKey, OrderNo, Origin, PartitionId};
use crate::instrument::{Calls, Fees, Instrument, Phase};
use crate::message::{AccountMessage, Amend, BookMessage, Message, Outcome, Submit};
use crate::order::{CancelReason, SelfMatch, Side, TimeInForce};
use crate::tick_table::TickTable;
use crate::time::Time;

pub const ORIGIN: Origin = Origin { node: 1, incarnation: 1, request: 1 };
pub const HOUSE: AccountId = AccountId::new(PartitionId(5), 0);
pub const STALE_NS: u64 = 5 * Time::SECOND;

/// One lot at one tick costs three minor units of the quote.
pub fn instrument() -> Instrument {
    let follow =
        Follow { house: "house".into(), levels_max: 5, stale_ns: STALE_NS, subscription: None };
    Instrument {
        id: InstrumentId(7),
        symbol: "OUT-KRW".into(),
        partition: PartitionId(2),
        base: AssetId(1),
        base_code: "OUT".into(),
        base_scale: 2,
        quote: AssetId(2),
        quote_code: "KRW".into(),
        quote_scale: 0,
        tick: 30,
        lot: 10,
        ticks: TickTable::uniform(),
        quantity_min: Lots(1),
        quantity_max: Lots(1_000_000),
        notional_min: 0,
        notional_max: 0,
        base_price: None,
        band: None,
        collar: Rate(0),
        fees: Fees::default(),
        self_match: SelfMatch::CancelTaker,
        open_orders_max: 100,
        phase: Phase::Continuous,
        phase_until: None,
        schedule: None,
        calls: Calls::default(),
        follow: Some(Box::new(follow)),
    }
}

pub fn key(no: u64) -> OrderKey {
    OrderKey { account: AccountId::new(PartitionId(6), no as u32), no: OrderNo(no) }
}

pub fn order(no: u64, side: Side, quantity: u64, limit: u32) -> Submit {
    Submit {
        order: key(no),
        side,
        limit: Ticks(limit),
        quantity: Lots(quantity),
        value_max: None,
        time_in_force: TimeInForce::Gtc,
        is_market: false,
        post_only: false,
        self_match: SelfMatch::CancelTaker,
        terms: None,
        origin: None,
    }
}

pub fn buy(no: u64, quantity: u64, limit: u32) -> Submit {
    order(no, Side::Buy, quantity, limit)
}

pub fn sell(no: u64, quantity: u64, limit: u32) -> Submit {
    order(no, Side::Sell, quantity, limit)
}

pub fn ioc(submit: Submit) -> Submit {
    Submit { time_in_force: TimeInForce::Ioc, ..submit }
}

pub fn fok(submit: Submit) -> Submit {
    Submit { time_in_force: TimeInForce::Fok, ..submit }
}

/// Levels as (price, quantity), best first.
pub fn snapshot(number: u64, bids: &[(u32, u64)], asks: &[(u32, u64)]) -> Snapshot {
    let levels = |side: &[(u32, u64)]| {
        let level = |&(price, quantity)| Level { price: Ticks(price), quantity: Lots(quantity) };
        side.iter().map(level).collect()
    };
    Snapshot { number, time: Time(number), bids: levels(bids), asks: levels(asks) }
}

/// A listing, the time there, and what it said since that was looked at.
pub struct Venue {
    pub listing: Listing,
    pub now: Time,
    pub said: Vec<Effect>,
}

impl Venue {
    /// With a rich house.
    pub fn rich() -> Venue {
        let mut venue = Venue::poor();
        venue.fund(1_000_000_000, 1_000_000_000);
        venue
    }

    /// With a house that was not funded.
    pub fn poor() -> Venue {
        let listing = Listing::new(instrument(), None);
        Venue { listing, now: Time(Time::SECOND), said: Vec::new() }
    }

    pub fn fund(&mut self, base: Amount, quote: Amount) {
        let funding = Funding { house: HOUSE, base, quote };
        self.listing.handle(&BookMessage::Fund(funding), self.now, &mut self.said);
    }

    pub fn post(&mut self, snapshot: &Snapshot) -> Answer {
        self.listing.post(snapshot, ORIGIN, self.now, &mut self.said);
        let answer = self.said.iter().rev().find_map(|effect| match effect {
            Effect::Answer(_, answer) => Some(answer.clone()),
            _ => None,
        });
        answer.expect("who posts is answered")
    }

    /// Handles a command and returns its one outcome.
    pub fn handle(&mut self, message: &BookMessage) -> Outcome {
        let from = self.said.len();
        self.listing.handle(message, self.now, &mut self.said);
        let outcomes = self.said[from..].iter().filter_map(|effect| match effect {
            Effect::Send(_, Message::ToAccount(_, AccountMessage::Outcome(outcome))) => {
                Some(outcome.clone())
            }
            _ => None,
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        let [outcome] = outcomes.try_into().expect("every command has exactly one outcome");
        outcome
    }

    pub fn submit(&mut self, submit: Submit) -> Outcome {
        self.handle(&BookMessage::Submit(submit))
    }

    pub fn cancel(&mut self, no: u64) -> Outcome {
        let reason = CancelReason::Requested;
        let (order, request, origin) = (key(no), None, None);
        self.handle(&BookMessage::Cancel { order, request, origin, reason })
    }

    pub fn amend(&mut self, no: u64, total: Option<u64>, limit: Option<u32>) -> Outcome {
        self.handle(&BookMessage::Amend(Amend {
            order: key(no),
            amend_no: 1,
            total: total.map(Lots),
            limit: limit.map(Ticks),
            post_only: false,
            self_match: SelfMatch::CancelTaker,
            request: 9,
            origin: ORIGIN,
        }))
    }

    /// Time goes on, and what it brings about happens.
    pub fn pass(&mut self, nanoseconds: u64) {
        self.now = Time(self.now.0 + nanoseconds);
        self.listing.tick(self.now, &mut self.said);
    }

    /// The users' fills since this was asked last, and what went without one.
    pub fn take_said(&mut self) -> (Vec<OutsideFill>, Vec<(OrderKey, u64, CancelReason)>) {
        let said = std::mem::take(&mut self.said);
        let (mut fills, mut dropped) = (Vec::new(), Vec::new());
        for effect in said {
            let Effect::Send(_, Message::ToAccount(_, message)) = effect else { continue };
            match message {
                AccountMessage::Settle(leg) if !leg.is_of_house() => fills.push(OutsideFill {
                    order: leg.order,
                    house: HOUSE,
                    side: leg.side,
                    is_maker: leg.is_maker,
                    price: leg.price,
                    quantity: leg.quantity,
                    source: leg.source.expect("every fill says what it was made of"),
                }),
                AccountMessage::Dropped { order, quantity, reason, .. } => {
                    dropped.push((order, quantity.0, reason));
                }
                _ => {}
            }
        }
        (fills, dropped)
    }

    /// The users' fills as (order, quantity, price, snapshot, level).
    pub fn fills(&mut self) -> Vec<(u64, u64, u32, u64, u32)> {
        let (fills, _) = self.take_said();
        let short = |fill: OutsideFill| {
            let source = fill.source;
            (fill.order.no.0, fill.quantity.0, fill.price.0, source.snapshot, source.level)
        };
        fills.into_iter().map(short).collect()
    }

    /// What can be taken, as (price, quantity).
    pub fn levels(&self, side: Side) -> Vec<(u32, u64)> {
        self.listing.levels(side).map(|(price, quantity)| (price.0, quantity.0)).collect()
    }
}
