//! What callers were told by books, which reads of their accounts then wait for: everybody reads
//! what he was answered here.
//!
//! A book answers before the account has heard of it. Who goes on at another gateway names the
//! answer's `settles` himself.

use hoga_engine::effect::Settles;
use hoga_proto::names::AccountName;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Accounts that are kept. The one that was answered longest ago goes first: by then it has heard.
const ACCOUNTS_MAX: usize = 65_536;

/// The newest answer of each book partition, by account.
#[derive(Default)]
pub struct Promised(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_account: HashMap<Box<str>, Vec<Settles>>,
    /// The oldest first.
    order: VecDeque<Box<str>>,
}

impl Promised {
    /// The account's owner was told this; none of what the account has heard of already.
    pub fn note(&self, account: &AccountName, settles: Option<Settles>) {
        let Some(settles) = settles else { return };
        let mut kept = self.lock();
        if let Some(promised) = kept.by_account.get_mut(account.id()) {
            match promised.iter_mut().find(|before| before.partition == settles.partition) {
                Some(before) => before.sequence = before.sequence.max(settles.sequence),
                None => promised.push(settles),
            }
            return;
        }
        if kept.order.len() >= ACCOUNTS_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_account.remove(&oldest);
        }
        kept.by_account.insert(account.id().into(), vec![settles]);
        kept.order.push_back(account.id().into());
    }

    /// What a read of the account has to see.
    pub fn of(&self, account: &AccountName) -> Vec<Settles> {
        self.lock().by_account.get(account.id()).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "promised_tests.rs"]
mod tests;
