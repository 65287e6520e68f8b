//! Who is on the board: every account gets a slot, for ever, in the order of first standings.

use crate::ids::{AccountId, PartitionId};
use std::collections::BTreeMap;

/// Most accounts that a board holds: a slot is 32 bits, and the last number means "none".
pub const ACCOUNTS_MAX: usize = u32::MAX as usize;

const NONE: u32 = u32::MAX;

/// Ids and names by slot, and slots by id.
///
/// An account's index within its partition is given out without gaps, so that a plain list of
/// slots per partition finds an account in one step and four bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Register {
    ids: Vec<u64>,
    slots: BTreeMap<PartitionId, Vec<u32>>,
    /// All names, one behind the other.
    names: String,
    ends: Vec<u64>,
}

impl Register {
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn slot(&self, account: AccountId) -> Option<usize> {
        let slot = *self.slots.get(&account.partition())?.get(account.index() as usize)?;
        (slot != NONE).then_some(slot as usize)
    }

    /// Gives the next slot to an account that has none.
    pub fn add(&mut self, account: AccountId, name: &str) -> usize {
        let slot = self.ids.len();
        assert!(slot < ACCOUNTS_MAX, "a board holds {ACCOUNTS_MAX} accounts");
        let slots = self.slots.entry(account.partition()).or_default();
        let index = account.index() as usize;
        if slots.len() <= index {
            slots.resize(index + 1, NONE);
        }
        assert_eq!(slots[index], NONE, "account {account:?} has a slot");
        slots[index] = slot as u32;
        self.ids.push(account.bits());
        self.names.push_str(name);
        self.ends.push(self.names.len() as u64);
        slot
    }

    /// The id as a number: what breaks the last tie.
    #[inline]
    pub fn id_bits(&self, slot: usize) -> u64 {
        self.ids[slot]
    }

    pub fn id(&self, slot: usize) -> AccountId {
        let bits = self.ids[slot];
        AccountId::new(PartitionId((bits >> 32) as u16), bits as u32)
    }

    pub fn name(&self, slot: usize) -> &str {
        let start = if slot == 0 { 0 } else { self.ends[slot - 1] };
        &self.names[start as usize..self.ends[slot] as usize]
    }

    /// Bytes in memory, spare room aside.
    pub fn bytes(&self) -> usize {
        let slots: usize = self.slots.values().map(|slots| slots.len() * size_of::<u32>()).sum();
        self.ids.len() * 2 * size_of::<u64>() + slots + self.names.len()
    }
}
