//! The names of a partition's accounts.

use hoga_engine::ids::{AccountId, PartitionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Accounts by name. An id is given once and never again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    by_name: BTreeMap<Box<str>, AccountId>,
}

impl Directory {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<AccountId> {
        self.by_name.get(name).copied()
    }

    /// Gives the next id to a name that has none.
    pub(super) fn add(&mut self, partition: PartitionId, name: &str) -> AccountId {
        let index = u32::try_from(self.by_name.len()).expect("fewer than 2^32 accounts");
        let id = AccountId::new(partition, index);
        self.by_name.insert(name.into(), id);
        id
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Names behind `after`, in alphabetical order.
    pub fn names_after<'a>(
        &'a self,
        after: &str,
    ) -> impl Iterator<Item = (&'a str, AccountId)> + use<'a> {
        let from = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        self.by_name.range::<str, _>(from).map(|(name, id)| (&**name, *id))
    }
}
