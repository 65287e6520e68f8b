//! Partitions: the node's log, consensus, snapshots, and what moves between partitions.

pub mod history;
pub mod link;
pub mod log;
pub mod partition;
pub mod raft;
pub mod replay;
pub mod runtime;
pub mod snapshot;
pub mod state;
pub mod verify;
