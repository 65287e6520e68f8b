//! Faults: one file each, and what became of a strike.
//!
//! Owns: how each sentence of the fault grammar is done to processes, links and disks. Takes: the
//! exchange, and the places that were aimed at. Emits: [`Struck`]. A fault that this machine has
//! no means for is skipped, and said; one that met nothing to strike is void. On failure: an error
//! that ends the run, for what was done is not known then.

mod add;
mod aim;
mod clock;
mod cut;
mod fill;
mod freeze;
mod fsync;
mod heal;
mod kill;
mod link;
mod power;
mod remove;
mod restart;
mod stall;
mod subscriber;
mod wipe;

pub use heal::mend;

use crate::chance::Chance;
use crate::cluster::Cluster;
use hoga_scenarios::grammar::{Fault, NodeFault};
use std::time::Duration;

/// How long a change of the table of nodes may take.
const CHANGE_WITHIN: Duration = Duration::from_secs(30);
/// Why the table of nodes is not changed.
const NO_MAJORITY: &str = "no majority is well";

/// What became of a strike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Struck {
    /// It is in force, or done, at this target.
    Installed(String),
    /// It made good what was struck before.
    Mended(String),
    /// There was nothing to strike.
    Void(String),
    /// This machine has no means for it.
    Skipped(String),
}

/// Strikes once.
///
/// # Errors
/// What was done is not known.
pub async fn strike(
    cluster: &mut Cluster,
    fault: &Fault,
    chance: &mut Chance,
) -> anyhow::Result<Struck> {
    match fault {
        Fault::Node { fault: what, node } => {
            let Some(place) = aim::at(cluster, node, *what, chance).await else {
                return Ok(Struck::Void(format!("there is no {node} to strike")));
            };
            at_node(cluster, *what, place).await
        }
        Fault::Heal => heal::heal(cluster),
        Fault::AddNode => add::strike(cluster).await,
        Fault::SlowSubscriber => subscriber::strike(cluster).await,
        Fault::StepClock { node, by } => {
            let Some(place) = aim::at(cluster, node, NodeFault::Kill, chance).await else {
                return Ok(Struck::Void(format!("there is no {node} to strike")));
            };
            clock::strike(cluster, place, by.millis)
        }
        Fault::Cut { node, from } => cut::both_ways(cluster, node, from, chance).await,
        Fault::CutOneWay { from, to } => cut::one_way(cluster, from, to, chance).await,
        Fault::Delay { link, by } => link::delay(cluster, link, by.0, chance).await,
        Fault::Lose { percent, link } => {
            link::lose(cluster, link, &percent.to_string(), chance).await
        }
        Fault::Reset(link) => link::reset(cluster, link, chance).await,
    }
}

async fn at_node(cluster: &mut Cluster, what: NodeFault, place: usize) -> anyhow::Result<Struck> {
    match what {
        NodeFault::Kill => kill::strike(cluster, place),
        NodeFault::Freeze => freeze::freeze(cluster, place),
        NodeFault::Thaw => freeze::thaw(cluster, place),
        NodeFault::Restart => restart::strike(cluster, place).await,
        NodeFault::Wipe => wipe::strike(cluster, place).await,
        NodeFault::Drain => remove::drain(cluster, place).await,
        NodeFault::Remove => remove::remove(cluster, place).await,
        NodeFault::FillDisk => fill::strike(cluster, place),
        NodeFault::StallDisk => stall::strike(cluster, place),
        NodeFault::FailFsync => fsync::strike(cluster, place),
        NodeFault::CutPower => power::strike(cluster, place),
    }
}
