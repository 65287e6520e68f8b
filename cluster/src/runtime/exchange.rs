//! The exchange of one node, as its gateways see it.

mod reads;

use super::answers::{Answers, Failure, Reply};
use super::failing::Failing;
use super::feed::Feed;
use super::intake::Asked;
use super::membership::Membership;
use super::options::ExchangeOptions;
use super::partition::{Partition, PartitionStatus};
use super::quotes::{Quote, Quotes};
use crate::log::ANSWERS_WITHIN;
use crate::log::SegmentLog;
use crate::partition::{Command, Entry, MetaCommand, SessionRef, Trace};
use crate::raft::Leadership;
use hoga_actors::EntityId;
use hoga_engine::client_id::ClientId;
use hoga_engine::follow::Snapshot;
use hoga_engine::ids::{InstrumentId, Origin, PartitionId};
use hoga_engine::instrument::{Catalogue, Instrument, Phase};
use hoga_engine::request::{AccountRequest, Envelope};
use hoga_engine::time::Time;
use hoga_engine::topology::Topology;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// What identifies a request besides its body.
#[derive(Clone, Copy, Debug)]
pub struct Identified {
    pub id: ClientId,
    /// Of the body, without what may differ between tries.
    pub body_hash: u64,
    pub sent_at: Option<Time>,
    pub trace: Trace,
}

/// A node's exchange. Cheap to clone.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

/// An exchange that this handle does not keep alive.
pub(crate) struct WeakExchange(Weak<Inner>);

impl WeakExchange {
    pub fn upgrade(&self) -> Option<Exchange> {
        self.0.upgrade().map(Exchange)
    }
}

pub(super) type Shown = BTreeMap<PartitionId, watch::Receiver<Arc<Catalogue>>>;

struct Inner {
    options: ExchangeOptions,
    log: SegmentLog,
    answers: Arc<Answers>,
    feed: Feed,
    quotes: Arc<Quotes>,
    partitions: BTreeMap<PartitionId, Arc<Partition>>,
    catalogues: Shown,
    failing: Failing,
    space_is_low: watch::Receiver<bool>,
    membership: Option<Membership>,
}

/// What an exchange is put together from.
pub(super) struct Parts {
    pub options: ExchangeOptions,
    pub log: SegmentLog,
    pub answers: Arc<Answers>,
    pub feed: Feed,
    pub quotes: Arc<Quotes>,
    pub partitions: BTreeMap<PartitionId, Arc<Partition>>,
    pub catalogues: Shown,
    pub failing: Failing,
    /// Its part among other nodes, when there are any.
    pub membership: Option<Membership>,
}

impl Exchange {
    pub(super) fn new(parts: Parts) -> Exchange {
        let Parts { options, log, answers, feed, quotes, .. } = parts;
        let (low, space_is_low) = watch::channel(false);
        let reserve = options.reserve_bytes;
        tokio::spawn(super::space::watch_space(options.data.clone(), reserve, low));
        Exchange(Arc::new(Inner {
            options,
            log,
            answers,
            feed,
            quotes,
            partitions: parts.partitions,
            catalogues: parts.catalogues,
            failing: parts.failing,
            space_is_low,
            membership: parts.membership,
        }))
    }

    pub(super) fn downgrade(&self) -> WeakExchange {
        WeakExchange(Arc::downgrade(&self.0))
    }

