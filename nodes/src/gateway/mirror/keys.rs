//! The names of everything in Redis, each with what is kept there: the one list that
//! `docs/redis.md` goes by.

use hoga_engine::board::BoardKind;
use hoga_proto::convert::ranking;

macro_rules! names {
    ($($name:ident $pattern:literal $kind:literal $about:literal;)*) => {
        $(#[doc = $about] pub const $name: &str = $pattern;)*

        /// The rows of the page.
        #[cfg(test)]
        const ROWS: &[[&str; 3]] = &[$([$pattern, $kind, $about],)*];
    };
}

names! {
    TRADES "trades:SYMBOL" "channel"
        "every trade once or more, in order, as `Trade`";
    BOOK "book:SYMBOL" "channel"
        "the best 30 levels of each side when they changed, at most five times a second, as `Book`";
    TICKER "ticker:SYMBOL" "channel"
        "the ticker when it changed, at most five times a second, as `Ticker`";
    LATEST_TRADE "latest:trade:SYMBOL" "string"
        "the last trade, as `Trade`; gone when nobody keeps it up";
    LATEST_BOOK "latest:book:SYMBOL" "string"
        "the book as last published; gone when nobody keeps it up";
    LATEST_TICKER "latest:ticker:SYMBOL" "string"
        "the ticker as last published; gone when nobody keeps it up";
    CURSOR "cursor:SYMBOL" "string"
        "the number of the last trade that was published; it stays";
    BOARD "board:BOARD" "sorted set"
        "accounts by their rank, 1 for the best: `ZRANGE … 0 9` is the top ten";
    BOARD_VALUES "board:BOARD:values" "hash"
        "what each of these accounts is ranked by, a decimal";
    BOARD_ABOUT "board:BOARD:about" "string"
        "the board itself, as `Board`: which marks value it, how many accounts it has";
    MIRROR "mirror:NODE" "string"
        "that this node writes here; when it is gone, everything was flushed and is written again";
}

/// Names under a prefix.
#[derive(Clone, Debug)]
pub struct Keys(String);

impl Keys {
    #[must_use]
    pub fn new(prefix: &str) -> Keys {
        Keys(prefix.to_owned())
    }

    #[must_use]
    pub fn of_symbol(&self, pattern: &str, symbol: &str) -> String {
        self.name(&pattern.replace("SYMBOL", symbol))
    }

    #[must_use]
    pub fn of_board(&self, pattern: &str, board: BoardKind) -> String {
        self.name(&pattern.replace("BOARD", ranking::id(board)))
    }

    #[must_use]
    pub fn of_node(&self, pattern: &str, node: u64) -> String {
        self.name(&pattern.replace("NODE", &node.to_string()))
    }

    fn name(&self, rest: &str) -> String {
        format!("{}:{rest}", self.0)
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
