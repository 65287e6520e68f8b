//! How a node's exchange is set up.

use super::clock::Clock;
use crate::history::RETENTION_DAYS_DEFAULT;
use crate::link::{NodeId, Tls};
use crate::log::LogOptions;
use hoga_engine::topology::Topology;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything an [`super::Exchange`] needs to start.
#[derive(Clone, Debug)]
pub struct ExchangeOptions {
    pub data: PathBuf,
    pub node: u64,
    pub topology: Topology,
    pub clock: Clock,
    pub log: LogOptions,
    /// Bytes of a partition's log after which it takes a snapshot.
    pub snapshot_bytes: u64,
    /// How long the rows of orders, fills and ledgers are kept; none for ever.
    pub history_kept: Option<Duration>,
    /// Free bytes of the data directory's disk below which nothing new is taken in.
    pub reserve_bytes: u64,
    /// How often replicas compare their state, at most.
    pub checkpoint_every: Duration,
    /// The other nodes; none for an exchange of one.
    pub cluster: Option<ClusterOptions>,
}

/// What a node knows of the others before it has met them.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Nodes of another name are refused.
    pub name: String,
    /// Where this node listens for the others.
    pub listen: SocketAddr,
    /// Where the others call it, and where clients do: host and port.
    pub link: String,
    pub gateway: String,
    /// Where some of the others are called; the table of nodes tells the rest.
    pub peers: BTreeMap<NodeId, String>,
    /// The nodes that the exchange begins with. Empty for one that is added later.
    pub founders: BTreeSet<NodeId>,
    /// Times of consensus in milliseconds: heartbeat, shortest and longest election time-out.
    pub heartbeat_ms: u64,
    pub election_ms: (u64, u64),
    /// Certificates; none only on loopback.
    pub tls: Option<Tls>,
}

impl ExchangeOptions {
    /// The defaults for one node on a data directory.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> ExchangeOptions {
        ExchangeOptions {
            data: data.into(),
            node: 1,
            topology: Topology::default(),
            clock: Clock::wall(),
            log: LogOptions::default(),
            snapshot_bytes: 64 << 20,
            history_kept: Some(Duration::from_secs(RETENTION_DAYS_DEFAULT * 86_400)),
            reserve_bytes: 128 << 20,
            checkpoint_every: Duration::from_secs(10),
            cluster: None,
        }
    }
}