    pub(super) fn partition(&self, id: PartitionId) -> Option<Arc<Partition>> {
        self.0.partitions.get(&id).cloned()
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = &Arc<Partition>> {
        self.0.partitions.values()
    }

    pub(super) fn is_short_of_space(&self) -> bool {
        *self.0.space_is_low.borrow()
    }

    pub(super) fn space_is_low(&self) -> watch::Receiver<bool> {
        self.0.space_is_low.clone()
    }

    /// Its part among other nodes; none for an exchange of one.
    #[must_use]
    pub fn membership(&self) -> Option<&Membership> {
        self.0.membership.as_ref()
    }

    /// Says that this node cannot go on.
    pub(super) fn fail(&self, cause: &str) {
        self.0.failing.say(cause);
    }

    /// Waits until this node leads every partition and has applied what was committed before.
    pub(super) async fn until_led(&self) {
        for partition in self.0.partitions.values() {
            let mut leadership = partition.replica.leadership();
            // It ends only when the replica stops, and then a later call says so.
            drop(leadership.wait_for(|leadership| leadership.is_me).await);
            drop(partition.replica.read_barrier().await);
        }
    }

    /// Counts what this start replayed behind the snapshots.
    pub(super) fn count_replay(&self, took: Duration) {
        let of_one = |status: PartitionStatus| status.commands.saturating_sub(status.restored);
        let replayed = self.status().into_iter().map(of_one).sum();
        metrics::counter!("hoga_replay_commands_total").absolute(replayed);
        metrics::gauge!("hoga_replay_seconds").set(took.as_secs_f64());
    }

    /// Asks something of an account and waits for the answer.
    ///
    /// Never hangs: when `within` is over the outcome is unknown, and a retry finds out.
    pub async fn ask(
        &self,
        account: &str,
        identified: &Identified,
        request: AccountRequest,
        within: Duration,
    ) -> Reply {
        let (origin, answer) = match self.submit(account, identified, request) {
            Ok(submitted) => submitted,
            Err(failure) => return Reply::failure(failure),
        };
        self.wait(origin, answer, within).await
    }

    /// Asks something of an account; the answer comes through the channel. Requests of one
    /// caller for one account are written in the order of the calls.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn submit(
        &self,
        account: &str,
        identified: &Identified,
        request: AccountRequest,
    ) -> Result<(Origin, oneshot::Receiver<Reply>), Failure> {
        let partition = self.0.options.topology.account_partition(account);
        let request = self.priced(request);
        let account = account.into();
        self.enter_identified(partition, identified, |envelope| Command::Request {
            account,
            envelope,
            request,
        })
    }

