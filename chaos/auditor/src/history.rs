//! What the clients of a test saw, as they wrote it down: JSON lines.
//!
//! Takes: files of lines, in any order of files; the README lists the shapes. Emits: attempts,
//! each an invocation with its end. An invocation without an end is of unknown outcome. On
//! failure: an error that names the file and the line.

use crate::number::Number;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// One line of a history.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Invoke { time: u64, client: String, op: String, request: Request },
    Ok { time: u64, op: String, answer: Box<Answer> },
    Fail { op: String, reason: String },
    Unknown { op: String },
    Frame { time: u64, client: String, frame: Frame },
}

/// What was asked. Names are resource names, numbers are decimals.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    CreateAccount {
        account: String,
        id: String,
    },
    CreateOrder(Box<Asked>),
    /// `order` is the client order id of the order.
    CancelOrder {
        account: String,
        id: String,
        order: String,
    },
    AmendOrder {
        account: String,
        id: String,
        order: String,
        quantity: Option<Number>,
        price: Option<Number>,
    },
    CancelAll {
        account: String,
        id: String,
        instrument: String,
    },
    Deposit {
        account: String,
        id: String,
        asset: String,
        amount: Number,
    },
    Withdraw {
        account: String,
        id: String,
        asset: String,
        amount: Number,
    },
    Transfer {
        account: String,
        id: String,
        to: String,
        asset: String,
        amount: Number,
    },
    GetAccount {
        account: String,
    },
    GetBook {
        instrument: String,
    },
    /// Of an operator, who also says when nothing is halted any more.
    HaltInstrument {
        instrument: String,
    },
    ResumeInstrument {
        instrument: String,
    },
}

/// An order as a client asked for it. When to answer is no part of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub account: String,
    pub id: String,
    pub instrument: String,
    pub side: Side,
    pub quantity: Option<Number>,
    pub quote_amount: Option<Number>,
    pub price: Option<Number>,
    /// `GTC`, `IOC`, `FOK`; empty for the default.
    #[serde(default)]
    pub time_in_force: String,
    #[serde(default)]
    pub post_only: bool,
    /// `CANCEL_TAKER`, `NONE`, …; empty for the instrument's default.
    #[serde(default)]
    pub self_match: String,
    /// `STOP`, `STOP_LIMIT`, `TRAILING_STOP`; empty for what does not wait.
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub trigger: Option<Number>,
    #[serde(default)]
    pub offset: Option<Number>,
    #[serde(default)]
    pub step: Option<Number>,
    /// Of an iceberg.
    #[serde(default)]
    pub display: Option<Number>,
    /// Of a GTD order, nanoseconds of exchange time.
    #[serde(default)]
    pub expires: Option<u64>,
    /// The second of two of which one cancels the other.
    #[serde(default)]
    pub other: Option<Box<Asked>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    pub fn other(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }
}

/// What a client was told. What an answer does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// In the log of the account's partition, or of the book's for a read of a book.
    pub position: Option<Position>,
    pub book_position: Option<Position>,
    pub settles: Option<Settles>,
    pub order: Option<Said>,
    /// Trades whose fills the answer carried.
    pub trades: Vec<String>,
    pub balances: Vec<Balance>,
    pub book: Option<Ladder>,
    /// Orders that a cancel-all reached.
    pub order_count: Option<u64>,
    /// The exchange said that this is its first answer again.
    pub repeated: bool,
}

/// An order as an answer described it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    pub name: String,
    pub state: String,
    pub filled: Option<Number>,
    pub remaining: Option<Number>,
    /// The numbers that its book gave its entry and its last command; 0 where none was said.
    #[serde(default)]
    pub arrival: u64,
    #[serde(default)]
    pub last_arrival: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Position {
    pub partition: u32,
    pub index: u64,
}

/// A number in the channel from a book's partition to an account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Settles {
    pub partition: u32,
    pub sequence: u64,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, Deserialize)]
pub struct Balance {
    pub asset: String,
    pub available: Number,
    pub held: Number,
}

/// Price levels of both sides, best first; each is a price and a quantity.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, Deserialize)]
pub struct Ladder {
    pub instrument: String,
    pub bids: Vec<(Number, Number)>,
    pub asks: Vec<(Number, Number)>,
    pub sequence: u64,
    /// `CONTINUOUS`, or why nothing matches now; empty where nobody says.
    #[serde(default)]
    pub phase: String,
}

