//! Which partition owns what. Slots and symbols never move between partitions.

use crate::ids::{InstrumentId, PartitionId};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Number of hash slots that account names fall into.
pub const ACCOUNT_SLOTS: u64 = 4096;

/// What a partition's entities are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Instruments, assets, nodes, placement.
    Meta,
    Boards,
    Books,
    Accounts,
}

/// How many partitions of each role there are. Fixed when the exchange is created.
///
/// Numbers: meta is 0, boards are 1, then the books, then the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    pub books: u16,
    pub accounts: u16,
}

impl Default for Topology {
    fn default() -> Self {
        Topology { books: 4, accounts: 6 }
    }
}

impl Topology {
    pub const META: PartitionId = PartitionId(0);
    pub const BOARDS: PartitionId = PartitionId(1);
    const FIRST_BOOK: u16 = 2;

    #[must_use]
    pub const fn count(&self) -> u16 {
        Self::FIRST_BOOK + self.books + self.accounts
    }

    /// Every partition with its role.
    pub fn partitions(&self) -> impl Iterator<Item = (PartitionId, Role)> {
        let topology = *self;
        (0..self.count()).map(PartitionId).map(move |id| (id, topology.role(id)))
    }

    #[must_use]
    pub fn role(&self, partition: PartitionId) -> Role {
        match partition {
            Self::META => Role::Meta,
            Self::BOARDS => Role::Boards,
            PartitionId(n) if n < Self::FIRST_BOOK + self.books => Role::Books,
            _ => Role::Accounts,
        }
    }

    /// The partition of the account with this name.
    #[must_use]
    pub fn account_partition(&self, name: &str) -> PartitionId {
        let slot = xxh3_64(name.as_bytes()) % ACCOUNT_SLOTS;
        let share = slot * u64::from(self.accounts) / ACCOUNT_SLOTS;
        PartitionId(Self::FIRST_BOOK + self.books + share as u16)
    }

    /// One of the partitions that have accounts, for what all of them know.
    #[must_use]
    pub const fn first_of_accounts(&self) -> PartitionId {
        PartitionId(Self::FIRST_BOOK + self.books)
    }

    /// The partition in which a new instrument is listed: round robin over its number.
    #[must_use]
    pub fn book_partition(&self, instrument: InstrumentId) -> PartitionId {
        PartitionId(Self::FIRST_BOOK + (instrument.0 % u32::from(self.books)) as u16)
    }
}
