//! Counts what only some markets have, so that a run says what it was about.

use super::Told;
use hoga_engine::effect::{Answer, MarketEvent};
use hoga_engine::instrument::{Call, Phase};
use hoga_engine::message::{AccountMessage, Leg, Message, Outcome, OutcomeOf};
use hoga_engine::order::{CancelReason, Status};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Happened {
    pub counts: BTreeMap<&'static str, u64>,
}

impl Happened {
    pub fn hear(&mut self, told: &Told) {
        for (_, message) in &told.sent {
            let name = match message {
                Message::ToAccount(_, AccountMessage::Settle(leg)) => of_leg(leg),
                Message::ToAccount(_, AccountMessage::Outcome(outcome)) => of_outcome(outcome),
                Message::ToAccount(_, AccountMessage::Trailed { .. }) => Some("triggers_trailed"),
                Message::ToAccount(_, AccountMessage::Dropped { reason, .. }) => of_drop(*reason),
                Message::ToPartition(hoga_engine::message::PartitionMessage::Break { .. }) => {
                    Some("market_breaks")
                }
                _ => None,
            };
            self.count(name);
        }
        for (_, event) in &told.market {
            self.count(of_event(event));
        }
    }

    /// What a client was told.
    pub fn answered(&mut self, answer: &Answer) {
        if let Answer::Posted(posted) = answer {
            let is_new = posted.is_taken;
            self.count(Some(if is_new { "snapshots_applied" } else { "snapshots_too_late" }));
        }
    }

    fn count(&mut self, name: Option<&'static str>) {
        if let Some(name) = name {
            *self.counts.entry(name).or_default() += 1;
        }
    }
}

fn of_leg(leg: &Leg) -> Option<&'static str> {
    if leg.source.is_some() && !leg.is_of_house() {
        return Some(if leg.is_maker { "resting_fills_outside" } else { "fills_outside" });
    }
    leg.in_call.then_some("call_legs")
}

fn of_outcome(outcome: &Outcome) -> Option<&'static str> {
    match (outcome.of, outcome.status) {
        (OutcomeOf::Trigger, _) => Some("stops_triggered"),
        (OutcomeOf::Admit, _) => Some("reserved_admitted"),
        (OutcomeOf::Submit, Status::Untriggered) => Some("stops_entered"),
        (OutcomeOf::Submit, Status::Reserved) => Some("reserved"),
        _ => None,
    }
}

fn of_drop(reason: CancelReason) -> Option<&'static str> {
    match reason {
        CancelReason::MarketClosed => Some("day_orders_cancelled"),
        CancelReason::Expired => Some("orders_expired"),
        CancelReason::OtherLeg => Some("other_legs_cancelled"),
        CancelReason::HouseCannotPay => Some("house_could_not_pay"),
        _ => None,
    }
}

fn of_event(event: &MarketEvent) -> Option<&'static str> {
    let MarketEvent::Phase { phase, .. } = event else { return None };
    Some(match phase {
        Phase::Call(Call::Interruption) => "interruptions",
        Phase::Call(Call::Reopening) => "reopenings",
        Phase::Call(_) => "auctions",
        Phase::Halted => "halts",
        Phase::Closed => "closes",
        Phase::Continuous => return None,
    })
}
