//! Notices to an account's owner.

use super::numbers::timestamp;
use crate::v1;
use hoga_engine::notice::{Notice, NoticeOf};

/// A notice of the account with this id.
#[must_use]
pub fn notice(notice: &Notice, account: &str) -> v1::Notice {
    let cancelling = |orders: u64| match orders {
        0 => "no order was open".to_owned(),
        1 => "its open order is cancelled".to_owned(),
        orders => format!("its {orders} open orders are cancelled"),
    };
    let (reason, message) = match notice.of {
        NoticeOf::SessionCancelled { session, orders } => {
            let lost = format!("session {session} was without a client or a gateway for too long");
            ("SESSION_CANCELLED", format!("{lost}: {}", cancelling(orders)))
        }
        NoticeOf::KillSwitchEngaged { orders } => {
            let engaged = "the kill switch is engaged, nothing new is taken";
            ("KILL_SWITCH_ON", format!("{engaged}: {}", cancelling(orders)))
        }
        NoticeOf::KillSwitchReleased => {
            ("KILL_SWITCH_OFF", "the kill switch is released: orders are taken again".into())
        }
        NoticeOf::AccountReset => {
            ("ACCOUNT_RESET", "the account was reset: what it had was taken back".into())
        }
    };
    v1::Notice {
        reason: reason.into(),
        message,
        subject: format!("accounts/{account}"),
        amount: None,
        time: Some(timestamp(notice.time)),
    }
}
