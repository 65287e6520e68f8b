//! Partitions: the node's log, consensus, snapshots, and what moves between partitions.

pub mod log;
