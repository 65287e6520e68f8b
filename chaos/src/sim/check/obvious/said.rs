//! What a book says of its orders.

use crate::sim::check::Told;
use hoga_engine::amount::{Lots, Ticks};
use hoga_engine::follow::Source;
use hoga_engine::ids::{OrderKey, TradeNo};
use hoga_engine::message::{AccountMessage, Leg, Message, Outcome, OutcomeOf};
use hoga_engine::order::{CancelReason, Side, Status};
use std::collections::BTreeMap;

/// One thing that a book says of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Traded {
        trade: TradeNo,
        side: Side,
        is_maker: bool,
        in_call: bool,
        price: Ticks,
        quantity: Lots,
        source: Option<Source>,
    },
    /// By which of the book's commands, and what came of it.
    Decided {
        of: Of,
        arrival: u64,
        status: Status,
        filled: Lots,
        remaining: Lots,
        cancelled: Lots,
    },
    Refused {
        of: Of,
        arrival: u64,
    },
    Dropped {
        quantity: Lots,
        reason: CancelReason,
    },
    Trailed(Ticks),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Submit,
    Trigger,
    Admit,
    Cancel,
    Amend,
}

/// Of each order in the order in which it was said: all of it goes to one account.
pub type Sayings = BTreeMap<OrderKey, Vec<Said>>;

/// What the books of a partition said by one entry.
#[must_use]
pub fn of(told: &Told) -> Sayings {
    let mut sayings = Sayings::new();
    for (_, message) in &told.sent {
        let Message::ToAccount(_, message) = message else { continue };
        let (order, said) = match message {
            AccountMessage::Settle(leg) => (leg.order, traded(leg)),
            AccountMessage::Outcome(outcome) => (outcome.order, decided(outcome)),
            AccountMessage::Dropped { order, quantity, reason, .. } => {
                (*order, Said::Dropped { quantity: *quantity, reason: *reason })
            }
            AccountMessage::Trailed { order, trigger } => (*order, Said::Trailed(*trigger)),
            _ => continue,
        };
        sayings.entry(order).or_default().push(said);
    }
    sayings
}

fn traded(leg: &Leg) -> Said {
    let &Leg { trade, side, is_maker, in_call, price, quantity, source, .. } = leg;
    Said::Traded { trade, side, is_maker, in_call, price, quantity, source }
}

fn decided(outcome: &Outcome) -> Said {
    let of = match outcome.of {
        OutcomeOf::Submit => Of::Submit,
        OutcomeOf::Trigger => Of::Trigger,
        OutcomeOf::Admit => Of::Admit,
        OutcomeOf::Cancel(_) => Of::Cancel,
        OutcomeOf::Amend { .. } => Of::Amend,
    };
    let &Outcome { arrival, status, filled, remaining, cancelled, .. } = outcome;
    match outcome.reject {
        Some(_) => Said::Refused { of, arrival },
        None => Said::Decided { of, arrival, status, filled, remaining, cancelled },
    }
}
