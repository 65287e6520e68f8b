//! Every reason that a refusal can have, with its code and the rule behind it.

use hoga_engine::reject::{Class, Reject};
use hoga_proto::status::Refusal;
use std::time::Duration;
use tonic::Code;

/// After this a partition most likely has a leader again.
const LEADER_WAIT: Duration = Duration::from_millis(500);

/// A row of the table of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable, UPPER_SNAKE.
    pub reason: &'static str,
    pub code: Code,
    pub rule: &'static str,
}

/// The gateway's own: what is refused before or beside the rules of trading.
const GATEWAY: &[(&str, Code, &str)] = &[
    (
        "UNAUTHENTICATED",
        Code::Unauthenticated,
        "Everything but market data needs `authorization: Bearer TOKEN`; a token that is not good \
         is refused everywhere.",
    ),
    (
        "PERMISSION_DENIED",
        Code::PermissionDenied,
        "A token acts for its own account and for those under its scope trade_for; operators' \
         methods need an operator's token.",
    ),
    ("UNKNOWN_METHOD", Code::Unimplemented, "Only methods of the .proto files exist."),
    (
        "NOT_SERVED",
        Code::Unimplemented,
        "The wire has a word for it, but this exchange does not do it.",
    ),
    ("UNKNOWN_BOARD", Code::NotFound, "The boards are return, equity and realised."),
    (
        "NOT_RANKED",
        Code::NotFound,
        "An account is on the boards once its first event has reached them.",
    ),
    ("DAY_NOT_FROZEN", Code::NotFound, "A board can be read as of a day that was closed."),
    (
        "NODE_NEEDED",
        Code::FailedPrecondition,
        "A node is removed when enough others are within reach to take its votes over.",
    ),
    (
        "UNKNOWN_NODE",
        Code::NotFound,
        "The exchange has no such node; a node's status is asked of that node itself.",
    ),
    (
        "ACCOUNT_NAME_RESERVED",
        Code::PermissionDenied,
        "Names of faucets, houses and operators are given by operators.",
    ),
    ("ASSET_EXISTS", Code::AlreadyExists, "An asset's code is taken once, for ever."),
    ("INSTRUMENT_EXISTS", Code::AlreadyExists, "An instrument's symbol is taken once, for ever."),
    ("NOT_SUSPENDED", Code::FailedPrecondition, "Only a suspended entity can be resumed."),
    (
        "SESSION_NOT_OPEN",
        Code::FailedPrecondition,
        "A stream whose opening under a name failed takes nothing more until one succeeds.",
    ),
    (
        "ALREADY_SUBSCRIBED",
        Code::AlreadyExists,
        "A stream has a topic once; unsubscribe it to begin anew.",
    ),
    ("NOT_SUBSCRIBED", Code::NotFound, "Only what a stream has can be unsubscribed on it."),
    (
        "TOO_MANY_SUBSCRIPTIONS",
        Code::ResourceExhausted,
        "A stream has a bounded number of topics; open another one.",
    ),
    (
        "SLOW_CONSUMER",
        Code::ResourceExhausted,
        "What is kept for the readers of a private topic is bounded. A reader that falls behind \
         it goes on with its last token.",
    ),
    (
        "TOO_MANY_ORDERS",
        Code::ResourceExhausted,
        "An account may place and amend orders and move money so many times a second. Nothing was \
         written; cancels are never counted.",
    ),
    (
        "MESSAGE_TOO_LARGE",
        Code::InvalidArgument,
        "A message has at most 64 KiB. Nothing was read of it.",
    ),
    (
        "INTERNAL",
        Code::Internal,
        "A failure that no rule foresees: a bug. The request id leads to it in the log.",
    ),
    (
        "EXCHANGE_BUSY",
        Code::ResourceExhausted,
        "Queues are bounded. Nothing was written; the same request may be sent again after a \
         moment.",
    ),
    (
        "DISK_FULL",
        Code::ResourceExhausted,
        "What cannot be made durable is not accepted. Nothing was written; cancels and reads work \
         again when there is space.",
    ),
    (
        "NOT_READY",
        Code::Unavailable,
        "The market is being founded, and what was asked for may come with it. Nothing was \
         written: send the same request again.",
    ),
    (
        "NO_LEADER",
        Code::Unavailable,
        "Nothing was written: the partition has no leader here now. Send the same request again.",
    ),
    (
        "OUTCOME_UNKNOWN",
        Code::Unavailable,
        "The request may have been written. The same request with the same id gets its first \
         answer.",
    ),
    (
        "DEADLINE_EXCEEDED",
        Code::DeadlineExceeded,
        "The answer did not come in the caller's time. A change may have been made: the same \
         request with the same id finds out.",
    ),
    (
        "POSITION_NOT_REACHED",
        Code::Unavailable,
        "A read waits a bounded time for the position it has to see.",
    ),
    ("STOPPING", Code::Unavailable, "The exchange is about to stop. Nothing was changed."),
    ("HISTORY_FAILED", Code::Internal, "The store of past orders, fills and rows failed."),
];

