//! Partitions: the node's log, consensus, snapshots, and what moves between partitions.

pub mod history;
pub mod log;
pub mod raft;
pub mod partition;
pub mod snapshot;
pub mod runtime;
pub mod state;
