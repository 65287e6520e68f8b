//! From committed batches to slices: who has to work on what.

use super::chunk::Chunk;
use super::command::{Batch, Carried, Command, Entry};
use super::core::Core;
use super::meta::{MetaChange, MetaCommand};
use hoga_actors::{Entity, EntityCommand, EntityId};
use hoga_engine::account::Account;
use hoga_engine::book::{Listing, decline};
use hoga_engine::client_id::ClientId;
use hoga_engine::effect::{Answer, Effect};
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::{AccountId, InstrumentId, Origin, PartitionId};
use hoga_engine::instrument::Instrument;
use hoga_engine::message::{AccountMessage, BookMessage, Credit, Message, PartitionMessage};
use hoga_engine::reject::Reject;
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::{Role, Topology};

/// Nanoseconds of exchange time behind the last other command until everything that waits for time
/// has happened: marks and boards are renewed once a second.
const TICKS_FOR: u64 = 2 * Time::SECOND;

impl Core {
    /// The entities that a partition has before its first command.
    #[must_use]
    pub fn first_entities(&self) -> Vec<(EntityId, Entity)> {
        match self.role {
            Role::Boards => vec![(EntityId::Board, Entity::Board(Box::default()))],
            _ => Vec::new(),
        }
    }

    /// Takes note of a committed batch's index and time, before its entries are planned.
    pub fn begin(&mut self, index: u64, batch: &Batch) {
        self.state.index = index;
        let passed = batch.time.0.saturating_sub(self.state.time.0);
        self.state.time.0 += passed;
        self.state.sessions.pass(passed);
    }

    /// Plans entries from the front until the chunk has to end; none when there are no more.
    pub fn plan(&mut self, entries: &mut std::vec::IntoIter<Entry>) -> Option<Chunk> {
        let mut chunk = Chunk::default();
        while let Some(entry) = entries.as_slice().first() {
            let is_barrier = is_barrier(&entry.command) || self.closes_by(&entry.command);
            if is_barrier && !chunk.is_empty() {
                break;
            }
            let Some(entry) = entries.next() else { break };
            let place = chunk.open(entry.trace, self.state.time);
            self.state.commands += 1;
            if !is_quiet(&entry.command) {
                self.owe_ticks();
            }
            self.plan_one(entry.command, place, &mut chunk);
            if is_barrier {
                break;
            }
        }
        (!chunk.is_empty()).then_some(chunk)
    }

    fn plan_one(&mut self, command: Command, place: u32, chunk: &mut Chunk) {
        match command {
            Command::Request { account, envelope, request } => {
                self.plan_request(&account, envelope, request, place, chunk);
            }
            Command::Meta { envelope, command } => {
                self.plan_meta(&envelope, &command, place, chunk);
            }
            Command::Inbound { source, first, messages } => {
                self.plan_inbound(source, first, messages, place, chunk);
            }
            Command::OutboxAck { to, next } => {
                if let Some(outbox) = self.state.outboxes.get_mut(&to) {
                    outbox.acknowledge(next);
                }
            }
            Command::Tick => self.plan_tick(place, chunk),
            Command::Resume { entity, origin } => {
                self.plan_resume(entity, place, chunk);
                chunk.effect(place, Effect::Answer(origin, Answer::Done));
            }
            Command::Checkpoint => chunk.is_checkpoint = true,
            Command::Post { instrument, origin, snapshot } => {
                self.plan_post(instrument, origin, snapshot, place, chunk);
            }
            Command::OpenSession { account, id, cancels, origin } => {
                let answer = self.open_session(&account, id, cancels, origin);
                chunk.effect(place, Effect::Answer(origin, answer));
            }
            Command::InSession { id, epoch, asked } if self.is_open(&asked.0, id, epoch) => {
                let (account, envelope, request) = *asked;
                self.plan_request(&account, envelope, request, place, chunk);
            }
            Command::InSession { id, asked, .. } => self.plan_fenced(id, *asked, place, chunk),
            Command::Attend { origin, lost } => {
                self.attend(origin, lost);
                chunk.effect(place, Effect::Answer(origin, Answer::Done));
            }
        }
    }

