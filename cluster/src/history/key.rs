//! Keys of rows: account, kind, sequence. Fixed by the row itself, so that writing a row again
//! lands on the same place.

use hoga_engine::candle::{Base, CandleRow, Origin};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, InstrumentId, PartitionId};
use hoga_engine::time::Time;
use std::fmt;

/// What a row tells of. The number is on disk; it never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowKind {
    Ledger = 1,
    Fill = 2,
    /// An order in its final status; its sequence is its number.
    Order = 3,
    /// Whom a ledger row of a transfer was with; its sequence is that row's.
    Party = 4,
    /// A candle of a book's trades; its sequence is the second in which it begins.
    Second = 5,
    Minute = 6,
    Hour = 7,
    Day = 8,
    /// The same, from another exchange's history.
    ImportedSecond = 9,
    ImportedMinute = 10,
    ImportedHour = 11,
    ImportedDay = 12,
}

impl RowKind {
    pub const ALL: [RowKind; 12] = [
        RowKind::Ledger,
        RowKind::Fill,
        RowKind::Order,
        RowKind::Party,
        RowKind::Second,
        RowKind::Minute,
        RowKind::Hour,
        RowKind::Day,
        RowKind::ImportedSecond,
        RowKind::ImportedMinute,
        RowKind::ImportedHour,
        RowKind::ImportedDay,
    ];

    /// Where candles of a kept length lie.
    #[must_use]
    pub const fn candle(base: Base, origin: Origin) -> RowKind {
        match (origin, base) {
            (Origin::Traded, Base::Second) => RowKind::Second,
            (Origin::Traded, Base::Minute) => RowKind::Minute,
            (Origin::Traded, Base::Hour) => RowKind::Hour,
            (Origin::Traded, Base::Day) => RowKind::Day,
            (Origin::Imported, Base::Second) => RowKind::ImportedSecond,
            (Origin::Imported, Base::Minute) => RowKind::ImportedMinute,
            (Origin::Imported, Base::Hour) => RowKind::ImportedHour,
            (Origin::Imported, Base::Day) => RowKind::ImportedDay,
        }
    }

    fn from_number(number: u8) -> Option<RowKind> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// The place of one row: in the list of an account, or of a book, which has a number in its
/// partition as an account has in its own. The order of keys is that of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub account: AccountId,
    pub kind: RowKind,
    pub sequence: u64,
}

impl RowKey {
    pub const BYTES: usize = 17;

    /// No key of a row is below this one.
    pub(super) const LOWEST: RowKey =
        RowKey { account: AccountId::new(PartitionId(0), 0), kind: RowKind::ALL[0], sequence: 0 };

    #[must_use]
    pub fn of(row: &HistoryRow) -> RowKey {
        match row {
            HistoryRow::Ledger(row) => {
                RowKey { account: row.account, kind: RowKind::Ledger, sequence: row.sequence }
            }
            HistoryRow::Fill(row) => {
                RowKey { account: row.account, kind: RowKind::Fill, sequence: row.sequence }
            }
            HistoryRow::Order(order) => RowKey {
                account: order.key.account,
                kind: RowKind::Order,
                sequence: order.key.no.0,
            },
            HistoryRow::Party(row) => {
                RowKey { account: row.account, kind: RowKind::Party, sequence: row.sequence }
            }
            HistoryRow::Candle(row) => {
                let CandleRow { partition, instrument, base, origin, bar } = row;
                let (account, kind) =
                    (RowKey::book(*partition, *instrument), RowKind::candle(*base, *origin));
                RowKey { account, kind, sequence: bar.start.0 / Time::SECOND }
            }
        }
    }

    /// In whose place a book's rows lie: its partition has no accounts.
    #[must_use]
    pub const fn book(partition: PartitionId, instrument: InstrumentId) -> AccountId {
        AccountId::new(partition, instrument.0)
    }

    /// Big-endian, so that bytes sort as keys do.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.account.bits().to_be_bytes());
        bytes[8] = self.kind as u8;
        bytes[9..].copy_from_slice(&self.sequence.to_be_bytes());
        bytes
    }

    /// None for bytes that [`RowKey::to_bytes`] does not make.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<RowKey> {
        let (account, rest) = bytes.split_first_chunk::<8>()?;
        let (kind, sequence) = rest.split_first()?;
        let bits = u64::from_be_bytes(*account);
        let partition = PartitionId(u16::try_from(bits >> 32).ok()?);
        Some(RowKey {
            account: AccountId::new(partition, bits as u32),
            kind: RowKind::from_number(*kind)?,
            sequence: u64::from_be_bytes(sequence.try_into().ok()?),
        })
    }

    pub(super) fn is_in_list_of(self, other: RowKey) -> bool {
        (self.account, self.kind) == (other.account, other.kind)
    }

    /// The first key of the next kind of this account, or else of the next account.
    pub(super) fn next_list(self) -> Option<RowKey> {
        let later = RowKind::ALL.into_iter().find(|kind| *kind > self.kind);
        let (account, kind) = match later {
            Some(kind) => (self.account, kind),
            None => {
                let bits = self.account.bits().checked_add(1)?;
                let partition = PartitionId(u16::try_from(bits >> 32).ok()?);
                (AccountId::new(partition, bits as u32), RowKind::ALL[0])
            }
        };
        Some(RowKey { account, kind, sequence: 0 })
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (partition, index) = (self.account.partition().0, self.account.index());
        write!(f, "{:?} {} of account {partition}/{index}", self.kind, self.sequence)
    }
}
