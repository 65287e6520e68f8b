//! A partition as the witness knows it: all entries, what each said, and the state behind the
//! last.

use super::check::{BookCommand, SessionCommand, Told};
use super::mutants::Mutant;
use super::replica::{Replica, hash_of};
use super::words::{Broken, hold};
use super::world::{Balances, Shown};
use bytes::Bytes;
use hoga_actors::{Entity, EntityId};
use hoga_cluster::partition::{Batch, Carried, Command};
use hoga_engine::account::Balance;
use hoga_engine::effect::{Answer, MarketEvent};
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, Origin, PartitionId};
use hoga_engine::message::{Message, PartitionMessage};
use hoga_engine::reject::Reject;
use hoga_engine::topology::{Role, Topology};
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// What of an entry is market data, shared with the replicas that keep it ready.
pub type Market = Arc<[(InstrumentId, MarketEvent)]>;

struct Said {
    term: u64,
    batch: Option<Bytes>,
    output: u64,
    answers: Vec<(Origin, u64)>,
    market: Market,
}

pub struct Reference {
    partition: PartitionId,
    topology: Topology,
    mutant: Option<Mutant>,
    /// The state is hashed at every so many entries.
    hash_every: u64,
    pub replica: Replica,
    entries: Vec<Said>,
    states: BTreeMap<u64, u64>,
    /// Each balance of each account, from which entry on.
    balances: BTreeMap<AccountId, Vec<(u64, AssetId, Balance)>>,
    opened: BTreeMap<Box<str>, u64>,
    /// Messages of outboxes that the checks have seen.
    sent: BTreeMap<PartitionId, u64>,
    /// Messages of each source that counted, by the naive rule.
    next_in: BTreeMap<PartitionId, u64>,
}

impl Reference {
    #[must_use]
    pub fn new(
        partition: PartitionId,
        topology: Topology,
        hash_every: u64,
        mutant: Option<Mutant>,
    ) -> Reference {
        Reference {
            partition,
            topology,
            mutant,
            hash_every,
            replica: Replica::empty(partition, topology, mutant),
            entries: Vec::new(),
            states: BTreeMap::new(),
            balances: BTreeMap::new(),
            opened: BTreeMap::new(),
            sent: BTreeMap::new(),
            next_in: BTreeMap::new(),
        }
    }

