//! Links between nodes: who is there, and asking them.
//!
//! *Owns* the node-to-node listener, and for each peer and [`Lane`] one stream that this node
//! dialled, on a connection of its own: a heartbeat never waits behind an append, nor an append
//! behind a snapshot. *Takes* calls ([`Links::call`]) and notifications ([`Links::notify`]) into
//! bounded buffers. *Emits* what peers ask to a [`Handler`], and how each peer is
//! ([`Links::peers`]).
//!
//! *On failure* a call says whether it may have arrived: [`CallError::Down`] and
//! [`CallError::Full`] are definite, [`CallError::Unknown`] is not. A stream that is silent for
//! [`SILENT_MS_MAX`] is closed, everything under way on it ends as unknown, and it is dialled
//! again, for ever. A peer of another cluster, another protocol version or another name than its
//! certificate's is refused, and told why.

mod accept;
mod answering;
mod connect;
mod development;
mod dial;
mod error;
mod handler;
mod hello;
mod lane;
mod links;
mod options;
mod peer_state;
mod register;
mod sending;
mod service;
mod session;
mod tls;
mod told;

#[cfg(test)]
mod development_tests;
#[cfg(test)]
mod hello_tests;
#[cfg(test)]
pub(crate) mod rig;
#[cfg(test)]
mod tests;

pub use development::DevelopmentCa;
pub use error::{CallError, LinkError};
pub use handler::Handler;
pub use lane::{FRAME_BYTES, Lane};
pub use links::Links;
pub use options::{LinkOptions, Listen};
pub use peer_state::PeerState;
pub use tls::Tls;

/// The name of a node; the same as in consensus.
pub type NodeId = u64;

/// Milliseconds without a sign of life after which a stream is given up.
pub const SILENT_MS_MAX: u64 = 3_000;
