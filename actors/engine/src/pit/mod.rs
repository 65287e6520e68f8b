//! A whole exchange in one thread: accounts, books and what passes between them.
//!
//! Owns: the entities of every account and book partition, the channels between partitions, the
//! partitions' sub-accounts, a time that the caller sets. No runtime, no log, no boards.
//! Takes: requests of named accounts, changes of instruments.
//! Emits: every effect that leaves an entity for somebody outside, to its [`Tap`].
//! On failure: panics where an entity panics; [`check`] names the invariant that is broken.
//!
//! Tests, the benchmark of the core and lockstep play run on it. Messages are delivered at once
//! and in order, or as late and as interleaved as a seeded chooser likes; within one channel
//! between two partitions they always keep their order.

mod asks;
mod channels;
pub mod check;
mod desk;
mod index;
mod record;
mod sub_accounts;
#[cfg(test)]
pub(crate) mod tests;

pub use channels::Chooser;
pub use desk::Desk;
pub use record::{Record, Trade};

use crate::account::Account;
use crate::book::Listing;
use crate::candle::CandleRow;
use crate::effect::{Answer, Effects, MarketEvent, Posting};
use crate::follow::Snapshot;
use crate::history::{FillRow, LedgerRow};
use crate::ids::{AccountId, InstrumentId, Origin, PartitionId};
use crate::instrument::{Asset, Instrument};
use crate::message::{AccountMessage, Message, Outcome, PartitionMessage};
use crate::order::OrderState;
use crate::request::{AccountRequest, Envelope};
use crate::time::Time;
use crate::topology::{Role, Topology};
use channels::Channels;
use index::Index;
use std::collections::BTreeMap;
use sub_accounts::SubAccounts;

/// Hears everything that is for nobody inside, in order. What a tap does not care for is free.
pub trait Tap {
    fn answer(&mut self, _to: Origin, _answer: Answer) {}
    fn decided(&mut self, to: Origin, outcome: &Outcome) {
        self.answer(to, Answer::decided(outcome.clone()));
    }
    fn ledger(&mut self, _row: &LedgerRow) {}
    fn fill(&mut self, _row: &FillRow) {}
    /// An order reached its final status.
    fn closed(&mut self, _order: &OrderState) {}
    fn order(&mut self, _order: &OrderState) {}
    fn market(&mut self, _instrument: InstrumentId, _event: MarketEvent) {}
    /// A snapshot of an outside book is given to an instrument.
    fn posted(&mut self, _instrument: InstrumentId, _snapshot: &Snapshot) {}
    fn candle(&mut self, _row: &CandleRow) {}
}

/// What a partition's entities are here.
enum Place {
    Desk(Desk),
    Books(BTreeMap<InstrumentId, Listing>),
    /// The board, as far as it watches the whole market.
    Index(Index),
    /// Meta: nothing is said to it.
    Empty,
}

/// Accounts, books and the channels between them.
pub struct Pit<T: Tap = Record> {
    topology: Topology,
    now: Time,
    /// By partition number.
    places: Vec<Place>,
    channels: Channels,
    tap: T,
    /// By partition number.
    sums: Vec<SubAccounts>,
    /// Of requests that were given no envelope by the caller.
    requests: u64,
    /// Books that time alone has something to do in, and when.
    alarms: BTreeMap<InstrumentId, Time>,
}

impl<T: Tap> Pit<T> {
    /// Messages are delivered at once.
    #[must_use]
    pub fn prompt(topology: Topology, tap: T) -> Pit<T> {
        Pit::new(topology, tap, Channels::prompt())
    }

    /// Messages wait until [`Pit::deliver_some`] or [`Pit::settle_down`] takes them, in an order
    /// that `seed` decides.
    #[must_use]
    pub fn delayed(topology: Topology, tap: T, seed: u64) -> Pit<T> {
        Pit::new(topology, tap, Channels::delayed(seed))
    }