    fn plan_request(
        &mut self,
        name: &str,
        envelope: Envelope,
        request: AccountRequest,
        place: u32,
        chunk: &mut Chunk,
    ) {
        let id = match (self.state.directory.get(name), &request) {
            (Some(id), _) => id,
            (None, AccountRequest::Open) => {
                let id = self.state.directory.add(self.id, name);
                let account = Entity::Account(Box::new(Account::new(id, name, self.state.time)));
                chunk.created.push((EntityId::Account(id), account));
                id
            }
            (None, _) => {
                let reject = Reject::AccountNotFound { name: name.into() };
                chunk.effect(place, refuse(envelope.origin, reject));
                return;
            }
        };
        let origin = envelope.origin;
        self.ask(id, name, origin, EntityCommand::Request(envelope, request), place, chunk);
    }

    fn plan_fenced(
        &self,
        session: ClientId,
        (name, envelope, request): (Box<str>, Envelope, AccountRequest),
        place: u32,
        chunk: &mut Chunk,
    ) {
        let Some(id) = self.state.directory.get(&name) else {
            chunk.effect(place, refuse(envelope.origin, Reject::SessionFenced { id: session }));
            return;
        };
        let origin = envelope.origin;
        let command = EntityCommand::Fenced(Box::new((envelope, request, session)));
        self.ask(id, &name, origin, command, place, chunk);
    }

    /// Hands an account what its owner asks, unless it is suspended.
    fn ask(
        &self,
        id: AccountId,
        name: &str,
        origin: Origin,
        command: EntityCommand,
        place: u32,
        chunk: &mut Chunk,
    ) {
        let entity = EntityId::Account(id);
        if self.state.suspended.contains_key(&entity) {
            let reject = Reject::EntitySuspended { entity: format!("account {name}").into() };
            chunk.effect(place, refuse(origin, reject));
        } else {
            chunk.step(entity, place, command);
        }
    }

    fn plan_post(
        &self,
        instrument: InstrumentId,
        origin: Origin,
        snapshot: Box<Snapshot>,
        place: u32,
        chunk: &mut Chunk,
    ) {
        let entity = EntityId::Book(instrument);
        let reject = if !self.state.listed.contains(&instrument) {
            Reject::UnknownInstrument { symbol: format!("#{}", instrument.0).into() }
        } else if self.state.suspended.contains_key(&entity) {
            Reject::EntitySuspended { entity: entity.to_string().into() }
        } else {
            chunk.step(entity, place, EntityCommand::Outside(snapshot, origin));
            return;
        };
        chunk.effect(place, Effect::Answer(origin, Answer::refused(reject)));
    }

    fn plan_meta(
        &mut self,
        envelope: &Envelope,
        command: &MetaCommand,
        place: u32,
        chunk: &mut Chunk,
    ) {
        let topology = self.scene.topology;
        let state = &mut self.state;
        let is_known = state.meta.remembers(envelope);
        let (answer, changes) =
            state.meta.handle(&mut state.catalogue, &topology, state.time, envelope, command);
        self.change_catalogue(|_| {});
        for change in changes {
            self.spread(change, place, chunk);
        }
        let tell = if is_known { Effect::Again } else { Effect::Answer };
        chunk.effect(place, tell(envelope.origin, answer));
    }

    /// Sends a change to those whom it concerns.
    fn spread(&self, change: MetaChange, place: u32, chunk: &mut Chunk) {
        let (partition, message) = match change {
            MetaChange::Asset(asset) => {
                let message = PartitionMessage::Asset(asset);
                return self.tell(&[Role::Accounts, Role::Boards], &message, place, chunk);
            }
            // The book first; it passes it on, so no account knows it before.
            MetaChange::Instrument(instrument) => {
                let partition = instrument.partition;
                (partition, Message::ToPartition(PartitionMessage::Instrument(instrument)))
            }
            MetaChange::Import(partition, instrument, import) => {
                (partition, Message::ToBook(instrument, BookMessage::Import(import)))
            }
            MetaChange::Board(message) => (Topology::BOARDS, Message::ToBoard(message)),
        };
        chunk.effect(place, Effect::Send(partition, message));
    }