    /// The same within a named session: refused when that was opened again since.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn submit_in(
        &self,
        session: &SessionRef,
        identified: &Identified,
        request: AccountRequest,
    ) -> Result<(Origin, oneshot::Receiver<Reply>), Failure> {
        let SessionRef { account, id, epoch } = session.clone();
        let partition = self.0.options.topology.account_partition(&account);
        let request = self.priced(request);
        self.enter_identified(partition, identified, |envelope| {
            let asked = Box::new((account, envelope, request));
            Command::InSession { id, epoch, asked }
        })
    }

    /// Stamps where the market stands on an order that starts from there: the log keeps it.
    fn priced(&self, request: AccountRequest) -> AccountRequest {
        match request {
            AccountRequest::Place { order, ack, market_price: None }
                if order.price.is_none() || order.terms.is_some() =>
            {
                let market_price = self.quote(order.instrument).market_price(&order);
                AccountRequest::Place { order, ack, market_price }
            }
            other => other,
        }
    }

    /// Asks for a change of assets or instruments. When the answer is there, every account
    /// partition knows of it.
    pub async fn administer(
        &self,
        identified: &Identified,
        command: MetaCommand,
        within: Duration,
    ) -> Reply {
        let known = knows(&command);
        let until = tokio::time::Instant::now() + within;
        let meta = |envelope| Command::Meta { envelope, command };
        let (origin, answer) = match self.enter_identified(Topology::META, identified, meta) {
            Ok(submitted) => submitted,
            Err(failure) => return Reply::failure(failure),
        };
        let reply = self.wait(origin, answer, within).await;
        if matches!(reply.answer, Ok(hoga_engine::effect::Answer::Done)) {
            let everybody = async {
                for (id, shown) in &self.0.catalogues {
                    if matches!(
                        self.0.options.topology.role(*id),
                        hoga_engine::topology::Role::Accounts
                    ) {
                        drop(shown.clone().wait_for(|catalogue| known(catalogue)).await);
                    }
                }
            };
            // Told or not, it is done: who comes too early is refused, and asks again.
            drop(tokio::time::timeout_at(until, everybody).await);
        }
        reply
    }

    /// Gives an instrument a snapshot of the outside book that it follows, and waits for what
    /// became of it. The same number again changes nothing.
    pub async fn post(
        &self,
        instrument: InstrumentId,
        snapshot: Snapshot,
        trace: Trace,
        within: Duration,
    ) -> Reply {
        let partition = self.0.options.topology.book_partition(instrument);
        let snapshot = Box::new(snapshot);
        let command = |origin| Command::Post { instrument, origin, snapshot };
        self.tell(partition, trace, command, within).await
    }

    /// Lets a suspended entity go on.
    pub async fn resume(
        &self,
        partition: PartitionId,
        entity: EntityId,
        within: Duration,
    ) -> Reply {
        let command = |origin| Command::Resume { entity, origin };
        self.tell(partition, Trace::default(), command, within).await
    }

    /// Opens a named session of an account, or takes it from whoever had it.
    pub async fn open_session(
        &self,
        account: &str,
        id: ClientId,
        cancels: bool,
        trace: Trace,
        within: Duration,
    ) -> Reply {
        let partition = self.0.options.topology.account_partition(account);
        let account = account.into();
        let command = |origin| Command::OpenSession { account, id, cancels, origin };
        self.tell(partition, trace, command, within).await
    }

    /// Says that this node is there for the sessions that were opened through it, and which of
    /// them lost their clients.
    pub async fn attend(
        &self,
        partition: PartitionId,
        lost: Vec<SessionRef>,
        within: Duration,
    ) -> Reply {
        let command = |origin| Command::Attend { origin, lost };
        self.tell(partition, Trace::default(), command, within).await
    }

    /// Writes a command that is neither an account's nor an operator's request, and waits for what
    /// became of it.
    async fn tell(
        &self,
        partition: PartitionId,
        trace: Trace,
        command: impl FnOnce(Origin) -> Command,
        within: Duration,
    ) -> Reply {
        match self.enter(partition, trace, command) {
            Ok((origin, answer)) => self.wait(origin, answer, within).await,
            Err(failure) => Reply::failure(failure),
        }
    }

    fn enter_identified(
        &self,
        partition: PartitionId,
        identified: &Identified,
        command: impl FnOnce(Envelope) -> Command,
    ) -> Result<(Origin, oneshot::Receiver<Reply>), Failure> {
        let Identified { id, body_hash, sent_at, trace } = *identified;
        let envelope = |origin| Envelope { origin, id, body_hash, sent_at };
        self.enter(partition, trace, |origin| command(envelope(origin)))
    }

    fn enter(
        &self,
        partition: PartitionId,
        trace: Trace,
        command: impl FnOnce(Origin) -> Command,
    ) -> Result<(Origin, oneshot::Receiver<Reply>), Failure> {
        let (origin, answer) = self.0.answers.open(partition);
        let entry = Entry { trace, command: command(origin) };
        self.write(partition, entry, origin).inspect_err(|_| self.0.answers.forget(origin))?;
        Ok((origin, answer))
    }

    fn write(&self, id: PartitionId, entry: Entry, origin: Origin) -> Result<(), Failure> {
        // With other nodes, it is the disk of the one who leads that counts.
        if self.0.membership.is_none() && self.is_short_of_space() {
            return Err(Failure::DiskFull);
        }
        let partition = &self.0.partitions[&id];
        if !partition.trusted.now().serves() {
            return Err(Failure::NotLeader(id.0));
        }
        if *partition.congested.borrow() {
            let why = format!("partition {} has too much on its way to others", id.0);
            return Err(Failure::Busy(why));
        }
        partition.clients.try_send(Asked { entry, origin }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Failure::Busy(format!("partition {} has too much waiting", id.0))
            }
            mpsc::error::TrySendError::Closed(_) => Failure::NotLeader(id.0),
        })
    }

    /// Waits for the answer to a submitted request.
    pub async fn wait(
        &self,
        origin: Origin,
        answer: oneshot::Receiver<Reply>,
        within: Duration,
    ) -> Reply {
        match tokio::time::timeout(within, answer).await {
            Ok(Ok(reply)) => reply,
            _ => {
                self.0.answers.forget(origin);
                Reply::failure(Failure::Unknown)
            }
        }
    }

    /// Assets and instruments, as the account partitions know them.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        let accounts = self.0.options.topology.first_of_accounts();
        self.0.catalogues[&accounts].borrow().clone()
    }

    /// The same, as it changes.
    #[must_use]
    pub fn catalogue_changes(&self) -> watch::Receiver<Arc<Catalogue>> {
        let accounts = self.0.options.topology.first_of_accounts();
        self.0.catalogues[&accounts].clone()
    }

    /// Who leads a partition, as far as this node knows, as it changes.
    #[must_use]
    pub fn leadership(&self, partition: PartitionId) -> watch::Receiver<Leadership> {
        self.0.partitions[&partition].replica.leadership()
    }

    /// Whether this node leads a partition, as most of its replicas say after this call. It waits
    /// for them half a second at most: a node that is cut off does not lead.
    pub async fn proves_to_lead(&self, partition: PartitionId) -> bool {
        let partition = &self.0.partitions[&partition];
        partition.leads() && partition.read_barrier().await.is_some()
    }

    #[must_use]
    pub fn quote(&self, instrument: InstrumentId) -> Quote {
        self.0.quotes.get(instrument)
    }

    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.0.feed
    }

    #[must_use]
    pub fn topology(&self) -> Topology {
        self.0.options.topology
    }

    #[must_use]
    pub fn options(&self) -> &ExchangeOptions {
        &self.0.options
    }

    #[must_use]
    pub fn log(&self) -> &SegmentLog {
        &self.0.log
    }

    #[must_use]
    pub fn status(&self) -> Vec<PartitionStatus> {
        self.0.partitions.values().map(|partition| partition.status()).collect()
    }

    /// Makes every partition take a snapshot; returns how many had something new.
    ///
    /// # Errors
    /// The first that could not; those before it are durable.
    pub async fn snapshot(&self) -> Result<usize, crate::raft::SnapshotError> {
        let all: Vec<PartitionId> = self.0.partitions.keys().copied().collect();
        self.snapshot_of(&all).await
    }

    /// The same for some partitions. One that this node does not have is passed over.
    ///
    /// # Errors
    /// As [`Exchange::snapshot`].
    pub async fn snapshot_of(
        &self,
        partitions: &[PartitionId],
    ) -> Result<usize, crate::raft::SnapshotError> {
        let mut taken = 0;
        for partition in partitions.iter().filter_map(|id| self.0.partitions.get(id)) {
            taken += usize::from(partition.replica.trigger_snapshot().await?);
        }
        Ok(taken)
    }

    /// Waits until this node cannot go on, and says why: its log or its history cannot be
    /// written, or a partition is dead. Whoever runs the node ends the process then, at once.
    pub async fn failed(&self) -> Arc<str> {
        let mut log = self.0.log.fatal();
        tokio::select! {
            Ok(cause) = log.wait_for(Option::is_some) => cause.clone().unwrap_or_default(),
            cause = self.0.failing.said() => cause,
            () = self.until_stuck() => {
                format!("the disk of the log has not answered for {ANSWERS_WITHIN:?}").into()
            }
        }
    }

    async fn until_stuck(&self) {
        self.0.log.busy().until_stuck().await;
    }

    /// Takes no more, applies what is committed, makes the log durable, and ends; without all
    /// that where the disk does not answer any more.
    pub async fn stop(&self) {
        tokio::select! {
            () = self.stop_in_order() => {}
            () = self.until_stuck() => tracing::error!("the disk does not answer: stopped as by a crash"),
        }
    }

    async fn stop_in_order(&self) {
        if let Some(membership) = &self.0.membership {
            membership.leave(self).await;
        }
        for partition in self.0.partitions.values() {
            partition.stop().await;
        }
        if let Some(membership) = &self.0.membership {
            membership.peers().links().stop().await;
        }
        if let Err(error) = self.0.log.close().await {
            tracing::error!(%error, "the log did not close well");
        }
    }
}

