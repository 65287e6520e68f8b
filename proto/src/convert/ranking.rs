//! Boards and places on them.

use super::numbers::{shown, shown_ratio, timestamp};
use crate::v1;
use hoga_engine::board::{ALL, BoardKind, MarkSet, Row, Span, TradingDay};
use hoga_engine::instrument::Asset;

/// The board's id in its name.
#[must_use]
pub const fn id(kind: BoardKind) -> &'static str {
    match kind {
        BoardKind::Return => "return",
        BoardKind::Equity => "equity",
        BoardKind::Realised => "realised",
    }
}

/// The board of that id, if there is one.
#[must_use]
pub fn kind(id: &str) -> Option<BoardKind> {
    BoardKind::ALL.into_iter().find(|kind| self::id(*kind) == id)
}

/// A day of the exchange's calendar, `2026-11-20`.
///
/// # Errors
/// The rule that the text breaks.
pub fn day(text: &str) -> Result<TradingDay, &'static str> {
    let number = || {
        let bytes = text.as_bytes();
        let is_formed = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let number: u32 = is_formed.then(|| digits.parse().ok())??;
        let (month, day) = (number / 100 % 100, number % 100);
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(number)
    };
    let rule = "write a day as YYYY-MM-DD, or leave it out for the board as it is now";
    number().map(TradingDay).ok_or(rule)
}

impl From<BoardKind> for v1::BoardMeasure {
    fn from(kind: BoardKind) -> v1::BoardMeasure {
        match kind {
            BoardKind::Return => v1::BoardMeasure::Return,
            BoardKind::Equity => v1::BoardMeasure::Equity,
            BoardKind::Realised => v1::BoardMeasure::Realised,
        }
    }
}

/// A board; none for `asset` while the exchange has no money yet.
#[must_use]
pub fn board(
    kind: BoardKind,
    season: &str,
    asset: Option<&Asset>,
    state: v1::BoardState,
    account_count: u64,
    set: MarkSet,
) -> v1::Board {
    v1::Board {
        name: format!("boards/{}", id(kind)),
        measure: v1::BoardMeasure::from(kind).into(),
        asset: asset.map(|asset| asset.code.to_string()).unwrap_or_default(),
        state: state.into(),
        account_count,
        mark_set: set.number,
        mark_time: (set.number > 0).then(|| timestamp(set.time)),
        season: format!("seasons/{season}"),
    }
}

/// A season by its name.
#[must_use]
pub fn season(name: &str, span: Span) -> v1::Season {
    v1::Season {
        name: format!("seasons/{name}"),
        open_time: (name != ALL).then(|| timestamp(span.opened)),
        close_time: span.closed.map(timestamp),
    }
}

/// A place, its amounts in minor units of `scale`.
#[must_use]
pub fn entry(row: &Row, kind: BoardKind, scale: u8) -> v1::RankEntry {
    let value = match kind {
        BoardKind::Return => shown_ratio(row.score.numerator, row.score.denominator),
        BoardKind::Equity | BoardKind::Realised => Some(shown(row.score.numerator, scale)),
    };
    v1::RankEntry {
        rank: row.rank,
        account: format!("accounts/{}", row.name),
        value,
        equity: Some(shown(row.equity, scale)),
        last_event_time: Some(timestamp(row.last_event)),
    }
}
