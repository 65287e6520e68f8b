//! The tail of an order, shared by `alice buys …` and `hoga buy …`.

use super::GrammarError;
use super::words::{Words, unexpected};
use crate::names::{Asset, ClientId, Symbol};
use crate::numbers::{Amount, NumberError};
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Buy,
    Sell,
}

/// An order as it was said. What is not said is the exchange's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub side: Side,
    pub symbol: Symbol,
    pub kind: OrderKind,
    pub time_in_force: Option<TimeInForce>,
    /// It goes after this long.
    pub lasts: Option<Millis>,
    pub post_only: bool,
    pub self_match: Option<SelfMatch>,
    pub stop: Option<Stop>,
    /// Of an iceberg: so much is shown at a time.
    pub show: Option<Amount>,
    pub id: Option<ClientId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderKind {
    Limit {
        quantity: Amount,
        price: Amount,
    },
    Market {
        quantity: Amount,
    },
    /// A market buy that spends this much of the quote asset, fee included.
    MarketSpend {
        amount: Amount,
        asset: Asset,
    },
}

/// What an order waits for before it goes into the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A last price at or through this.
    At(Amount),
    /// A trigger that follows the market at this distance; moved by no less than a step, if one
    /// is said.
    Trailing { offset: Distance, step: Option<Distance> },
}

/// `5`, an amount of the quote asset, or `2.5%` of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    Price(Amount),
    Percent(Amount),
}

impl std::str::FromStr for Distance {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        match text.strip_suffix('%') {
            Some(percent) => percent.parse().map(Distance::Percent),
            None => text.parse().map(Distance::Price),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    Gtc,
    Day,
    Ioc,
    Fok,
    AtOpen,
    AtClose,
}

/// What happens when an account meets its own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SelfMatch {
    None,
    CancelTaker,
    CancelMaker,
    CancelBoth,
    Decrement,
}

impl TimeInForce {
    pub const ALL: [(&'static str, TimeInForce); 6] = [
        ("gtc", Self::Gtc),
        ("day", Self::Day),
        ("ioc", Self::Ioc),
        ("fok", Self::Fok),
        ("at-open", Self::AtOpen),
        ("at-close", Self::AtClose),
    ];
}

impl SelfMatch {
    pub const ALL: [(&'static str, SelfMatch); 5] = [
        ("none", Self::None),
        ("cancel-taker", Self::CancelTaker),
        ("cancel-maker", Self::CancelMaker),
        ("cancel-both", Self::CancelBoth),
        ("decrement", Self::Decrement),
    ];
}

impl std::str::FromStr for SelfMatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let modes = Self::ALL.map(|(name, _)| name);
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, mode)| *mode).ok_or_else(|| {
            format!("`{text}` is not a self-match mode: {}", super::words::listed(&modes))
        })
    }
}

/// The words that may follow the price, for errors.
const TERMS: [&str; 13] = [
    "gtc",
    "day",
    "ioc",
    "fok",
    "at-open",
    "at-close",
    "for",
    "post-only",
    "stop",
    "trail",
    "show",
    "self-match",
    "id",
];

pub(super) fn tail(side: Side, words: &mut Words<'_>) -> Result<Order, GrammarError> {
    let size_word = words.peek().cloned();
    let size: Amount = words.read("a quantity, such as 10")?;
    let by_amount = words.peek_second().is_some_and(|word| word.text == "of");
    let (symbol, kind) = if by_amount {
        let asset: Asset = words.read("an asset")?;
        words.one_of(&["of"])?;
        let symbol = words.read("a symbol, such as LPJ-KRW")?;
        words.all_of(&["at", "market"])?;
        (symbol, OrderKind::MarketSpend { amount: size, asset })
    } else {
        let symbol = words.read("a symbol, such as LPJ-KRW")?;
        let kind = match words.one_of(&["@", "at"])? {
            "@" => OrderKind::Limit { quantity: size, price: words.read("a price")? },
            _ => {
                words.one_of(&["market"])?;
                OrderKind::Market { quantity: size }
            }
        };
        (symbol, kind)
    };
    if side == Side::Sell && by_amount {
        let why = "only a buy goes by amount; a sale names its quantity".into();
        let place = size_word.map_or(words.whole(), |word| word.place);
        return Err(GrammarError::Contradiction { why, place });
    }
    let bare = Order {
        side,
        symbol,
        kind,
        time_in_force: None,
        lasts: None,
        post_only: false,
        self_match: None,
        stop: None,
        show: None,
        id: None,
    };
    let order = terms(bare, words)?;
    check(&order, words)?;
    Ok(order)
}

