//! How an instrument follows an outside book: its house, and how old a snapshot may get.

use crate::document::Fields;
use crate::names::AccountName;
use crate::numbers::Amount;
use crate::time::Millis;

/// Levels of a side, where the book does not say.
const LEVELS: u64 = 30;
/// The most that the exchange takes.
const LEVELS_MAX: u64 = 100;

/// An instrument whose users trade against an outside book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// The account that is the other side of every trade.
    pub house: AccountName,
    /// Levels of a side that a snapshot may have.
    pub levels: u64,
    /// How old a snapshot may get before nothing trades against it.
    pub stale_after: Millis,
    /// What is issued to the house when the market is founded, of the base asset.
    pub base: Amount,
    /// And of the quote asset.
    pub quote: Amount,
    /// The outside market whose book it is, as nodes call it; none: whoever posts, is followed.
    pub venue: Option<String>,
    /// What that market calls it, where that is not quote, dash, base.
    pub code: Option<String>,
}

/// A table, or `none`.
#[allow(clippy::option_option)]
pub(super) fn read(fields: &mut Fields<'_>) -> Option<Option<Follow>> {
    if fields.is_none_word("follow") {
        return Some(None);
    }
    let mut table = fields.table("follow")?;
    table.require(&["house", "stale_after"]);
    let house = table.parsed("house");
    let levels = table.count("levels", 1, LEVELS_MAX);
    let stale_after = table.parsed("stale_after");
    let base = table.parsed("base");
    let quote = table.parsed("quote");
    let (venue, code) = (table.parsed("venue"), table.parsed("code"));
    table.finish();
    Some(Some(Follow {
        house: house?,
        levels: levels.unwrap_or(LEVELS),
        stale_after: stale_after?,
        base: base.unwrap_or(Amount::ZERO),
        quote: quote.unwrap_or(Amount::ZERO),
        venue,
        code,
    }))
}