    /// Sends a change to every partition of some roles.
    fn tell(&self, roles: &[Role], message: &PartitionMessage, place: u32, chunk: &mut Chunk) {
        for (partition, role) in self.scene.topology.partitions() {
            if roles.contains(&role) {
                let message = Message::ToPartition(message.clone());
                chunk.effect(place, Effect::Send(partition, message));
            }
        }
    }

    fn plan_inbound(
        &mut self,
        source: PartitionId,
        first: u64,
        messages: Vec<Carried>,
        place: u32,
        chunk: &mut Chunk,
    ) {
        let expected = self.next_in(source);
        if first > expected {
            // What comes before was sent and got lost on its way into the log. All of this comes
            // again behind it: its sender hears what is expected.
            chunk.heard.insert(source, expected);
            return;
        }
        let known = (expected - first) as usize;
        let next = expected.max(first + messages.len() as u64);
        self.state.next_in.insert(source, next);
        chunk.heard.insert(source, next);
        for (nth, carried) in messages.into_iter().enumerate().skip(known) {
            // Every message has a place of its own, so that its effects carry its trace.
            let place =
                if nth == known { place } else { chunk.open(carried.trace, self.state.time) };
            chunk.places[place as usize].0 = carried.trace;
            self.plan_message(carried.message, place, chunk);
        }
    }

    fn plan_message(&mut self, message: Message, place: u32, chunk: &mut Chunk) {
        match message {
            // What a house has put up is missing in its account: it waits for a book.
            Message::ToBook(instrument, message @ BookMessage::Fund(_)) => {
                let command = EntityCommand::Book(message);
                self.step_or_park(EntityId::Book(instrument), command, place, chunk);
            }
            Message::ToBook(instrument, message) => {
                let entity = EntityId::Book(instrument);
                if self.state.suspended.contains_key(&entity) {
                    for effect in decline(instrument, &message) {
                        chunk.effect(place, effect);
                    }
                } else {
                    chunk.step(entity, place, EntityCommand::Book(message));
                }
            }
            Message::ToAccount(account, message) => {
                let entity = EntityId::Account(account);
                self.step_or_park(entity, EntityCommand::Account(message), place, chunk);
            }
            Message::ToNamedAccount(name, credit) => {
                self.plan_credit(&name, credit, place, chunk);
            }
            Message::ToFaucet(name, draw) => match self.state.directory.get(&name) {
                Some(id) => {
                    let command = EntityCommand::Account(AccountMessage::Draw(draw));
                    self.step_or_park(EntityId::Account(id), command, place, chunk);
                }
                None => {
                    let refused = draw.refused(Reject::AccountNotFound { name });
                    chunk.effect(place, Effect::Send(draw.to.partition(), refused));
                }
            },
            Message::ToBoard(message) => {
                let command = EntityCommand::Board(message);
                self.step_or_park(EntityId::Board, command, place, chunk);
            }
            Message::ToPartition(PartitionMessage::Asset(asset)) => {
                self.change_catalogue(|catalogue| {
                    catalogue.assets.insert(asset.id, asset);
                });
            }
            Message::ToPartition(PartitionMessage::Break { level }) => {
                for &instrument in &self.state.listed {
                    let entity = EntityId::Book(instrument);
                    if !self.state.suspended.contains_key(&entity) {
                        chunk.step(entity, place, EntityCommand::Break(level));
                    }
                }
            }
            Message::ToPartition(PartitionMessage::DayClosed { instrument, day, mark }) => {
                self.state.closing.entry(day).or_default().insert(instrument, mark);
            }
            Message::ToPartition(PartitionMessage::Instrument(instrument)) => {
                self.plan_instrument(&instrument, place, chunk);
            }
        }
    }

    fn plan_credit(&mut self, name: &str, credit: Credit, place: u32, chunk: &mut Chunk) {
        match self.state.directory.get(name) {
            Some(id) => {
                let command = EntityCommand::Account(AccountMessage::Credit(credit));
                self.step_or_park(EntityId::Account(id), command, place, chunk);
            }
            None => {
                let from = credit.from;
                let bounce = AccountMessage::Bounce { credit, to: name.into() };
                let message = Message::ToAccount(from, bounce);
                chunk.effect(place, Effect::Send(from.partition(), message));
            }
        }
    }