/// Why open quantity went: what stands in an order's `reason`, beside the refusals.
pub const CANCELS: &[(&str, &str)] = &[
    ("REQUESTED", "Its owner cancelled it."),
    ("NO_LIQUIDITY", "An IOC or market order found nothing more to trade with."),
    ("NOT_FILLED_WHOLE", "A FOK order could not be filled whole."),
    ("SELF_MATCH", "It met an order of its own account."),
    ("AMOUNT_SPENT", "A market buy by amount has spent what it can."),
    ("OTHER_LEG", "The other one of two orders of which one cancels the other traded or fired."),
    ("EXPIRED", "Its time ran out."),
    ("MARKET_CLOSED", "The market closed, and it was for that day."),
    ("VOLATILITY_INTERRUPTION", "Its next trade would have begun a call, and it waits for none."),
    ("HOUSE_CANNOT_PAY", "The house of a followed instrument had nothing to trade with any more."),
    (
        "DISCONNECTED",
        "A session of its account that cancels on disconnect lost its client or its gateway.",
    ),
];

/// What an account's owner is told: what stands in a notice's `reason`.
pub const NOTICES: &[(&str, &str)] = &[
    (
        "SESSION_CANCELLED",
        "A session that cancels on disconnect had no client or no gateway for 5 s: books were \
         asked to cancel every open order of its account (`DISCONNECTED`).",
    ),
    (
        "KILL_SWITCH_ON",
        "The kill switch was engaged: books were asked to cancel every open order, and nothing \
         new is taken.",
    ),
    ("KILL_SWITCH_OFF", "The kill switch was released: orders are taken again."),
    ("ACCOUNT_RESET", "The account was reset: what it had was taken back."),
];

/// Why a subscription's snapshot was sent: what streams say, beside the refusals.
pub const SNAPSHOTS: &[(&str, &str)] = &[
    ("FIRST", "The subscription began without a resume token."),
    (
        "RESUME_TOO_OLD",
        "What came right after the resume token is not kept any more: a bounded number of events is. \
         Those between it and the snapshot were not sent; go on from the snapshot.",
    ),
    (
        "CONFLATED",
        "The reader was slow, and events were folded into the snapshot. Never on a private channel.",
    ),
];

/// Every reason: those of trading in the order in which they are checked, then the gateway's.
pub fn all() -> impl Iterator<Item = Reason> {
    let trading = Reject::TABLE.iter();
    let trading =
        trading.map(|&(reason, class, rule)| Reason { reason, code: code_of(class), rule });
    let own = GATEWAY.iter().map(|&(reason, code, rule)| Reason { reason, code, rule });
    trading.chain(own)
}

/// How a class of refusal shows on the wire.
#[must_use]
pub const fn code_of(class: Class) -> Code {
    match class {
        Class::InvalidArgument => Code::InvalidArgument,
        Class::FailedPrecondition => Code::FailedPrecondition,
        Class::ResourceExhausted => Code::ResourceExhausted,
        Class::NotFound => Code::NotFound,
        Class::AlreadyExists => Code::AlreadyExists,
    }
}

/// A refusal of this table, with what is to be said about the case.
#[must_use]
pub fn refusal(reason: &'static str, message: impl Into<String>) -> Box<Refusal> {
    let row = all().find(|row| row.reason == reason);
    let code = row.map(|row| row.code).expect("every reason stands in the table");
    let refusal = Refusal::new(code, reason, message);
    Box::new(match code {
        // Another node may answer, or this one once somebody leads: who knows better says so.
        Code::Unavailable => refusal.retry_after(LEADER_WAIT),
        _ => refusal,
    })
}

#[cfg(test)]
#[path = "reasons_tests.rs"]
mod tests;