    /// Index of the last committed entry. The first entry has index 1 here.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.entries.len() as u64
    }

    fn at(&self, index: u64) -> Option<&Said> {
        self.entries.get(usize::try_from(index).ok()?.checked_sub(1)?)
    }

    /// # Errors
    /// LOG-1: a committed entry was replaced by another.
    pub fn is_same(&self, index: u64, term: u64, batch: Option<&Bytes>) -> Result<(), Broken> {
        let Some(said) = self.at(index) else { return Ok(()) };
        let same = said.term == term && is_same(said.batch.as_ref(), batch);
        let (id, was) = (self.partition.0, said.term);
        hold!("LOG-1", same, "entry {index} of {id}, of term {was}, became another of term {term}");
        Ok(())
    }

    /// Takes the next entry; says what followed from it.
    ///
    /// # Errors
    /// A panic of the core.
    pub fn apply(&mut self, term: u64, batch: Option<&Bytes>) -> Result<Told, Broken> {
        let index = self.reached() + 1;
        let absorbed = self.replica.apply(index, batch.map(|bytes| &bytes[..]));
        let absorbed = absorbed.map_err(|panic| Broken {
            invariant: "PANIC",
            what: format!("partition {} at {index}: {panic}", self.partition.0),
        })?;
        let mut told = Told::new(self.partition, index, self.replica.core.time());
        told.catalogue = self.replica.core.scene().catalogue.clone();
        if let Some(batch) = batch
            && let Ok(batch) = postcard::from_bytes::<Batch>(batch)
        {
            self.note_commands(batch, &mut told);
        }
        let output = hash_of(&absorbed);
        let (mut answers, mut market) = (Vec::new(), Vec::new());
        for one in absorbed {
            answers.extend(one.all_answers().map(|(to, answer)| (*to, hash(answer))));
            told.fenced.extend(one.all_answers().filter(is_fenced).map(|(to, _)| *to));
            market.extend(one.market.iter().cloned());
            for (account, moved) in one.balances {
                let history = self.balances.entry(account).or_default();
                history.push((index, moved.asset, moved.balance));
            }
            told.rows.extend(one.rows);
            told.orders.extend(one.orders);
            told.market.extend(one.market);
        }
        let outboxes = self.replica.core.outboxes();
        for (&to, outbox) in outboxes {
            let sent = self.sent.entry(to).or_insert(1);
            let fresh = outbox.from(*sent, usize::MAX).map(|carried| carried.message.clone());
            told.sent.extend(fresh.map(|message| (to, message)));
            *sent = outbox.next();
        }
        let (batch, market) = (batch.cloned(), market.into());
        self.entries.push(Said { term, batch, output, answers, market });
        if index.is_multiple_of(self.hash_every) {
            self.states.insert(index, self.replica.hash());
        }
        Ok(told)
    }

    /// What came in, each message of another partition once.
    fn note_commands(&mut self, batch: Batch, told: &mut Told) {
        for entry in batch.entries {
            let command = match entry.command {
                Command::Tick => {
                    if self.has_books() {
                        told.commands.push((None, BookCommand::Tick));
                    }
                    SessionCommand::Tick
                }
                Command::Post { instrument, snapshot, .. } => {
                    told.commands.push((Some(instrument), BookCommand::Post(snapshot)));
                    SessionCommand::Other
                }
                Command::Inbound { source, first, messages } => {
                    self.note_messages(source, first, messages, told);
                    SessionCommand::Other
                }
                Command::Request { account, envelope, request } => {
                    self.opened.entry(account.clone()).or_insert(told.index);
                    SessionCommand::Request(Box::new((account, envelope, request)))
                }
                Command::OpenSession { account, id, cancels, origin } => {
                    SessionCommand::Open { account, id, cancels, origin }
                }
                Command::InSession { id, epoch, asked } => SessionCommand::In { id, epoch, asked },
                Command::Attend { origin, lost } => SessionCommand::Attend { origin, lost },
                _ => SessionCommand::Other,
            };
            told.sessions.push(command);
        }
    }

    fn note_messages(
        &mut self,
        source: PartitionId,
        first: u64,
        messages: Vec<Carried>,
        told: &mut Told,
    ) {
        let next = self.next_in.entry(source).or_insert(1);
        if first > *next {
            return;
        }
        let known = (*next - first) as usize;
        *next = (*next).max(first + messages.len() as u64);
        for Carried { message, .. } in messages.into_iter().skip(known) {
            told.commands.extend(self.book_command(&message));
            told.heard.push((source, message));
        }
    }

    fn has_books(&self) -> bool {
        self.topology.role(self.partition) == Role::Books
    }

    /// What a message is to a book, or to all books of the partition.
    fn book_command(&self, message: &Message) -> Option<(Option<InstrumentId>, BookCommand)> {
        match message {
            Message::ToBook(id, message) => {
                Some((Some(*id), BookCommand::Message(message.clone())))
            }
            Message::ToPartition(message) if self.has_books() => match message {
                PartitionMessage::Instrument(rules) => {
                    Some((Some(rules.id), BookCommand::Rules(rules.clone())))
                }
                PartitionMessage::Break { level } => Some((None, BookCommand::Break(*level))),
                _ => None,
            },
            _ => None,
        }
    }

    #[must_use]
    pub fn output_at(&self, index: u64) -> Option<u64> {
        self.at(index).map(|said| said.output)
    }

    #[must_use]
    pub fn market_at(&self, index: u64) -> Option<Market> {
        self.at(index).map(|said| said.market.clone())
    }

    /// The state's hash behind an entry, where it is known.
    #[must_use]
    pub fn state_at(&self, index: u64) -> Option<u64> {
        if index == self.reached() {
            return Some(self.replica.hash());
        }
        self.states.get(&index).copied()
    }

    #[must_use]
    pub fn answered(&self, index: u64, to: Origin, answer: &Answer) -> bool {
        let is_it = |(origin, found): &(Origin, u64)| *origin == to && *found == hash(answer);
        self.at(index).is_some_and(|said| said.answers.iter().any(is_it))
    }

    #[must_use]
    pub fn said(&self, index: u64, instrument: InstrumentId, event: &MarketEvent) -> bool {
        let is_it = |(of, said): &(InstrumentId, MarketEvent)| *of == instrument && said == event;
        self.at(index).is_some_and(|said| said.market.iter().any(is_it))
    }

    /// # Errors
    /// LOG-4: the account had something else then.
    pub fn is_as_read(
        &self,
        name: &str,
        index: u64,
        seen: Option<&Balances>,
    ) -> Result<(), Broken> {
        let id = self.replica.core.directory().get(name);
        let Some(seen) = seen else {
            let is_late = self.opened.get(name).is_none_or(|opened| *opened > index);
            hold!("LOG-4", is_late, "{name} was not found at {index}, it was opened before");
            return Ok(());
        };
        let Some(history) = id.and_then(|id| self.balances.get(&id)) else { return Ok(()) };
        for &(asset, available, held) in seen {
            let last = history.iter().rfind(|(at, of, _)| *at <= index && *of == asset);
            let (was, now) = (last.map(|(_, _, b)| (b.available, b.held)), (available, held));
            let same = was.is_none_or(|was| was == now);
            hold!("LOG-4", same, "{name} read {now:?} of {asset:?} at {index}, it had {was:?}");
        }
        Ok(())
    }

    /// # Errors
    /// BOOK-3: other books than these.
    pub fn shows(&self, books: &BTreeMap<InstrumentId, Shown>) -> Result<(), Broken> {
        for (id, entity) in &self.replica.entities {
            let (EntityId::Book(id), Entity::Book(listing)) = (id, entity) else { continue };
            let shown = books.get(id).cloned().unwrap_or_default();
            let book = Shown::of(listing);
            hold!("BOOK-3", shown == book, "#{} is {book:?}, shown was {shown:?}", id.0);
        }
        Ok(())
    }

    /// The whole log again from the beginning leads to the same state.
    ///
    /// # Errors
    /// LOG-3.
    pub fn replay(&self) -> Result<(), Broken> {
        let mut replica = Replica::empty(self.partition, self.topology, self.mutant);
        for (index, said) in (1..).zip(&self.entries) {
            let again = replica.apply(index, said.batch.as_ref().map(|bytes| &bytes[..]));
            let same = again.is_ok_and(|absorbed| hash_of(&absorbed) == said.output);
            hold!("LOG-3", same, "replayed, {index} of {} says something else", self.partition.0);
        }
        let same = replica.hash() == self.replica.hash();
        hold!("LOG-3", same, "replayed, {} has another state", self.partition.0);
        Ok(())
    }
}

fn is_fenced((_, answer): &&(Origin, Answer)) -> bool {
    let Answer::Rejected { reject, .. } = answer else { return false };
    matches!(**reject, Reject::SessionFenced { .. })
}

/// Mostly one is a clone of the other.
fn is_same(one: Option<&Bytes>, other: Option<&Bytes>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            std::ptr::eq(&raw const **one, &raw const **other) || one == other
        }
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn hash(answer: &Answer) -> u64 {
    xxh3_64(&postcard::to_stdvec(answer).expect("an answer always encodes"))
}
