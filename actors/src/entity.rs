//! The entities of a partition behind one face.

use crate::Cores;
use hoga_engine::account::{Account, Context};
use hoga_engine::board::Board;
use hoga_engine::book::Listing;
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::Effect;
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::{AccountId, InstrumentId, Origin};
use hoga_engine::instrument::{Catalogue, Instrument};
use hoga_engine::message::{AccountMessage, BoardMessage, BookMessage, Message, PartitionMessage};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::{Role, Topology};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Names an entity within its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntityId {
    Book(InstrumentId),
    Account(AccountId),
    Board,
}

impl EntityId {
    /// The kind, as metrics and logs name it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            EntityId::Book(_) => "book",
            EntityId::Account(_) => "account",
            EntityId::Board => "board",
        }
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntityId::Book(id) => write!(f, "book {}", id.0),
            EntityId::Account(id) => write!(f, "account {}/{}", id.partition().0, id.index()),
            EntityId::Board => f.write_str("board"),
        }
    }
}

/// A committed command, on its way to one entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EntityCommand {
    Request(Envelope, AccountRequest),
    /// A request in a session of this id that is another's by now.
    Fenced(Box<(Envelope, AccountRequest, ClientId)>),
    Account(AccountMessage),
    Book(BookMessage),
    Board(BoardMessage),
    /// The instrument's rules changed.
    Rules(Box<Instrument>),
    /// The market has come to this level of the circuit breaker.
    Break(u8),
    /// Exchange time went on.
    Tick,
    /// Say where the account stands, to the board.
    Report,
    /// A feed posts a snapshot of the outside book that the instrument follows.
    Outside(Box<Snapshot>, Origin),
}

/// What entities of a partition look at besides themselves. It changes only between chunks.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    pub catalogue: Arc<Catalogue>,
    pub topology: Topology,
}

/// The state of one entity.
pub enum Entity {
    Book(Box<Listing>),
    Account(Box<Account>),
    Board(Box<Board>),
}

impl Entity {
    /// Applies one committed command. Panics where an invariant is broken.
    pub fn handle(
        &mut self,
        command: &EntityCommand,
        scene: &Scene,
        at: Time,
        out: &mut Vec<Effect>,
    ) {
        #[cfg(feature = "poison")]
        crate::poison::strike(command);
        match (self, command) {
            (Entity::Account(account), EntityCommand::Request(envelope, request)) => {
                account.request(envelope, request, &scene.context(at), out);
            }
            (Entity::Account(account), EntityCommand::Fenced(asked)) => {
                let (envelope, request, session) = &**asked;
                account.request_fenced(envelope, request, *session, &scene.context(at), out);
            }
            (Entity::Account(account), EntityCommand::Account(message)) => {
                account.hear(message, &scene.context(at), out);
            }
            // Boards rank users; a house is none also before it has its first funds.
            (Entity::Account(account), EntityCommand::Report)
                if account.is_house() || scene.catalogue.is_of_exchange(account.name()) => {}
            (Entity::Account(account), EntityCommand::Report) => {
                let standing = BoardMessage::Standing(account.standing());
                out.push(Effect::Send(Topology::BOARDS, Message::ToBoard(standing)));
            }
            (Entity::Book(listing), EntityCommand::Book(message)) => {
                listing.handle(message, at, out);
            }
            (Entity::Book(listing), EntityCommand::Rules(rules)) => {
                listing.update(rules, at, out);
            }
            (Entity::Book(listing), EntityCommand::Break(level)) => {
                listing.stop_for(*level, at, out);
            }
            (Entity::Book(listing), EntityCommand::Outside(snapshot, origin)) => {
                listing.post(snapshot, *origin, at, out);
            }
            (Entity::Book(listing), EntityCommand::Tick) => listing.tick(at, out),
            (Entity::Board(board), EntityCommand::Board(message)) => {
                let before = board.view().set().number;
                let level = board.handle_with(message, at, &scene.catalogue, &Cores::all());
                announce_set(board, before, out);
                if let Some(level) = level {
                    stop_market(level, &scene.topology, out);
                }
            }
            (Entity::Board(board), EntityCommand::Tick) => {
                let before = board.view().set().number;
                board.tick_with(at, &scene.catalogue, &Cores::all());
                announce_set(board, before, out);
            }
            (entity, command) => {
                panic!("{} does not take {command:?}", entity.kind());
            }
        }
    }

    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Entity::Book(_) => "book",
            Entity::Account(_) => "account",
            Entity::Board(_) => "board",
        }
    }

    /// The whole state as bytes: equal states give equal bytes, on every replica.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let bytes = match self {
            Entity::Book(listing) => postcard::to_stdvec(&Kept::Book(Box::new(listing.state()))),
            Entity::Account(account) => postcard::to_stdvec(&KeptRef::Account(account)),
            Entity::Board(board) => postcard::to_stdvec(&KeptRef::Board(board)),
        };
        bytes.expect("an entity's state always encodes")
    }

    /// # Errors
    /// The bytes are no entity's state.
    pub fn decode(bytes: &[u8]) -> Result<Entity, postcard::Error> {
        Ok(match postcard::from_bytes(bytes)? {
            Kept::Book(state) => Entity::Book(Box::new(Listing::restore(*state))),
            Kept::Account(account) => Entity::Account(account),
            Kept::Board(board) => Entity::Board(board),
        })
    }
}

/// Tells all books that the market has come to a level of the circuit breaker.
fn stop_market(level: u8, topology: &Topology, out: &mut Vec<Effect>) {
    for (to, _) in topology.partitions().filter(|(_, role)| *role == Role::Books) {
        let message = Message::ToPartition(PartitionMessage::Break { level });
        out.push(Effect::Send(to, message));
    }
}

/// Says when the boards have come to another set of marks than `before`.
fn announce_set(board: &Board, before: u64, out: &mut Vec<Effect>) {
    let set = board.view().set().number;
    if set != before {
        out.push(Effect::Ranked(set));
    }
}

/// An entity as it is written. The variants of the two must stay in the same order.
#[derive(Serialize, Deserialize)]
enum Kept {
    Book(Box<hoga_engine::book::ListingState>),
    Account(Box<Account>),
    Board(Box<Board>),
}

/// The same, borrowed.
#[derive(Serialize)]
enum KeptRef<'a> {
    #[expect(dead_code, reason = "a book is written from its owned list of orders")]
    Book(()),
    Account(&'a Account),
    Board(&'a Board),
}

impl Scene {
    fn context(&self, at: Time) -> Context<'_> {
        Context { catalogue: &self.catalogue, topology: &self.topology, at }
    }
}
