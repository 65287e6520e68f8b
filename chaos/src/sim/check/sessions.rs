//! SES-1 to SES-3: sessions as the log alone tells of them, by the plainest rules.
//!
//! SES-1: what a fenced session asks is refused and never placed, unless it was let in before, and
//! only that is. SES-2: a session lapses when the log heard nothing of its client or its gateway for
//! [`GRACE`], not earlier. SES-3: of an account that a session left behind no order is open that was
//! there before.

use super::{References, SessionCommand, Told};
use crate::sim::words::{Broken, hold};
use hoga_actors::Entity;
use hoga_cluster::partition::{GRACE, SessionRef};
use hoga_engine::client_id::ClientId;
use hoga_engine::history::HistoryRow;
use hoga_engine::ids::{Origin, PartitionId};
use hoga_engine::message::{BookMessage, Message};
use hoga_engine::order::OrderState;
use hoga_engine::request::AccountRequest;
use hoga_engine::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// The most that two batches count as being apart (ADR 0171).
const APART_MAX: u64 = 2 * Time::SECOND;

type Name = (Box<str>, ClientId);
/// Node and incarnation.
type Gateway = (u16, u32);

fn gateway(origin: Origin) -> Gateway {
    (origin.node, origin.incarnation)
}

#[derive(Clone, Debug)]
struct Open {
    opened_by: Origin,
    epoch: u64,
    cancels: bool,
    lost: Option<u64>,
}

/// The sessions of one partition.
#[derive(Default)]
struct Table {
    time: Time,
    /// Nanoseconds in which gateways could be heard.
    now: u64,
    commands: u64,
    accounts: BTreeSet<Box<str>>,
    open: BTreeMap<Name, Open>,
    heard: BTreeMap<Gateway, u64>,
    /// The requests that have opened what is open: sent again they open nothing.
    openers: BTreeMap<Name, BTreeSet<(u16, u32, u64)>>,
}

/// A session that is over because nobody was heard of it.
#[derive(Clone, Debug)]
pub struct Lapsed {
    pub session: SessionRef,
    pub opened_by: Origin,
    pub cancels: bool,
}

#[derive(Default)]
pub struct Sessions {
    /// There are some.
    is_on: bool,
    pub checked: u64,
    tables: BTreeMap<PartitionId, Table>,
    /// Ids that were asked for in a fenced session, and those that an account was asked for
    /// otherwise.
    fenced: BTreeSet<ClientId>,
    let_in: BTreeSet<ClientId>,
    /// Where each order was seen first.
    orders: BTreeMap<hoga_engine::ids::OrderKey, u64>,
    /// Where the last session of an account lapsed that had asked for its orders to be cancelled.
    swept: BTreeMap<Box<str>, u64>,
    /// Under which ids accounts remember that they were swept, now or later.
    sweeps: BTreeSet<u128>,
    /// What lapsed since somebody asked.
    lapsed: Vec<Lapsed>,
    pub counts: BTreeMap<&'static str, u64>,
}

impl Sessions {
    #[must_use]
    pub fn new(is_on: bool) -> Sessions {
        Sessions { is_on, ..Sessions::default() }
    }

    /// Notes what the entry did, and adds to its requests those that a session let in.
    pub fn hear(&mut self, told: &mut Told) -> Result<(), Broken> {
        if !self.is_on {
            let asked = std::mem::take(&mut told.sessions).into_iter();
            told.requests.extend(asked.filter_map(|command| match command {
                SessionCommand::Request(asked) => Some(*asked),
                _ => None,
            }));
            return Ok(());
        }
        let table = self.tables.entry(told.partition).or_default();
        table.now += (told.time.0 - table.time.0).min(APART_MAX);
        table.time = told.time;
        let mut refused = Vec::new();
        let mut swept = BTreeSet::new();
        for command in std::mem::take(&mut told.sessions) {
            table.commands += 1;
            match command {
                SessionCommand::Other => {}
                SessionCommand::Request(asked) => {
                    let (account, envelope, request) = *asked;
                    if request == AccountRequest::Open {
                        table.accounts.insert(account.clone());
                    }
                    if table.accounts.contains(&account) {
                        self.let_in.extend(ids(envelope.id, &request));
                    }
                    told.requests.push((account, envelope, request));
                }
                SessionCommand::Open { account, id, cancels, origin } => {
                    *self.counts.entry("sessions_opened").or_default() += 1;
                    self.sweeps.insert(ClientId::of_lapse(table.commands).hash());
                    table.open(account, id, cancels, origin, &mut self.counts);
                }
                SessionCommand::In { id, epoch, asked } => {
                    let (account, envelope, request) = *asked;
                    if table.is_open(&account, id, epoch) {
                        *self.counts.entry("session_requests").or_default() += 1;
                        self.let_in.extend(ids(envelope.id, &request));
                        told.requests.push((account, envelope, request));
                    } else if self.let_in.contains(&envelope.id) {
                        *self.counts.entry("session_requests_repeated").or_default() += 1;
                        told.requests.push((account, envelope, request));
                    } else {
                        *self.counts.entry("session_requests_fenced").or_default() += 1;
                        self.fenced.extend(ids(envelope.id, &request));
                        refused.push(envelope.origin);
                    }
                }
                SessionCommand::Attend { origin, lost } => table.attend(origin, lost),
                SessionCommand::Tick => {
                    for it in table.lapse() {
                        *self.counts.entry("sessions_lapsed").or_default() += 1;
                        if it.cancels {
                            swept.insert(ClientId::of_lapse(it.session.epoch).hash());
                            self.swept.insert(it.session.account.clone(), told.index);
                        }
                        self.lapsed.push(it);
                    }
                }
            }
        }
        self.is_fenced(&refused, told)?;
        self.is_swept(&swept, told)
    }

