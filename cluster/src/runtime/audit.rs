//! A look at the whole of one partition at one position: its state hash, and what its accounts
//! have. It holds the partition up for as long as it takes, so it is for operators and checkers.

use super::exchange::Exchange;
use super::read::{After, At, ReadError, Seen, Subject};
use crate::partition::Core;
use crate::state::{hash_core, hash_entity};
use hoga_actors::{Entity, EntityId, Scene};
use hoga_engine::amount::Amount;
use hoga_engine::ids::{AssetId, InstrumentId, PartitionId};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a partition came to at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub at: At,
    /// As snapshots state it, and as every replica has it there.
    pub hash: u64,
    /// Available and held of all its accounts, in minor units.
    pub in_accounts: BTreeMap<AssetId, Amount>,
}

impl Exchange {
    /// Looks at every entity of a partition, and with `question` at its bookkeeping, all at one
    /// position.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn audit<T: Send + 'static>(
        &self,
        partition: PartitionId,
        question: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<(Audit, T), ReadError> {
        let hash = Arc::new(AtomicU64::new(0));
        let sums = Arc::new(Mutex::new(BTreeMap::<AssetId, Amount>::new()));
        let (of_each, sums_of_each) = (hash.clone(), sums.clone());
        let each = move |id: EntityId, entity: &Entity, _: &Scene| {
            // Hashes of entities add up in any order, and wrap as they do in a snapshot.
            of_each.fetch_add(hash_entity(id, &entity.encode()), Ordering::Relaxed);
            if let Entity::Account(account) = entity {
                let mut sums = sums_of_each.lock().unwrap_or_else(PoisonError::into_inner);
                for (asset, balance) in account.balances() {
                    *sums.entry(asset).or_default() += balance.available + balance.held;
                }
            }
        };
        let first = EntityId::Book(InstrumentId(0));
        let subject = Subject::Entities { first, most: usize::MAX, each: Arc::new(each) };
        let seen = |seen: Seen<'_>| match seen {
            Seen::Core(core, at) => Some((hash_core(&core.encode()), at, question(core))),
            _ => None,
        };
        let after = self.fresh(partition, After::default()).await?;
        let found = self.read(partition, subject, after, seen).await?;
        let (of_core, at, answer) = found.ok_or(ReadError::Stopped)?;
        let hash = of_core.wrapping_add(hash.load(Ordering::Relaxed));
        let in_accounts = std::mem::take(&mut *sums.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((Audit { at, hash, in_accounts }, answer))
    }
}
