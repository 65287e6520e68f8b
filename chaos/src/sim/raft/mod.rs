//! Depth: the world on openraft itself, with the product's segment log on simulated disks.
//!
//! Owns: processes, disks, the network under consensus, the operator that changes members. Takes:
//! the world's orders. Emits: what openraft commits, whom it elects, what it installs. On failure:
//! a panic or a log that does not open is a finding.

mod disk;
mod hub;
mod machine;
mod members;
mod network;
mod process;
mod propose;
mod runtime;
mod store;
mod types;
mod words;

use super::faults::Fault;
use super::mutants::Mutant;
use super::swarm::Swarm;
use super::words::{DiskState, NodeId, Order};
use super::world::World;
use hoga_engine::pit::Chooser;
use hub::Hub;
use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use std::collections::BTreeMap;
use std::time::Duration;

/// Runs a seed to its end.
#[must_use]
pub fn drive(swarm: Swarm, faults: Vec<Fault>, mutant: Option<Mutant>) -> World {
    runtime::clear();
    let seed = swarm.seed;
    let founders: Vec<NodeId> = (1..=swarm.nodes).collect();
    let empty = Swarm { clients: 0, subscribers: 0, ..swarm.clone() };
    let hub = Hub::new(World::new(swarm, faults, mutant));
    let mut runtime = SimRuntime::with_seed(seed);
    let mut driver = Driver {
        hub: hub.clone(),
        dice: Chooser(seed ^ 0xD15C),
        founders,
        scopes: BTreeMap::new(),
        last: 0,
    };
    runtime.block_on(driver.run());
    // Everything that is left of the processes goes before what they share.
    for scope in 0..=driver.last {
        runtime::kill(scope);
    }
    let mut shared = hub.lock();
    shared.processes.clear();
    std::mem::replace(&mut shared.world, World::new(empty, Vec::new(), None))
}

struct Driver {
    hub: Hub,
    dice: Chooser,
    founders: Vec<NodeId>,
    /// The process of each node that runs.
    scopes: BTreeMap<NodeId, runtime::Scope>,
    last: runtime::Scope,
}

impl Driver {
    async fn run(&mut self) {
        loop {
            let (orders, next) = {
                let mut shared = self.hub.lock();
                let now = shared.world.now;
                shared.world.advance(now);
                if shared.world.is_over() {
                    return;
                }
                (std::mem::take(&mut shared.world.orders), shared.world.next())
            };
            if !orders.is_empty() {
                orders.into_iter().for_each(|order| self.order(order));
                continue;
            }
            let Some(next) = next else { return };
            let wait = Duration::from_nanos(next.saturating_sub(hub::now()));
            SimRuntime::select2(self.hub.changed.notified(), SimRuntime::sleep(wait)).await;
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Propose { node, partition, ticket, batch } => {
                propose::propose(&self.hub, node, partition, ticket, batch);
            }
            Order::Barrier { node, partition, ticket } => {
                propose::barrier(&self.hub, node, partition, ticket);
            }
            Order::Snapshot { node, partition } => propose::shorten(&self.hub, node, partition),
            Order::Stop { node, down } => {
                process::stop(&self.hub, node, down, &mut self.dice);
                self.scopes.remove(&node);
            }
            Order::Start { node } => {
                if !self.scopes.contains_key(&node) {
                    self.last += 1;
                    self.scopes.insert(node, self.last);
                    process::start(&self.hub, node, self.last, &self.founders);
                }
            }
            Order::Pause { node } => {
                if let Some(scope) = self.scopes.get(&node) {
                    runtime::pause(*scope);
                }
            }
            Order::Resume { node } => {
                if let Some(scope) = self.scopes.get(&node) {
                    runtime::resume(*scope);
                }
            }
            Order::Disk { node, state } => {
                if let Some(machine) = self.hub.lock().machines.get_mut(&node) {
                    machine.state = state;
                    machine.disk.set_full(state == DiskState::Full);
                    machine.disk.set_failing(state == DiskState::Failing);
                }
            }
            Order::Corrupt { node } => self.corrupt(node),
            Order::Wipe { node } => {
                self.hub.lock().machines.remove(&node);
            }
            Order::Lead { partition, to } => propose::transfer(&self.hub, partition, to),
            // The operator looks at who shall be a member.
            Order::Add { .. } | Order::Remove { .. } => members::settle(&self.hub),
        }
    }

    /// A damaged log refuses to open, or the damage lies where nothing is needed any more.
    fn corrupt(&mut self, node: NodeId) {
        let disk = self.hub.lock().machines.get(&node).map(|machine| machine.disk.clone());
        let Some(disk) = disk else { return };
        if disk.damage(&mut self.dice) && !process::opens(&disk) {
            self.hub.lock().world.tally.refused_starts += 1;
        }
    }
}
