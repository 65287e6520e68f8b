//! What links answer when they cannot do what was asked.

use super::NodeId;
use std::io;
use std::net::SocketAddr;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Definitely not sent: there is no connection. Try another node, or later.
    #[error("there is no connection to node {0}")]
    Down(NodeId),
    /// Definitely not sent: too much is under way already. Try again after a moment.
    #[error("too much is under way to node {0}")]
    Full(NodeId),
    /// Definitely not sent. A retry never helps.
    #[error("a body of {bytes} bytes is larger than {max}")]
    TooLarge { bytes: usize, max: usize },
    /// It was sent, or was being sent, and no answer came in time. Only a retry that the other
    /// side recognises as one is safe.
    #[error("node {0} did not answer")]
    Unknown(NodeId),
}

impl CallError {
    /// Whether the other side certainly never saw the call.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        !matches!(self, CallError::Unknown(_))
    }
}

/// Why links did not start. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("the address {address} for other nodes cannot be bound: {source}")]
    Bind { address: SocketAddr, source: io::Error },
    /// Whoever reaches the port could speak for any node.
    #[error("{address} is no loopback address: links between machines need certificates")]
    PlainText { address: SocketAddr },
    #[error("the certificates of node {node}: {reason}")]
    Certificate { node: NodeId, reason: String },
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("{path} can be read by others (mode {mode:03o}); a key has mode 600")]
    KeyMode { path: String, mode: u32 },
}