/// Whether a catalogue has what a command asked for.
fn knows(command: &MetaCommand) -> Box<dyn Fn(&Catalogue) -> bool + Send + Sync> {
    match command {
        MetaCommand::CreateAsset(asset) => {
            let code = asset.code.clone();
            Box::new(move |catalogue| catalogue.asset_by_code(&code).is_some())
        }
        MetaCommand::CreateInstrument(instrument) => {
            let symbol = instrument.symbol.clone();
            Box::new(move |catalogue| catalogue.instrument_by_symbol(&symbol).is_some())
        }
        MetaCommand::SetPhase { instrument, phase } => {
            let (id, phase) = (*instrument, *phase);
            Box::new(move |c| c.instruments.get(&id).is_some_and(|known| is_in(known, phase)))
        }
        MetaCommand::SetPhases { phase } => {
            let phase = *phase;
            let has_come = move |it: &Instrument| it.phase == Phase::Closed || is_in(it, phase);
            Box::new(move |c| c.instruments.values().all(has_come))
        }
        MetaCommand::SetLimits { instrument, limits } => {
            let (id, limits) = (*instrument, limits.clone());
            Box::new(move |c| c.instruments.get(&id).is_some_and(|known| limits.hold_in(known)))
        }
        // A catalogue has neither candles nor seasons, and nodes are nobody's business but the meta
        // partition's.
        MetaCommand::ImportCandles { .. }
        | MetaCommand::OpenSeason { .. }
        | MetaCommand::CloseSeason { .. }
        | MetaCommand::FoundNodes(_)
        | MetaCommand::AddNode { .. }
        | MetaCommand::EnterNode { .. }
        | MetaCommand::DrainNode { .. }
        | MetaCommand::RemoveNode { .. } => Box::new(|_| true),
    }
}

/// Whether an instrument has come to the phase that an operator wants.
fn is_in(known: &Instrument, phase: Phase) -> bool {
    match phase {
        // Behind the end of a halt stands what the table of its day says.
        // A halt that ends by itself is none of an operator's.
        Phase::Continuous => known.phase != Phase::Halted || known.phase_until.is_some(),
        other => known.phase == other,
    }
}
