//! The invariants of the exchange, one small file each.
//!
//! Owns: what each check remembers. Takes: what every committed entry said, in the order of its
//! partition's log ([`Told`]); the states of all partitions at one cut; what clients hear.
//! Emits: the first [`Broken`] invariant. On failure: says which, of whom, with which numbers.

mod answers;
mod balances;
mod books;
mod bounds;
mod cash;
mod channels;
mod displayed;
mod fills;
mod gone;
mod happened;
mod ledger;
mod obvious;
mod orders;
mod ranks;
mod requests;
mod sessions;

#[cfg(test)]
mod displayed_tests;

use super::reference::Reference;
use super::words::Broken;
use super::world::Client;
use hoga_cluster::partition::SessionRef;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::MarketEvent;
use hoga_engine::follow::Snapshot;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{InstrumentId, Origin, PartitionId};
use hoga_engine::instrument::{Catalogue, Instrument};
use hoga_engine::message::{BookMessage, Message};
use hoga_engine::order::OrderState;
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use sessions::Lapsed;

pub(super) type References = BTreeMap<PartitionId, Reference>;

/// What a book is told.
#[derive(Clone, Debug)]
pub enum BookCommand {
    Message(BookMessage),
    Rules(Box<Instrument>),
    /// The market has fallen to this level.
    Break(u8),
    Tick,
    Post(Box<Snapshot>),
}

/// What a partition is told, as far as named sessions are concerned.
#[derive(Clone, Debug)]
pub enum SessionCommand {
    /// Outside of any session.
    Request(Box<(Box<str>, Envelope, AccountRequest)>),
    Open {
        account: Box<str>,
        id: ClientId,
        cancels: bool,
        origin: Origin,
    },
    In {
        id: ClientId,
        epoch: u64,
        asked: Box<(Box<str>, Envelope, AccountRequest)>,
    },
    Attend {
        origin: Origin,
        lost: Vec<SessionRef>,
    },
    Tick,
    /// Counts as a command.
    Other,
}

/// What one committed entry brought and said.
pub struct Told {
    pub index: u64,
    pub partition: PartitionId,
    /// Exchange time there.
    pub time: Time,
    pub requests: Vec<(Box<str>, Envelope, AccountRequest)>,
    /// One for each command. What they ask becomes a request when the session is open.
    pub sessions: Vec<SessionCommand>,
    /// Whom the partition told that their session is another's.
    pub fenced: Vec<Origin>,
    /// For which book, or for all of the partition.
    pub commands: Vec<(Option<InstrumentId>, BookCommand)>,
    /// From which partition, each message once.
    pub heard: Vec<(PartitionId, Message)>,
    /// To which partition.
    pub sent: Vec<(PartitionId, Message)>,
    pub rows: Vec<HistoryRow>,
    pub orders: Vec<OrderState>,
    pub market: Vec<(InstrumentId, MarketEvent)>,
    /// What is listed, as this partition knows.
    pub catalogue: Arc<Catalogue>,
}

impl Told {
    #[must_use]
    pub fn new(partition: PartitionId, index: u64, time: Time) -> Told {
        let (requests, commands, heard, sent, rows, orders) = Default::default();
        let (market, catalogue, sessions, fenced) = Default::default();
        Told {
            index,
            partition,
            time,
            requests,
            sessions,
            fenced,
            commands,
            heard,
            sent,
            rows,
            orders,
            market,
            catalogue,
        }
    }
}

#[derive(Default)]
pub struct Checks {
    pub answers: answers::Answers,
    pub gone: gone::Gone,
    pub bounds: bounds::Bounds,
    pub happened: happened::Happened,
    displayed: displayed::Displayed,
    fills: fills::Fills,
    ledger: ledger::Ledger,
    orders: orders::Orders,
    books: books::Books,
    ranks: ranks::Ranks,
    requests: requests::Requests,
    pub sessions: sessions::Sessions,
    channels: channels::Channels,
    cash: cash::Cash,
    balances: balances::Holds,
}

impl Checks {
    /// `sessions` says whether there are any.
    #[must_use]
    pub fn new(sessions: bool) -> Checks {
        Checks { sessions: sessions::Sessions::new(sessions), ..Checks::default() }
    }

    /// # Errors
    /// What is broken.
    pub fn hear(&mut self, mut told: Told) -> Result<(), Broken> {
        self.sessions.hear(&mut told)?;
        let told = &told;
        self.happened.hear(told);
        self.requests.hear(told);
        self.channels.hear(told)?;
        self.answers.hear(told);
        self.fills.hear(told)?;
        self.ledger.hear(told)?;
        self.orders.hear(told)?;
        self.displayed.hear(told)?;
        self.books.hear(told)?;
        self.gone.hear(told)?;
        self.ranks.hear(told)
    }

    /// # Errors
    /// What is broken.
    pub fn look(&mut self, references: &References) -> Result<(), Broken> {
        self.cash.look(references)?;
        self.balances.look(references)?;
        self.ledger.look(references)?;
        self.books.look(references)
    }

    /// # Errors
    /// What is broken.
    pub fn finish(&mut self, references: &References, clients: &[Client]) -> Result<(), Broken> {
        self.fills.finish()?;
        self.orders.finish(references)?;
        self.requests.finish(clients)?;
        self.sessions.finish(references)?;
        self.ranks.finish(references)
    }

    /// How much each check has looked at, by invariant.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::from([
            ("CASH-1", self.cash.checked),
            ("CASH-3", self.balances.checked),
            ("CASH-4", self.ledger.checked),
            ("FILL-1", self.orders.checked),
            ("FILL-3", self.fills.checked + self.channels.checked),
            ("FILL-4", self.displayed.checked),
            ("BOOK-1", self.books.checked),
            ("CAP-1", self.bounds.checked),
            ("ORD-1", self.answers.checked),
            ("ORD-2", self.gone.checked),
            ("RANK-1", self.ranks.checked),
            ("SES-1", self.sessions.checked),
        ])
    }

    /// What happened that not every run has, by name.
    #[must_use]
    pub fn happened(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = self.happened.counts.clone();
        counts.extend(&self.sessions.counts);
        counts
    }
}
