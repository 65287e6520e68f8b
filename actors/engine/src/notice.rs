//! What an account's owner should know beside what orders, fills and balances tell.

use crate::client_id::ClientId;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Something that happened to an account as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// From 1, without gaps, within the account.
    pub sequence: u64,
    /// Entry time of the command that brought it about.
    pub time: Time,
    pub of: NoticeOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeOf {
    /// A named session was without its client or its gateway for too long. So many orders were
    /// open; books are asked to cancel them.
    SessionCancelled {
        session: ClientId,
        orders: u64,
    },
    /// So many orders were open; books are asked to cancel them.
    KillSwitchEngaged {
        orders: u64,
    },
    KillSwitchReleased,
    AccountReset,
}