    fn plan_instrument(&mut self, instrument: &Instrument, place: u32, chunk: &mut Chunk) {
        self.change_catalogue(|catalogue| {
            catalogue.instruments.insert(instrument.id, instrument.clone());
        });
        if self.role != Role::Books {
            return;
        }
        let entity = EntityId::Book(instrument.id);
        let is_new = !self.state.listed.contains(&instrument.id);
        if is_new {
            self.state.listed.insert(instrument.id);
            let listing = Listing::new(instrument.clone(), Some(Topology::BOARDS));
            chunk.created.push((entity, Entity::Book(Box::new(listing))));
            if instrument.begins_by_time() {
                // It hears what time it is, and says in which phase it begins.
                chunk.step(entity, place, EntityCommand::Tick);
            }
        } else {
            let rules = EntityCommand::Rules(Box::new(instrument.clone()));
            self.step_or_park(entity, rules, place, chunk);
        }
        let message = PartitionMessage::Instrument(Box::new(instrument.clone()));
        self.tell(&[Role::Accounts, Role::Boards], &message, place, chunk);
    }

    fn owe_ticks(&mut self) {
        self.state.ticks_until = Some(Time(self.state.time.0 + TICKS_FOR));
    }

    fn plan_tick(&mut self, place: u32, chunk: &mut Chunk) {
        // Time may have passed by entries that are none: they bring nothing about.
        self.state.ticks_until = self.state.ticks_until.filter(|until| self.state.time < *until);
        // What an alarm brings about may have to be told later, as what a command does.
        if self.next_alarm().is_some_and(|at| at <= self.state.time) {
            self.owe_ticks();
        }
        match self.role {
            Role::Accounts => {
                for account in std::mem::take(&mut self.state.touched) {
                    let entity = EntityId::Account(account);
                    if !self.state.suspended.contains_key(&entity) {
                        chunk.step(entity, place, EntityCommand::Report);
                    }
                }
                self.plan_lapses(place, chunk);
                self.plan_closings(chunk);
            }
            Role::Books => {
                for &instrument in &self.state.listed {
                    let entity = EntityId::Book(instrument);
                    if !self.state.suspended.contains_key(&entity) {
                        chunk.step(entity, place, EntityCommand::Tick);
                    }
                }
            }
            Role::Boards if !self.state.suspended.contains_key(&EntityId::Board) => {
                chunk.step(EntityId::Board, place, EntityCommand::Tick);
            }
            Role::Boards | Role::Meta => {}
        }
    }

    fn plan_resume(&mut self, entity: EntityId, place: u32, chunk: &mut Chunk) {
        let Some(suspension) = self.state.suspended.remove(&entity) else { return };
        for command in suspension.parked {
            chunk.step(entity, place, command);
        }
    }

    /// A consequence for a suspended entity waits in the partition's state.
    fn step_or_park(
        &mut self,
        entity: EntityId,
        command: EntityCommand,
        place: u32,
        chunk: &mut Chunk,
    ) {
        match self.state.suspended.get_mut(&entity) {
            Some(suspension) => suspension.parked.push(command),
            None => chunk.step(entity, place, command),
        }
    }
}

/// Whether a command changes nothing that time would have to follow up.
fn is_quiet(command: &Command) -> bool {
    use Command::{Attend, Checkpoint, OutboxAck, Tick};
    matches!(command, Tick | OutboxAck { .. } | Checkpoint | Attend { .. })
}

/// Whether everything before has to be applied first, and everything after has to wait.
fn is_barrier(command: &Command) -> bool {
    match command {
        Command::Meta { .. } | Command::Resume { .. } | Command::Checkpoint => true,
        Command::Inbound { messages, .. } => {
            messages.iter().any(|carried| matches!(carried.message, Message::ToPartition(_)))
        }
        _ => false,
    }
}

fn refuse(origin: Origin, reject: Reject) -> Effect {
    Effect::Answer(origin, Answer::refused(reject))
}
