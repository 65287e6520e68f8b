//! What went wrong below, as a refusal on the wire.

use super::reasons::{code_of, refusal};
use hoga_cluster::history::HistoryError;
use hoga_cluster::runtime::{Failure, ReadError};
use hoga_engine::reject::Reject;
use hoga_proto::status::Refusal;
use std::time::Duration;

/// Every method's way to say no.
pub type Refused = Box<Refusal>;

/// After this a full queue has most likely moved on.
const BUSY_WAIT: Duration = Duration::from_millis(100);
/// Disks are not emptied in a moment.
const DISK_WAIT: Duration = Duration::from_secs(5);

/// After this a market is most likely founded.
const FOUNDING_WAIT: Duration = Duration::from_millis(500);

/// What is asked for may be there in a moment.
#[must_use]
pub fn not_ready() -> Refused {
    let message = "the exchange is not ready: its market is being founded";
    Box::new(refusal("NOT_READY", message).retry_after(FOUNDING_WAIT))
}

/// A refusal of the engine; `parent` is the message that its fields stand in (`order.`), or empty.
#[must_use]
pub fn rejected(reject: &Reject, parent: &str) -> Refused {
    let mut refusal = Refusal::new(code_of(reject.class()), reject.reason(), reject.to_string());
    if let Some(field) = field_of(reject) {
        refusal = refusal.field(format!("{parent}{field}"));
    }
    for (key, value) in numbers_of(reject) {
        refusal = refusal.with(key, value);
    }
    Box::new(match reject {
        Reject::AccountNotFound { name } | Reject::AccountExists { name } => {
            refusal.resource(format!("accounts/{name}"))
        }
        Reject::TransferToUnknown { to } => refusal.resource(format!("accounts/{to}")),
        Reject::UnknownInstrument { symbol }
        | Reject::InstrumentHalted { symbol }
        | Reject::MarketClosed { symbol } => refusal.resource(format!("instruments/{symbol}")),
        _ => refusal,
    })
}

/// The field that is at fault, when it is a single one.
fn field_of(reject: &Reject) -> Option<&str> {
    Some(match reject {
        Reject::Malformed { field, .. } => field,
        Reject::UnknownInstrument { .. } => "instrument",
        Reject::PriceNotOnTick { .. } | Reject::PriceOutOfBand { .. } => "price",
        Reject::QuantityNotOnLot { .. }
        | Reject::QuantityTooSmall { .. }
        | Reject::QuantityTooLarge { .. }
        | Reject::AmendBelowFilled { .. } => "quantity",
        _ => return None,
    })
}

/// The numbers of the message, for programs.
fn numbers_of(reject: &Reject) -> Vec<(&'static str, String)> {
    let pairs = |pairs: &[(&'static str, &dyn std::fmt::Display)]| {
        pairs.iter().map(|(key, value)| (*key, value.to_string())).collect()
    };
    match reject {
        Reject::PriceNotOnTick { price, step, below, above, .. } => {
            pairs(&[("price", price), ("step", step), ("below", below), ("above", above)])
        }
        Reject::QuantityNotOnLot { quantity, lot, .. } => {
            pairs(&[("quantity", quantity), ("lot", lot)])
        }
        Reject::QuantityTooSmall { quantity, min } => {
            pairs(&[("quantity", quantity), ("min", min)])
        }
        Reject::QuantityTooLarge { quantity, max } => {
            pairs(&[("quantity", quantity), ("max", max)])
        }
        Reject::NotionalTooSmall { notional, min, .. } => {
            pairs(&[("notional", notional), ("min", min)])
        }
        Reject::NotionalTooLarge { notional, max, .. } => {
            pairs(&[("notional", notional), ("max", max)])
        }
        Reject::PriceOutOfBand { price, low, high } => {
            pairs(&[("price", price), ("low", low), ("high", high)])
        }
        Reject::TooManyOpenOrders { open, max } => pairs(&[("open", open), ("max", max)]),
        Reject::InsufficientFunds { needed, available, asset }
        | Reject::InsufficientHoldings { needed, available, asset } => {
            pairs(&[("needed", needed), ("available", available), ("asset", asset)])
        }
        Reject::PostOnlyWouldTrade { price, best } => pairs(&[("price", price), ("best", best)]),
        Reject::AmendBelowFilled { total, filled } => {
            pairs(&[("total", total), ("filled", filled)])
        }
        Reject::OpenOrdersExist { open } => pairs(&[("open", open)]),
        _ => Vec::new(),
    }
}

/// A request that was not answered; `remaining` is what its caller had left.
#[must_use]
pub fn failed(failure: &Failure, remaining: Duration) -> Refused {
    let message = failure.to_string();
    Box::new(match failure {
        Failure::Busy(_) => refusal("EXCHANGE_BUSY", message).retry_after(BUSY_WAIT),
        Failure::DiskFull => refusal("DISK_FULL", message).retry_after(DISK_WAIT),
        Failure::NotLeader(_) => return refusal("NO_LEADER", message),
        Failure::Unknown if remaining.is_zero() => {
            let message = "no answer came in time; the outcome is unknown: ask again with the \
                           same id";
            refusal("DEADLINE_EXCEEDED", message).retry_after(BUSY_WAIT)
        }
        Failure::Unknown => return refusal("OUTCOME_UNKNOWN", message),
    })
}

/// A read without an answer.
#[must_use]
pub fn unread(error: &ReadError) -> Refused {
    let message = error.to_string();
    match error {
        ReadError::NoAccount(_) => refusal("ACCOUNT_NOT_FOUND", message),
        ReadError::NoBook(_) => refusal("UNKNOWN_INSTRUMENT", message),
        ReadError::TooEarly => {
            Box::new(refusal("POSITION_NOT_REACHED", message).retry_after(BUSY_WAIT))
        }
        ReadError::Crowded => Box::new(refusal("EXCHANGE_BUSY", message).retry_after(BUSY_WAIT)),
        ReadError::NoLeader(_) => refusal("NO_LEADER", message),
        ReadError::Stopped => refusal("STOPPING", message),
        ReadError::History(_) => refusal("HISTORY_FAILED", message),
    }
}

/// A read of the history that failed. People hear that it did; the cause is for the log.
#[must_use]
pub fn history(error: &HistoryError) -> Refused {
    tracing::error!(%error, "the history cannot be read");
    refusal("HISTORY_FAILED", "the history cannot be read now")
}
