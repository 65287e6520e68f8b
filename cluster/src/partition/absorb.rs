//! From the effects of entities to what leaves the partition, in the order of the log.

use super::chunk::Chunk;
use super::command::{Carried, Trace};
use super::core::Core;
use super::sub_accounts;
use hoga_actors::{EntityCommand, EntityId, Output, Step};
use hoga_engine::book::decline;
use hoga_engine::effect::{Answer, Effect, MarketEvent, MovedBalance, Settles};
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{AccountId, InstrumentId, Origin, PartitionId};
use hoga_engine::instrument::Instrument;
use hoga_engine::message::{BookMessage, Message, PartitionMessage};
use hoga_engine::notice::Notice;
use hoga_engine::order::OrderState;
use hoga_engine::reject::Reject;
use hoga_engine::topology::Role;
use std::collections::BTreeMap;

/// What a chunk asks of the world outside the partition's state.
#[derive(Default)]
pub struct Absorbed {
    pub answers: Vec<(Origin, Answer)>,
    /// First answers once more, to later tries.
    pub repeated: Vec<(Origin, Answer)>,
    pub rows: Vec<HistoryRow>,
    pub market: Vec<(InstrumentId, MarketEvent)>,
    pub orders: Vec<OrderState>,
    pub balances: Vec<(AccountId, MovedBalance)>,
    pub notices: Vec<(AccountId, Notice)>,
    /// Number of the newest set of marks, when there is a new one.
    pub ranked: Option<u64>,
    /// Sources that were heard, with what is expected of each next.
    pub heard: BTreeMap<PartitionId, u64>,
    /// Destinations whose outbox grew.
    pub grew: BTreeMap<PartitionId, u64>,
}

impl Absorbed {
    /// Every answer, first ones and those given once more.
    pub fn all_answers(&self) -> impl Iterator<Item = &(Origin, Answer)> {
        self.answers.iter().chain(&self.repeated)
    }
}

impl Core {
    /// Takes in what the slices of a chunk came to.
    pub fn absorb(&mut self, chunk: Chunk, outputs: Vec<Output>) -> Absorbed {
        let Chunk { inline, places, heard, .. } = chunk;
        let mut absorbed = Absorbed { heard, ..Absorbed::default() };
        for (place, effect) in InOrder::of(inline, outputs) {
            let trace = places[place as usize].0;
            match effect {
                Effect::Send(to, message) => {
                    let outbox = self.state.outboxes.entry(to).or_default();
                    let number = outbox.push(Carried { trace, message });
                    absorbed.grew.insert(to, number);
                }
                Effect::Answer(origin, answer) => {
                    let answer = self.name_settlement(answer);
                    absorbed.answers.push((origin, answer));
                }
                Effect::Again(origin, answer) => absorbed.repeated.push((origin, answer)),
                Effect::Row(row) => absorbed.rows.push(row),
                Effect::Post(posting) => {
                    sub_accounts::post(&mut self.state.sub_accounts, &posting);
                }
                Effect::Market(instrument, event) => absorbed.market.push((instrument, event)),
                Effect::Order(order) => absorbed.orders.push(*order),
                Effect::Balance(account, moved) => absorbed.balances.push((account, moved)),
                Effect::Notice(account, notice) => absorbed.notices.push((account, notice)),
                Effect::Ranked(set) => absorbed.ranked = Some(set),
                Effect::Touched(account) => {
                    self.state.touched.insert(account);
                }
                Effect::Rules(instrument) => self.tell_rules(&instrument, trace, &mut absorbed),
                Effect::DayClosed(instrument, day, mark) => {
                    let closed = PartitionMessage::DayClosed { instrument, day, mark };
                    self.tell_all(&[Role::Accounts], &closed, trace, &mut absorbed);
                }
                Effect::Alarm(instrument, Some(at)) => {
                    self.state.alarms.insert(instrument, at);
                }
                Effect::Alarm(instrument, None) => {
                    self.state.alarms.remove(&instrument);
                }
            }
        }
        absorbed
    }

