//! Outside markets, live: the books that followed instruments follow, from where they are made.
//!
//! Owns: this node's connection to each venue that it is told of, while it leads the partition
//! which the venue's name falls into ([`keeper`]): so there is one in the cluster, and another node
//! takes it over when this one dies. Takes: frames in Upbit's format; which instruments follow
//! which book, from the catalogue, as operators change it. Emits: numbered snapshots, through the
//! log like everybody's ([`posting`]); numbers and states that operators look at ([`health`]).
//! On failure: a connection that breaks, or goes silent, is opened again after a pause that grows
//! ([`back_off`]). What is not read in time is replaced by what is newer. Nothing here knows
//! whether a book is too old: the instrument does (ADR 0160), and refuses orders.

mod address;
mod back_off;
mod connection;
mod health;
mod keeper;
mod numbering;
mod options;
mod posting;
mod session;
mod wanted;

#[cfg(test)]
mod tests;

pub use address::Venues;
pub use health::{Fed, Seen};
pub use options::{Pace, UpstreamOptions};

use crate::tls::{TlsError, Trust};
use health::Health;
use hoga_cluster::runtime::Exchange;
use hoga_engine::ids::PartitionId;
use hoga_engine::topology::Topology;
use keeper::Keeper;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// The venues of this node. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Upstream {
    venues: Arc<[Arc<Health>]>,
    keepers: Arc<[AbortHandle]>,
}

/// Begins to keep connections, wherever this node leads. They end with [`Upstream::stop`].
///
/// # Errors
/// The authorities cannot be read; nothing is kept.
pub fn start(exchange: &Exchange, options: UpstreamOptions) -> Result<Upstream, TlsError> {
    if options.venues.is_empty() {
        return Ok(Upstream::default());
    }
    let trust = Trust::of_strangers(options.authorities.as_deref())?;
    let mut upstream = (Vec::new(), Vec::new());
    for (name, address) in options.venues.iter() {
        let health = Arc::new(Health::new(name, address));
        let keeper = Keeper {
            partition: partition(exchange.topology(), name),
            exchange: exchange.clone(),
            venue: name.into(),
            address: address.clone(),
            trust: trust.clone(),
            pace: options.pace,
            health: health.clone(),
        };
        upstream.1.push(tokio::spawn(keeper.run()).abort_handle());
        upstream.0.push(health);
    }
    Ok(Upstream { venues: upstream.0.into(), keepers: upstream.1.into() })
}

/// Whoever leads this partition keeps the connection to a venue. Venues are spread over them by
/// name, as accounts are; nothing else ties the two together.
#[must_use]
pub fn partition(topology: Topology, venue: &str) -> PartitionId {
    topology.account_partition(venue)
}

impl Upstream {
    /// What this node knows of each venue that it was told of.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.venues.iter().map(|health| health.seen()).collect()
    }

    /// Lets go of every connection. What is on its way to the log still goes there.
    pub fn stop(&self) {
        self.keepers.iter().for_each(AbortHandle::abort);
        self.venues.iter().for_each(|health| health.is_elsewhere());
    }
}