    /// SES-1.
    fn is_fenced(&mut self, refused: &[Origin], told: &Told) -> Result<(), Broken> {
        let (mut should, mut does) = (refused.to_vec(), told.fenced.clone());
        let place = |it: &Origin| (it.node, it.incarnation, it.request);
        should.sort_unstable_by_key(place);
        does.sort_unstable_by_key(place);
        let (id, index) = (told.partition.0, told.index);
        hold!("SES-1", should == does, "{index} of {id} fences {does:?}, it should {should:?}");
        self.checked += should.len() as u64;
        let mut seen = Vec::new();
        for row in &told.rows {
            if let HistoryRow::Order(state) = row {
                seen.push(&**state);
            }
        }
        for state in told.orders.iter().chain(seen) {
            self.note(state, index)?;
        }
        Ok(())
    }

    fn note(&mut self, state: &OrderState, index: u64) -> Result<(), Broken> {
        self.orders.entry(state.key).or_insert(index);
        let asked = !self.fenced.contains(&state.client_id);
        let may = asked || self.let_in.contains(&state.client_id);
        hold!("SES-1", may, "{state:?} was asked for in a fenced session alone");
        Ok(())
    }

    /// SES-2: what cancels in the name of a session that is over.
    fn is_swept(&mut self, swept: &BTreeSet<u128>, told: &Told) -> Result<(), Broken> {
        let mut cancelled = 0;
        for (_, message) in &told.sent {
            let Message::ToBook(_, BookMessage::Cancel { order, request: Some(id), .. }) = message
            else {
                continue;
            };
            if !self.sweeps.contains(id) {
                continue;
            }
            let (index, partition) = (told.index, told.partition.0);
            let is_over = swept.contains(id);
            hold!(
                "SES-2",
                is_over,
                "at {index} of {partition} {order:?} is cancelled for a session that is not over"
            );
            cancelled += 1;
        }
        self.checked += cancelled;
        if cancelled > 0 {
            *self.counts.entry("orders_left_behind").or_default() += cancelled;
        }
        Ok(())
    }

    /// What lapsed since this was asked last.
    pub fn take_lapsed(&mut self) -> Vec<Lapsed> {
        std::mem::take(&mut self.lapsed)
    }

    /// What is open, and who opened it.
    pub fn open(&self) -> impl Iterator<Item = (PartitionId, SessionRef, Origin)> {
        self.tables.iter().flat_map(|(partition, table)| {
            table.open.iter().map(|((account, id), open)| {
                let session = SessionRef { account: account.clone(), id: *id, epoch: open.epoch };
                (*partition, session, open.opened_by)
            })
        })
    }

    /// SES-3, at rest.
    pub fn finish(&mut self, references: &References) -> Result<(), Broken> {
        for entity in references.values().flat_map(|it| it.replica.entities.values()) {
            let Entity::Account(account) = entity else { continue };
            let Some(swept) = self.swept.get(account.name()) else { continue };
            self.checked += 1;
            for order in account.open_orders() {
                let state = &order.state;
                let seen = self.orders.get(&state.key).copied().unwrap_or(u64::MAX);
                hold!("SES-3", seen >= *swept, "{state:?} outlived its session, over at {swept}");
            }
        }
        Ok(())
    }
}

/// The ids that a request gives to orders.
fn ids(id: ClientId, request: &AccountRequest) -> impl Iterator<Item = ClientId> + use<> {
    let other = match request {
        AccountRequest::Place { order, .. } => order.other().map(|other| other.id),
        _ => None,
    };
    std::iter::once(id).chain(other)
}

impl Table {
    fn open(
        &mut self,
        account: Box<str>,
        id: ClientId,
        cancels: bool,
        opened_by: Origin,
        counts: &mut BTreeMap<&'static str, u64>,
    ) {
        if !self.accounts.contains(&account) {
            return;
        }
        let name = (account.clone(), id);
        let place = (opened_by.node, opened_by.incarnation, opened_by.request);
        let is_open = self.open.contains_key(&name);
        if !self.openers.entry(name).or_default().insert(place) {
            return;
        }
        if is_open {
            *counts.entry("sessions_taken_over").or_default() += 1;
        }
        self.heard.insert(gateway(opened_by), self.now);
        let open = Open { opened_by, epoch: self.commands, cancels, lost: None };
        self.open.insert((account, id), open);
    }

    fn is_open(&self, account: &str, id: ClientId, epoch: u64) -> bool {
        self.open.get(&(account.into(), id)).is_some_and(|open| open.epoch == epoch)
    }

    fn attend(&mut self, origin: Origin, lost: Vec<SessionRef>) {
        self.heard.insert(gateway(origin), self.now);
        for SessionRef { account, id, epoch } in lost {
            if let Some(open) = self.open.get_mut(&(account, id))
                && open.epoch == epoch
            {
                open.lost.get_or_insert(self.now);
            }
        }
    }

    fn lapse(&mut self) -> Vec<Lapsed> {
        let (now, heard) = (self.now, &self.heard);
        let is_over = |open: &Open| {
            let heard = heard.get(&gateway(open.opened_by)).copied().unwrap_or_default();
            now >= open.lost.unwrap_or(heard).min(heard) + GRACE
        };
        let over: Vec<Name> = self
            .open
            .iter()
            .filter(|(_, open)| is_over(open))
            .map(|(name, _)| name.clone())
            .collect();
        let mut lapsed = Vec::new();
        for name in over {
            let Some(open) = self.open.remove(&name) else { continue };
            self.openers.remove(&name);
            let session = SessionRef { account: name.0, id: name.1, epoch: open.epoch };
            let Open { opened_by, cancels, .. } = open;
            lapsed.push(Lapsed { session, opened_by, cancels });
        }
        lapsed
    }
}