    /// Everybody who checks orders hears what stands now. A phase changes a few times a day.
    fn tell_rules(&mut self, instrument: &Instrument, trace: Trace, absorbed: &mut Absorbed) {
        self.change_catalogue(|catalogue| {
            catalogue.instruments.insert(instrument.id, instrument.clone());
        });
        let changed = PartitionMessage::Instrument(Box::new(instrument.clone()));
        self.tell_all(&[Role::Accounts, Role::Boards], &changed, trace, absorbed);
    }

    fn tell_all(
        &mut self,
        roles: &[Role],
        message: &PartitionMessage,
        trace: Trace,
        absorbed: &mut Absorbed,
    ) {
        for (to, role) in self.scene.topology.partitions() {
            if roles.contains(&role) {
                let message = Message::ToPartition(message.clone());
                let outbox = self.state.outboxes.entry(to).or_default();
                absorbed.grew.insert(to, outbox.push(Carried { trace, message }));
            }
        }
    }

    /// A book's decision names the place of its settlements in the account's channel.
    fn name_settlement(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Decided { outcome, settles: None }
                if self.role == hoga_engine::topology::Role::Books =>
            {
                let to = outcome.order.account.partition();
                let sequence = self.state.outboxes.get(&to).map_or(0, |outbox| outbox.next() - 1);
                let settles = Some(Settles { partition: self.id, sequence });
                Answer::Decided { outcome, settles }
            }
            other => other,
        }
    }

    /// Keeps a consequence for an entity that is suspended.
    /// Requests and orders are refused and do not wait.
    pub fn park(&mut self, entity: EntityId, command: &EntityCommand) {
        use EntityCommand::{Account, Board, Book, Rules};
        if let Some(suspension) = self.state.suspended.get_mut(&entity)
            && matches!(command, Account(_) | Board(_) | Rules(_) | Book(BookMessage::Fund(_)))
        {
            suspension.parked.push(command.clone());
        }
    }

    /// What the step that suspended an entity comes to: a refusal without effect.
    #[must_use]
    pub fn refuse_step(&self, entity: EntityId, step: &Step) -> Output {
        let reject = Reject::EntitySuspended { entity: entity.to_string().into() };
        let refused = |origin| vec![Effect::Answer(origin, Answer::refused(reject))];
        let effects = match (&step.command, entity) {
            (EntityCommand::Request(envelope, _), _) => refused(envelope.origin),
            (EntityCommand::Fenced(asked), _) => refused(asked.0.origin),
            (EntityCommand::Outside(_, origin), _) => refused(*origin),
            (EntityCommand::Book(message), EntityId::Book(instrument)) => {
                decline(instrument, message)
            }
            _ => Vec::new(),
        };
        let ends = vec![(step.place, effects.len())];
        Output { effects, ends }
    }

    /// Suspends an entity that failed twice on one command.
    pub fn suspend(&mut self, entity: EntityId) {
        let suspension = super::Suspension {
            index: self.state.index,
            since: self.state.time,
            parked: Vec::new(),
        };
        self.state.suspended.insert(entity, suspension);
    }
}

/// The effects of several outputs in the order of their places. Those of one command stay in the
/// order in which it had them; where one place has several commands, the outputs' order decides.
struct InOrder {
    sources: Vec<std::vec::IntoIter<Effect>>,
    /// Place, source, and how many effects come from it.
    runs: std::vec::IntoIter<(u32, usize, usize)>,
    current: Option<(u32, usize, usize)>,
}

impl InOrder {
    fn of(inline: Output, outputs: Vec<Output>) -> InOrder {
        let mut runs = Vec::new();
        let mut sources = Vec::with_capacity(outputs.len() + 1);
        for (source, output) in std::iter::once(inline).chain(outputs).enumerate() {
            let mut from = 0;
            for (place, end) in output.ends {
                runs.push((place, source, end - from));
                from = end;
            }
            sources.push(output.effects.into_iter());
        }
        runs.sort_by_key(|(place, _, _)| *place);
        InOrder { sources, runs: runs.into_iter(), current: None }
    }
}

impl Iterator for InOrder {
    type Item = (u32, Effect);

    fn next(&mut self) -> Option<(u32, Effect)> {
        loop {
            if let Some((place, source, left)) = &mut self.current
                && *left > 0
            {
                *left -= 1;
                return self.sources[*source].next().map(|effect| (*place, effect));
            }
            self.current = Some(self.runs.next()?);
        }
    }
}
