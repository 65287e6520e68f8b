//! Rows as bytes: one byte of version, then the row itself. Its kind is in the key.

use super::error::HistoryError;
use super::key::{RowKey, RowKind};
use hoga_engine::candle::{Base, Origin};
use hoga_engine::history::HistoryRow;
use hoga_engine::time::Time;

/// The newest form this release reads, and the one it writes.
const ROW_VERSION: u8 = 3;

pub(super) fn encode(row: &HistoryRow) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    bytes.push(ROW_VERSION);
    let encoded = match row {
        HistoryRow::Ledger(row) => postcard::to_extend(row, bytes),
        HistoryRow::Fill(row) => postcard::to_extend(row, bytes),
        HistoryRow::Order(order) => postcard::to_extend(&**order, bytes),
        HistoryRow::Party(row) => postcard::to_extend(&**row, bytes),
        HistoryRow::Candle(row) => postcard::to_extend(row, bytes),
    };
    encoded.expect("a row of plain fields encodes")
}

pub(super) fn decode(key: RowKey, bytes: &[u8]) -> Result<HistoryRow, HistoryError> {
    let damaged = |reason: String| HistoryError::Damaged { key, reason };
    let Some((&version, body)) = bytes.split_first() else {
        return Err(damaged("it is empty".into()));
    };
    if version != ROW_VERSION {
        return Err(HistoryError::Version { key, found: version, known: ROW_VERSION });
    }
    let row = match key.kind {
        RowKind::Ledger => postcard::from_bytes(body).map(HistoryRow::Ledger),
        RowKind::Fill => postcard::from_bytes(body).map(HistoryRow::Fill),
        RowKind::Order => postcard::from_bytes(body).map(HistoryRow::Order),
        RowKind::Party => postcard::from_bytes(body).map(HistoryRow::Party),
        RowKind::Second
        | RowKind::Minute
        | RowKind::Hour
        | RowKind::Day
        | RowKind::ImportedSecond
        | RowKind::ImportedMinute
        | RowKind::ImportedHour
        | RowKind::ImportedDay => postcard::from_bytes(body).map(HistoryRow::Candle),
    }
    .map_err(|error| damaged(error.to_string()))?;
    if RowKey::of(&row) != key {
        return Err(damaged(format!("it names itself {}", RowKey::of(&row))));
    }
    Ok(row)
}

/// The time that decides how long a row is kept: when it came to stand where it stands.
pub(super) fn kept_since(row: &HistoryRow) -> Time {
    match row {
        HistoryRow::Ledger(row) => row.posted,
        HistoryRow::Fill(row) => row.posted,
        HistoryRow::Order(order) => order.updated,
        HistoryRow::Party(row) => row.posted,
        // Longer ones are few, and for ever what a chart of years is drawn from; and imported ones
        // were old when somebody wanted them.
        HistoryRow::Candle(row) if row.base >= Base::Hour || row.origin == Origin::Imported => {
            Time(u64::MAX)
        }
        HistoryRow::Candle(row) => row.bar.start,
    }
}
