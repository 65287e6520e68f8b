//! A partition's state besides its entities.

use super::directory::Directory;
use super::meta::Meta;
use super::nodes::NodeTable;
use super::outbox::{OUTBOX_MAX, Outbox};
use super::sessions::Sessions;
use super::sub_accounts::SubAccounts;
use super::suspension::Suspension;
use hoga_actors::{EntityId, Scene};
use hoga_engine::amount::Ticks;
use hoga_engine::board::TradingDay;
use hoga_engine::ids::{AccountId, AssetId, InstrumentId, PartitionId};
use hoga_engine::instrument::Catalogue;
use hoga_engine::time::Time;
use hoga_engine::topology::{Role, Topology};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The pure bookkeeping of one partition.
pub struct Core {
    pub(super) id: PartitionId,
    pub(super) role: Role,
    pub(super) scene: Scene,
    pub(super) state: CoreState,
    /// Number of the next message that its pump has not been handed. Not part of the state.
    pumped: BTreeMap<PartitionId, u64>,
}

/// What of it a snapshot keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoreState {
    /// Entry time of the last command.
    pub(super) time: Time,
    /// Log index of the last batch.
    pub(super) index: u64,
    /// Commands applied so far, over all batches.
    pub(super) commands: u64,
    pub(super) directory: Directory,
    pub(super) next_in: BTreeMap<PartitionId, u64>,
    pub(super) outboxes: BTreeMap<PartitionId, Outbox>,
    pub(super) sub_accounts: BTreeMap<AssetId, SubAccounts>,
    /// Accounts whose board has not heard of their last change.
    pub(super) touched: BTreeSet<AccountId>,
    /// Books that have closed a day, with their last prices, until all have.
    pub(super) closing: BTreeMap<TradingDay, BTreeMap<InstrumentId, Option<Ticks>>>,
    pub(super) suspended: BTreeMap<EntityId, Suspension>,
    /// Instruments with a book here.
    pub(super) listed: BTreeSet<InstrumentId>,
    /// Ticks are owed up to the first at this time or later, because something waits for them.
    pub(super) ticks_until: Option<Time>,
    /// Books in which time alone has something to do, and when.
    pub(super) alarms: BTreeMap<InstrumentId, Time>,
    pub(super) sessions: Sessions,
    pub(super) meta: Meta,
    pub(super) catalogue: Catalogue,
}

impl Core {
    #[must_use]
    pub fn new(id: PartitionId, topology: Topology) -> Core {
        Core::restore(id, topology, CoreState::default())
    }

    #[must_use]
    pub fn restore(id: PartitionId, topology: Topology, state: CoreState) -> Core {
        let scene = Scene { catalogue: Arc::new(state.catalogue.clone()), topology };
        Core { id, role: topology.role(id), scene, state, pumped: BTreeMap::new() }
    }

    /// The state to keep, as bytes: equal states give equal bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.state).expect("a partition's state always encodes")
    }

    #[must_use]
    pub fn id(&self) -> PartitionId {
        self.id
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What entities may look at, as of the last chunk.
    #[must_use]
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    #[must_use]
    pub fn time(&self) -> Time {
        self.state.time
    }

    /// Log index of the last batch that was planned.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.state.index
    }

    #[must_use]
    pub fn commands(&self) -> u64 {
        self.state.commands
    }

    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.state.directory
    }

    #[must_use]
    pub fn outboxes(&self) -> &BTreeMap<PartitionId, Outbox> {
        &self.state.outboxes
    }

    /// Number of the next message expected from a source.
    #[must_use]
    pub fn next_in(&self, source: PartitionId) -> u64 {
        self.state.next_in.get(&source).copied().unwrap_or(1)
    }

    #[must_use]
    pub fn sub_accounts(&self) -> &BTreeMap<AssetId, SubAccounts> {
        &self.state.sub_accounts
    }

    /// The nodes of the exchange; known to the meta partition alone.
    #[must_use]
    pub fn nodes(&self) -> &NodeTable {
        &self.state.meta.nodes
    }

    #[must_use]
    pub fn suspended(&self) -> &BTreeMap<EntityId, Suspension> {
        &self.state.suspended
    }

    /// Some outbox holds so much that nothing new may be taken in but consequences.
    #[must_use]
    pub fn is_congested(&self) -> bool {
        self.state.outboxes.values().any(|outbox| outbox.len() >= OUTBOX_MAX)
    }

    /// Number of the first message to `to` that was not handed to a pump.
    #[must_use]
    pub fn pumped(&self, to: PartitionId) -> u64 {
        self.pumped.get(&to).copied().unwrap_or(1)
    }

    pub fn set_pumped(&mut self, to: PartitionId, next: u64) {
        self.pumped.insert(to, next);
    }

    /// Whether something waits that only time can bring about.
    #[must_use]
    pub fn needs_tick(&self) -> bool {
        self.state.ticks_until.is_some()
    }

    /// When a tick is wanted although nothing else waits for one; none for never. Books and
    /// sessions want it, a suspended book does not.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Time> {
        let is_suspended = |id| self.state.suspended.contains_key(&EntityId::Book(id));
        let alarms = self.state.alarms.iter().filter(|(id, _)| !is_suspended(**id));
        let of_sessions = self.state.sessions.wants_time_in();
        let of_sessions = of_sessions.map(|wait| Time(self.state.time.0 + wait));
        alarms.map(|(_, at)| *at).chain(of_sessions).min()
    }

    /// Whether a tick at `now` has something to do.
    #[must_use]
    pub fn is_tick_due(&self, now: Time) -> bool {
        self.needs_tick() || self.next_alarm().is_some_and(|at| at <= now)
    }

    /// Changes the catalogue. Only between chunks.
    pub(super) fn change_catalogue(&mut self, change: impl FnOnce(&mut Catalogue)) {
        change(&mut self.state.catalogue);
        self.scene.catalogue = Arc::new(self.state.catalogue.clone());
    }
}
