//! What a sentence can say.

use std::str::FromStr;

use thiserror::Error;

use super::{Fault, Order};
use crate::names::{AccountName, Asset, ClientId, NameError, Symbol};
use crate::numbers::Amount;

/// One sentence, either of a step or of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence {
    /// Accounts act.
    Account { who: Who, act: Act },
    /// The operator acts.
    Market(MarketAct),
    /// Something breaks, or is mended.
    Fault(Fault),
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// `alice`.
    One(AccountName),
    /// `each user`: every account of the group, all at the same instant, in order of number.
    Each(AccountName),
}

/// What an account does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Place(Order),
    Cancel(OrderRef),
    CancelAll,
    /// `quantity` is the new total, filled part included, as everywhere in hoga.
    Amend {
        order: OrderRef,
        quantity: Amount,
        price: Amount,
    },
    Deposit {
        amount: Amount,
        asset: Asset,
    },
    Withdraw {
        amount: Amount,
        asset: Asset,
    },
}

/// Which order: by the number the exchange gave, or by the id its owner gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderRef {
    Number(u64),
    Client(ClientId),
}

impl FromStr for OrderRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.parse() {
            Ok(number) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Self::Number(number)),
            _ => text.parse().map(Self::Client),
        }
    }
}

/// What the operator does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketAct {
    Halt(Which),
    Resume(Which),
    Open,
    Close,
    Feed { file: FilePath, symbol: Symbol },
}

/// What is halted or resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    Everything,
    One(Symbol),
}

impl Which {
    /// The word for all that is listed; no symbol has small letters.
    pub const EVERYTHING: &str = "everything";

    #[must_use]
    pub const fn symbol(&self) -> Option<&Symbol> {
        match self {
            Which::Everything => None,
            Which::One(symbol) => Some(symbol),
        }
    }
}

impl FromStr for Which {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == Self::EVERYTHING { Ok(Which::Everything) } else { text.parse().map(Which::One) }
    }
}

/// A file named in a sentence, relative to the scenario's folder; in single quotes when the name
/// holds white space.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FilePath(Box<str>);

impl FilePath {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no file name in a sentence. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a file name here: it may not be empty nor hold a quote or control character"
)]
pub struct FilePathError {
    text: String,
}

impl FromStr for FilePath {
    type Err = FilePathError;

    fn from_str(text: &str) -> Result<Self, FilePathError> {
        if text.is_empty() || text.contains(|c: char| c == '\'' || c.is_control()) {
            return Err(FilePathError { text: text.into() });
        }
        Ok(FilePath(text.into()))
    }
}