    fn new(topology: Topology, tap: T, channels: Channels) -> Pit<T> {
        let place = |(id, role)| match role {
            Role::Accounts => Place::Desk(Desk::new(id, topology)),
            Role::Books => Place::Books(BTreeMap::new()),
            Role::Boards => Place::Index(Index::default()),
            Role::Meta => Place::Empty,
        };
        let places = topology.partitions().map(place).collect();
        let sums = topology.partitions().map(|_| SubAccounts::default()).collect();
        let alarms = BTreeMap::new();
        Pit { topology, now: Time(1), places, channels, tap, sums, requests: 0, alarms }
    }

    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Sets the exchange's time; it never goes back. On the way there, every book does what
    /// becomes due, at its time.
    pub fn set_time(&mut self, now: Time) {
        while let Some((at, instrument)) = self.next_alarm().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            self.tick(instrument);
        }
        self.now = self.now.max(now);
    }

    /// When time alone has something to do next, and in which book.
    #[must_use]
    pub fn next_alarm(&self) -> Option<(Time, InstrumentId)> {
        self.alarms.iter().map(|(&instrument, &at)| (at, instrument)).min()
    }

    fn tick(&mut self, instrument: InstrumentId) {
        let now = self.now;
        self.in_book(instrument, |listing, sink| listing.tick(now, sink));
        self.deliver_prompt();
    }

    /// Lets a book do something besides what it is told.
    fn in_book(
        &mut self,
        instrument: InstrumentId,
        act: impl FnOnce(&mut Listing, &mut Sink<'_, T>),
    ) {
        let Pit { places, channels, tap, sums, alarms, topology, .. } = self;
        for (from, place) in (0u16..).zip(places) {
            let Place::Books(books) = place else { continue };
            let Some(listing) = books.get_mut(&instrument) else { continue };
            let sums = &mut sums[usize::from(from)];
            let from = PartitionId(from);
            let mut sink = Sink { from, channels, tap, sums, alarms, topology };
            return act(listing, &mut sink);
        }
    }

    #[must_use]
    pub fn tap(&self) -> &T {
        &self.tap
    }

    pub fn tap_mut(&mut self) -> &mut T {
        &mut self.tap
    }

    /// Makes an asset known to every account partition.
    pub fn add_asset(&mut self, asset: &Asset) {
        for desk in self.desks_mut() {
            desk.catalogue.assets.insert(asset.id, asset.clone());
        }
    }

    /// Lists an instrument: its book first, then the accounts hear of it, at once.
    pub fn list(&mut self, instrument: &Instrument) {
        let begins_by_time = instrument.begins_by_time();
        // Nobody is ranked here: only a price that may stop the market is anybody's business.
        let board = (!instrument.calls.breaker.is_empty()).then_some(Topology::BOARDS);
        let listing = Listing::new(instrument.clone(), board);
        let place = &mut self.places[usize::from(instrument.partition.0)];
        let Place::Books(books) = place else {
            panic!("instruments are listed in a partition of books");
        };
        books.insert(instrument.id, listing);
        for desk in self.desks_mut() {
            desk.catalogue.instruments.insert(instrument.id, instrument.clone());
        }
        if begins_by_time {
            self.tick(instrument.id);
        }
    }

    /// Changes an instrument's rules: its book has them now, the accounts when they hear of it.
    pub fn change(&mut self, instrument: &Instrument) {
        let now = self.now;
        let changed = PartitionMessage::Instrument(Box::new(instrument.clone()));
        for (to, role) in self.topology.partitions() {
            if role == Role::Accounts {
                self.channels.send(instrument.partition, to, Message::ToPartition(changed.clone()));
            }
        }
        // Its book says what stands behind what operators said.
        self.in_book(instrument.id, |book, sink| book.update(instrument, now, sink));
        self.deliver_prompt();
    }

    /// Gives an instrument a snapshot of the outside book that it follows. Returns the number by
    /// which the answer is found.
    pub fn post(&mut self, instrument: InstrumentId, snapshot: &Snapshot) -> u64 {
        self.requests += 1;
        let (now, request) = (self.now, self.requests);
        let origin = Origin { node: 1, incarnation: 1, request };
        self.tap.posted(instrument, snapshot);
        self.in_book(instrument, |listing, sink| listing.post(snapshot, origin, now, sink));
        self.deliver_prompt();
        request
    }

    /// Opens an account; it starts with nothing.
    pub fn open(&mut self, name: &str) -> AccountId {
        let (partition, now) = (self.topology.account_partition(name), self.now);
        self.desk_mut(partition).open(name, now)
    }

    /// Handles a request of an account's owner.
    pub fn request(&mut self, account: AccountId, envelope: &Envelope, request: &AccountRequest) {
        let (from, now) = (account.partition(), self.now);
        let Pit { places, channels, tap, sums, alarms, topology, .. } = self;
        let sums = &mut sums[usize::from(from.0)];
        let mut sink = Sink { from, channels, tap, sums, alarms, topology };
        let Place::Desk(desk) = &mut places[usize::from(from.0)] else {
            panic!("accounts live in account partitions");
        };
        desk.request(account, envelope, request, now, &mut sink);
        self.deliver_prompt();
    }

    /// Delivers up to `most` messages of a delayed pit. Returns whether any were left to deliver.
    pub fn deliver_some(&mut self, most: usize) -> bool {
        (0..most).all(|_| self.deliver_one())
    }

    /// Delivers until nothing is under way.
    pub fn settle_down(&mut self) {
        while self.deliver_one() {}
    }

    /// Nothing is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.channels.is_empty()
    }

    /// Messages under way, each with the partitions that it leaves and enters.
    pub fn under_way(&self) -> impl Iterator<Item = &Message> + '_ {
        self.channels.iter()
    }

    /// What a message causes is delivered after everything that was under way before it.
    fn deliver_prompt(&mut self) {
        while let Some(batch) = self.channels.batch() {
            // The legs of one order mostly are for accounts that left the cache.
            if batch.len() > 2 {
                batch.iter().for_each(|(_, to, message)| self.glance(*to, message));
            }
            for (_, to, message) in &batch {
                self.handle(*to, message);
            }
            self.channels.done_with(batch);
        }
    }

    #[inline(always)]
    fn glance(&self, to: PartitionId, message: &Message) {
        if let (Place::Desk(desk), Message::ToAccount(account, message)) =
            (&self.places[usize::from(to.0)], message)
        {
            desk.account(*account).glance_at(message);
        }
    }

    fn deliver_one(&mut self) -> bool {
        let Some((to, message)) = self.channels.next() else { return false };
        self.handle(to, &message);
        self.deliver_prompt();
        true
    }

    #[inline]
    fn handle(&mut self, to: PartitionId, message: &Message) {
        let now = self.now;
        let Pit { places, channels, tap, sums, alarms, topology, .. } = self;
        let sums = &mut sums[usize::from(to.0)];
        let mut sink = Sink { from: to, channels, tap, sums, alarms, topology };
        match (&mut places[usize::from(to.0)], message) {
            (Place::Desk(desk), message) => desk.hear(message, now, &mut sink),
            (Place::Books(books), Message::ToBook(instrument, message)) => {
                let listing = books.get_mut(instrument).expect("a listed instrument");
                listing.handle(message, now, &mut sink);
            }
            (Place::Books(books), Message::ToPartition(PartitionMessage::Break { level })) => {
                books.values_mut().for_each(|listing| listing.stop_for(*level, now, &mut sink));
            }
            (Place::Books(_), _) => panic!("a partition of books takes orders and stops"),
            (Place::Index(index), message) => index.hear(message, sink.topology, &mut sink),
            (Place::Empty, _) => {}
        }
    }

    /// Sums of all postings in a partition, by asset.
    #[must_use]
    pub fn sub_accounts(&self, partition: PartitionId) -> &[Posting] {
        self.sums[usize::from(partition.0)].sums()
    }

    /// The account partitions.
    pub fn desks(&self) -> impl Iterator<Item = &Desk> + '_ {
        self.places.iter().filter_map(|place| match place {
            Place::Desk(desk) => Some(desk),
            _ => None,
        })
    }

    fn desks_mut(&mut self) -> impl Iterator<Item = &mut Desk> + '_ {
        self.places.iter_mut().filter_map(|place| match place {
            Place::Desk(desk) => Some(desk),
            _ => None,
        })
    }

    fn desk_mut(&mut self, partition: PartitionId) -> &mut Desk {
        match &mut self.places[usize::from(partition.0)] {
            Place::Desk(desk) => desk,
            _ => panic!("accounts live in account partitions"),
        }
    }

    /// The books of all partitions.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> + '_ {
        self.places
            .iter()
            .flat_map(|place| match place {
                Place::Books(books) => Some(books.values()),
                _ => None,
            })
            .flatten()
    }

    #[must_use]
    pub fn listing(&self, instrument: InstrumentId) -> Option<&Listing> {
        self.listings().find(|listing| listing.instrument().id == instrument)
    }

    #[must_use]
    pub fn account(&self, id: AccountId) -> &Account {
        match &self.places[usize::from(id.partition().0)] {
            Place::Desk(desk) => desk.account(id),
            _ => panic!("accounts live in account partitions"),
        }
    }

    /// The account with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<AccountId> {
        let partition = self.topology.account_partition(name);
        self.desks().find(|desk| desk.id() == partition)?.find(name)
    }
}

