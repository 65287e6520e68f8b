//! Identifiers. All are small integers given out by a log, never by a clock or a random source.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One replicated log with the entities that live behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionId(pub u16);

/// An asset: a currency, a coin, a stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AssetId(pub u16);

/// A tradable pair or stock. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstrumentId(pub u32);

/// An account: its partition in the upper half, its index there in the lower.
///
/// Whoever holds an account's id knows where a message to it has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The `index`-th account of `partition`.
    #[must_use]
    pub const fn new(partition: PartitionId, index: u32) -> Self {
        Self((partition.0 as u64) << 32 | index as u64)
    }

    /// The partition that owns the account.
    #[must_use]
    pub const fn partition(self) -> PartitionId {
        PartitionId((self.0 >> 32) as u16)
    }

    /// The account's place within its partition.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0 as u32
    }

    /// The whole id as one number, for hashing and storage keys.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// Partition and index one by one, each as short as it is; texts get the one number.
impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.0.serialize(serializer);
        }
        (self.partition(), self.index()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Self);
        }
        let (partition, index) = Deserialize::deserialize(deserializer)?;
        Ok(AccountId::new(partition, index))
    }
}

/// Numbers an account's orders from 1, without gaps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct OrderNo(pub u64);

/// Numbers an instrument's trades from 1, without gaps.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct TradeNo(pub u64);

/// Names one order in the whole exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey {
    pub account: AccountId,
    pub no: OrderNo,
}

/// Where an answer has to go: a gateway's process and its running request number.
///
/// An origin of an earlier incarnation has nobody waiting any more; its answer is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    pub node: u16,
    pub incarnation: u32,
    pub request: u64,
}
