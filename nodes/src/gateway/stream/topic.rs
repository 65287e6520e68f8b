//! What a client asks to follow, and whether it may.

use crate::auth::Caller;
use crate::gateway::desk::Desk;
use crate::gateway::failure::Refused;
use crate::gateway::reasons::refusal;
use hoga_engine::board::BoardKind;
use hoga_engine::candle::Interval;
use hoga_engine::ids::InstrumentId;
use hoga_proto::convert::{candle, ranking};
use hoga_proto::names::{AccountName, BoardName};
use hoga_proto::status::Refusal;
use hoga_proto::v1;

/// A topic that is served, and that the caller may follow.
#[derive(Clone, Debug)]
pub struct Asked {
    pub whose: Whose,
    /// As it is answered: `accounts/me` is the account's name.
    pub shown: v1::Topic,
}

/// Whose events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Book(InstrumentId),
    Trades(InstrumentId),
    Candles(InstrumentId, Interval),
    Queues(InstrumentId),
    Ticker(InstrumentId),
    Ranking(BoardKind),
    Orders(AccountName),
    Fills(AccountName),
    Balances(AccountName),
    Notices(AccountName),
}

impl Whose {
    /// The account that alone may follow it.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountName> {
        match self {
            Whose::Orders(name)
            | Whose::Fills(name)
            | Whose::Balances(name)
            | Whose::Notices(name) => Some(name),
            _ => None,
        }
    }
}

impl Asked {
    /// Reads a topic.
    ///
    /// # Errors
    /// It is malformed or not served, there is no such thing, or it is another's.
    pub fn of(desk: &Desk, caller: &Caller, topic: Option<v1::Topic>) -> Result<Asked, Refused> {
        let Some(mut shown) = topic else {
            return Err(Box::new(Refusal::malformed("topic", "is required and was not given")));
        };
        let instrument = |name: &str| -> Result<InstrumentId, Refused> {
            Ok(desk.symbols().instrument("topic.name", name)?.id)
        };
        let account = |name: &str| caller.account("topic.name", name);
        let whose = match shown.channel() {
            v1::Channel::Book => Whose::Book(instrument(&shown.name)?),
            v1::Channel::Queues => {
                let symbols = desk.symbols();
                let listed = symbols.instrument("topic.name", &shown.name)?;
                // What rests there is seen by nobody but its owner, and queues for nothing.
                if listed.follow.is_some() {
                    let message =
                        format!("{} follows another market and has no queues", shown.name);
                    return Err(refusal("NOT_SERVED", message));
                }
                Whose::Queues(listed.id)
            }
            v1::Channel::Trades => Whose::Trades(instrument(&shown.name)?),
            v1::Channel::Ticker => Whose::Ticker(instrument(&shown.name)?),
            v1::Channel::Ranking => Whose::Ranking(board(&shown.name)?),
            v1::Channel::Orders => Whose::Orders(account(&shown.name)?),
            v1::Channel::Fills => Whose::Fills(account(&shown.name)?),
            v1::Channel::Balances => Whose::Balances(account(&shown.name)?),
            v1::Channel::Candles => {
                let interval = candle::interval("topic.interval", shown.interval)?;
                Whose::Candles(instrument(&shown.name)?, interval)
            }
            v1::Channel::Notices => Whose::Notices(account(&shown.name)?),
            v1::Channel::Unspecified => {
                let rule = format!("{} is none of its values", shown.channel);
                return Err(Box::new(Refusal::malformed("topic.channel", rule)));
            }
        };
        if let Some(name) = whose.account() {
            shown.name = name.to_string();
        }
        shown.interval = match whose {
            Whose::Candles(_, interval) => candle::shown_interval(interval).into(),
            _ => 0,
        };
        Ok(Asked { whose, shown })
    }

    /// The field of `Content` that its frames have.
    #[must_use]
    pub const fn content_field(&self) -> u32 {
        match self.whose {
            Whose::Book(_) => 1,
            Whose::Trades(_) => 2,
            Whose::Candles(..) => 3,
            Whose::Ticker(_) => 4,
            Whose::Ranking(_) => 5,
            Whose::Orders(_) => 6,
            Whose::Fills(_) => 7,
            Whose::Balances(_) => 8,
            Whose::Notices(_) => 9,
            Whose::Queues(_) => 10,
        }
    }
}

fn board(name: &str) -> Result<BoardKind, Refused> {
    let name =
        BoardName::parse(name).map_err(|bad| Refusal::malformed("topic.name", bad.to_string()))?;
    ranking::kind(name.id()).ok_or_else(|| {
        let message = format!("there is no board {}; see ListBoards", name.id());
        Box::new(refusal("UNKNOWN_BOARD", message).resource(name.to_string()))
    })
}