/// Performs effects as they come.
struct Sink<'a, T> {
    from: PartitionId,
    channels: &'a mut Channels,
    tap: &'a mut T,
    sums: &'a mut SubAccounts,
    alarms: &'a mut BTreeMap<InstrumentId, Time>,
    topology: &'a Topology,
}

impl<T: Tap> Effects for Sink<'_, T> {
    #[inline(always)]
    fn send(&mut self, to: PartitionId, message: Message) {
        self.channels.send(self.from, to, message);
    }

    #[inline(always)]
    fn send_with(&mut self, to: PartitionId, message: impl FnOnce() -> Message) {
        self.channels.send_with(self.from, to, message);
    }

    #[inline(always)]
    fn answer(&mut self, to: Origin, answer: Answer) {
        self.tap.answer(to, answer);
    }

    #[inline(always)]
    fn decided(&mut self, to: Origin, outcome: &Outcome) {
        self.tap.decided(to, outcome);
    }

    /// Nobody here asks for a place in an outbox, so nothing has to be copied.
    #[inline(always)]
    fn outcome(&mut self, outcome: Outcome, waits: Option<Origin>) {
        if let Some(origin) = waits {
            self.tap.decided(origin, &outcome);
        }
        let account = outcome.order.account;
        let message = || Message::ToAccount(account, AccountMessage::Outcome(outcome));
        self.channels.send_with(self.from, account.partition(), message);
    }

    #[inline(always)]
    fn ledger(&mut self, row: &LedgerRow) {
        self.tap.ledger(row);
    }

    #[inline(always)]
    fn fill(&mut self, row: &FillRow) {
        self.tap.fill(row);
    }

    fn candle(&mut self, row: &CandleRow) {
        self.tap.candle(row);
    }

    #[inline(always)]
    fn closed(&mut self, order: &OrderState) {
        self.tap.closed(order);
    }

    #[inline(always)]
    fn post(&mut self, posting: Posting) {
        self.sums.post(&posting);
    }

    #[inline(always)]
    fn market(&mut self, instrument: InstrumentId, event: MarketEvent) {
        self.tap.market(instrument, event);
    }

    #[inline(always)]
    fn order(&mut self, order: &OrderState) {
        self.tap.order(order);
    }

    fn touched(&mut self, _account: AccountId) {}

    fn rules(&mut self, instrument: &Instrument) {
        let changed = PartitionMessage::Instrument(Box::new(instrument.clone()));
        for (to, role) in self.topology.partitions() {
            if matches!(role, Role::Accounts | Role::Boards) {
                self.channels.send(self.from, to, Message::ToPartition(changed.clone()));
            }
        }
    }

    fn alarm(&mut self, instrument: InstrumentId, at: Option<Time>) {
        match at {
            Some(at) => self.alarms.insert(instrument, at),
            None => self.alarms.remove(&instrument),
        };
    }
}
