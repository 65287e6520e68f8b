//! How a node's exchange is set up.

use super::clock::Clock;
use crate::log::LogOptions;
use hoga_engine::topology::Topology;
use std::path::PathBuf;

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
    /// Free bytes of the data directory's disk below which nothing new is taken in.
    pub reserve_bytes: u64,
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
            reserve_bytes: 128 << 20,
        }
    }
}