/// A frame of the `book` channel. A snapshot has the whole ladder and only `last`; a delta the
/// changed levels, a quantity of zero taking one out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    pub instrument: String,
    pub is_snapshot: bool,
    #[serde(default)]
    pub first: u64,
    pub last: u64,
    pub bids: Vec<(Number, Number)>,
    pub asks: Vec<(Number, Number)>,
}

/// One try of one request.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub op: String,
    pub client: String,
    /// Nanoseconds of a clock that all clients share.
    pub invoked: u64,
    pub request: Request,
    pub end: End,
}

/// How a try ended.
#[derive(Clone, Debug)]
pub enum End {
    Ok {
        time: u64,
        answer: Box<Answer>,
    },
    /// Definitely not done.
    Fail {
        reason: String,
    },
    /// Done or not done.
    Unknown,
}

/// Everything that was seen, in order of invocation.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub attempts: Vec<Attempt>,
    /// (time, client, frame), in order of time.
    pub frames: Vec<(u64, String, Frame)>,
}

impl Request {
    /// Whose request, under which id; none for a read.
    pub fn key(&self) -> Option<(&str, &str)> {
        match self {
            Request::CreateOrder(asked) => Some((&asked.account, &asked.id)),
            Request::CreateAccount { account, id }
            | Request::CancelOrder { account, id, .. }
            | Request::AmendOrder { account, id, .. }
            | Request::CancelAll { account, id, .. }
            | Request::Deposit { account, id, .. }
            | Request::Withdraw { account, id, .. }
            | Request::Transfer { account, id, .. } => Some((account, id)),
            Request::GetAccount { .. }
            | Request::GetBook { .. }
            | Request::HaltInstrument { .. }
            | Request::ResumeInstrument { .. } => None,
        }
    }
}

impl Attempt {
    pub fn answer(&self) -> Option<&Answer> {
        match &self.end {
            End::Ok { answer, .. } => Some(answer),
            _ => None,
        }
    }
}

impl History {
    /// Reads files, one for each client or one for all.
    pub fn read(files: &[impl AsRef<Path>]) -> anyhow::Result<History> {
        let mut text = String::new();
        for file in files {
            let file = file.as_ref();
            let read = std::fs::read_to_string(file);
            text.push_str(&read.with_context(|| format!("reading {}", file.display()))?);
            text.push('\n');
        }
        History::parse(&text)
    }

    /// Reads lines; the end of a try may stand before its beginning.
    pub fn parse(text: &str) -> anyhow::Result<History> {
        let mut history = History::default();
        let mut ends: HashMap<String, End> = HashMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let parsed = serde_json::from_str(line);
            let parsed = parsed.with_context(|| format!("line {}: {line}", number + 1))?;
            let (op, end) = match parsed {
                Line::Invoke { time, client, op, request } => {
                    let end = End::Unknown;
                    history.attempts.push(Attempt { op, client, invoked: time, request, end });
                    continue;
                }
                Line::Frame { time, client, frame } => {
                    history.frames.push((time, client, frame));
                    continue;
                }
                Line::Ok { time, op, answer } => (op, End::Ok { time, answer }),
                Line::Fail { op, reason } => (op, End::Fail { reason }),
                Line::Unknown { op } => (op, End::Unknown),
            };
            if ends.insert(op.clone(), end).is_some() {
                bail!("line {}: {op} ended before", number + 1);
            }
        }
        for attempt in &mut history.attempts {
            if let Some(end) = ends.remove(&attempt.op) {
                attempt.end = end;
            }
        }
        if let Some(op) = ends.keys().next() {
            bail!("{op} ended and was never invoked");
        }
        history.attempts.sort_by_key(|attempt| attempt.invoked);
        history.frames.sort_by_key(|(time, ..)| *time);
        Ok(history)
    }

    /// All tries of each request, oldest first, by (account, id).
    pub fn requests(&self) -> BTreeMap<(&str, &str), Vec<&Attempt>> {
        let mut requests: BTreeMap<_, Vec<&Attempt>> = BTreeMap::new();
        for attempt in &self.attempts {
            if let Some(key) = attempt.request.key() {
                requests.entry(key).or_default().push(attempt);
            }
        }
        requests
    }
}