fn terms(mut order: Order, words: &mut Words<'_>) -> Result<Order, GrammarError> {
    while let Some(word) = words.peek().cloned() {
        let expected = "ioc, fok, gtc, day, at-open, at-close, for, post-only, stop, trail, show, \
                        self-match or id";
        let time = TimeInForce::ALL.iter().find(|(name, _)| *name == word.text);
        let said_before = match (time, word.text) {
            (Some((_, time)), _) => order.time_in_force.replace(*time).is_some(),
            (None, "post-only") => std::mem::replace(&mut order.post_only, true),
            (None, "self-match") => {
                words.one_of(&["self-match"])?;
                let mode = words.one_of(&SelfMatch::ALL.map(|(name, _)| name))?;
                let found = SelfMatch::ALL.iter().find(|(name, _)| *name == mode);
                let before = order.self_match.is_some();
                order.self_match = found.map(|(_, mode)| *mode);
                if before {
                    return Err(twice(&word));
                }
                continue;
            }
            (None, "stop" | "trail") => {
                let said = stop(words)?;
                if order.stop.replace(said).is_some() {
                    return Err(twice(&word));
                }
                continue;
            }
            (None, "for") => {
                words.one_of(&["for"])?;
                let length = words.read("a length of time, such as 10m")?;
                if order.lasts.replace(length).is_some() {
                    return Err(twice(&word));
                }
                continue;
            }
            (None, "show") => {
                words.one_of(&["show"])?;
                let part = words.read("a quantity, such as 10")?;
                if order.show.replace(part).is_some() {
                    return Err(twice(&word));
                }
                continue;
            }
            (None, "id") => {
                words.one_of(&["id"])?;
                let id = words.read("a client order id")?;
                if order.id.replace(id).is_some() {
                    return Err(twice(&word));
                }
                continue;
            }
            (None, _) => return Err(unexpected(&word, expected, &TERMS)),
        };
        if said_before {
            return Err(twice(&word));
        }
        words.next(expected)?;
    }
    Ok(order)
}

/// `stop PRICE` or `trail DISTANCE [step DISTANCE]`.
fn stop(words: &mut Words<'_>) -> Result<Stop, GrammarError> {
    if words.one_of(&["stop", "trail"])? == "stop" {
        return Ok(Stop::At(words.read("a price")?));
    }
    let offset = words.read("a distance, such as 5 or 2.5%")?;
    let step = words.accept("step").then(|| words.read("a distance, such as 1 or 0.5%"));
    Ok(Stop::Trailing { offset, step: step.transpose()? })
}

fn twice(word: &super::words::Word<'_>) -> GrammarError {
    let why = format!("`{}` says again what was said before", word.text);
    GrammarError::Contradiction { why, place: word.place.clone() }
}

/// Terms that exclude each other by their meaning, whatever the market.
fn check(order: &Order, words: &Words<'_>) -> Result<(), GrammarError> {
    use TimeInForce::{AtClose, AtOpen, Fok, Gtc, Ioc};
    let limit = matches!(order.kind, OrderKind::Limit { .. });
    let by_amount = matches!(order.kind, OrderKind::MarketSpend { .. });
    let stop_rule = match order.stop {
        Some(_) if by_amount => "a stop names its quantity",
        Some(_) if order.post_only => "a stop takes when it fires, so it cannot be post-only",
        Some(Stop::Trailing { .. }) if limit => "what trails goes at market",
        _ => "",
    };
    if !stop_rule.is_empty() {
        return Err(GrammarError::Contradiction { why: stop_rule.into(), place: words.whole() });
    }
    if order.lasts.is_some() {
        let why = match order.time_in_force {
            Some(_) => "what goes after a while has no other time in force",
            None if !limit && order.stop.is_none() => "a market order never rests",
            None if order.lasts == Some(Millis(0)) => "what goes after no time never comes",
            None => "",
        };
        if !why.is_empty() {
            return Err(GrammarError::Contradiction { why: why.into(), place: words.whole() });
        }
    }
    let rests = limit && matches!(order.time_in_force, None | Some(Gtc | TimeInForce::Day));
    if order.show.is_some() && (!rests || order.stop.is_some()) {
        let why = "only what rests in the book is shown in part";
        return Err(GrammarError::Contradiction { why: why.into(), place: words.whole() });
    }
    let why = match (order.time_in_force, order.post_only) {
        (Some(Ioc | Fok | AtOpen | AtClose), true) => {
            "post-only must rest, and this time in force never does"
        }
        (_, true) if !limit => "a market order never rests, so it cannot be post-only",
        (Some(TimeInForce::Day), _) if order.stop.is_some() => return Ok(()),
        (Some(Gtc | TimeInForce::Day), _) if !limit => {
            "a market order never rests: say ioc or fok, or nothing"
        }
        _ => return Ok(()),
    };
    Err(GrammarError::Contradiction { why: why.into(), place: words.whole() })
}
