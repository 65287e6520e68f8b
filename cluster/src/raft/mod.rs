//! Consensus for one partition, behind a port of our own.
//!
//! *Owns* openraft: no type of it appears in what the rest of the crate sees. *Takes* batches of
//! bytes ([`Replica::propose`]) and a [`Machine`], what the partition does with a committed batch.
//! *Emits* committed entries to the machine, strictly in log order; the position of each proposal
//! once it is applied here; and who leads ([`Replica::leadership`]).
//!
//! *On failure* every answer says whether the batch is in the log: refused before it was appended,
//! or unknown. When the log fails, the replica stops, and the log says so to the node.

mod applier;
mod arrival;
mod carriage;
mod codec;
mod depot;
mod donor;
mod error;
mod handover;
mod leadership;
mod machine;
mod members;
mod network;
mod peers;
mod receiving;
mod replica;
mod settings;
mod snapshotting;
mod store;
mod types;
mod wire;

#[cfg(test)]
mod arrival_tests;
#[cfg(test)]
mod cluster_tests;
#[cfg(test)]
mod lease_tests;
#[cfg(test)]
mod replica_tests;
#[cfg(test)]
mod suite_tests;
#[cfg(test)]
mod tally;

pub use applier::Applier;
pub use codec::batch_of;
pub use depot::{BLOCK_BYTES_MAX, Block, Depot, Outgoing, SnapshotName};
pub use donor::{Donor, GIVEN_AT_ONCE_MAX};
pub use error::{ProposeError, ReadError, SnapshotError, StartError};
pub use leadership::Leadership;
pub use machine::{Applied, Committed, Machine, SnapshotMeta, SnapshotWriting, SnapshotWritten};
pub use members::{MembersError, Membership, Progress};
pub use network::{NoNetwork, SnapshotToken};
pub use peers::PeerNetwork;
pub use receiving::RaftHandler;
pub use replica::{Pending, Replica};
pub use settings::ReplicaSettings;
pub use store::LogStore;
pub use types::{Batch, NodeId, RaftTypes, TokioRaft};
pub use wire::KINDS;
