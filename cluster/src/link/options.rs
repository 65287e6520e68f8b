//! How links are set up.

use super::NodeId;
use super::tls::Tls;
use hoga_engine::topology::Topology;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};

/// Where a node listens for its peers.
#[derive(Debug)]
pub enum Listen {
    At(SocketAddr),
    /// Bound already, perhaps to a port that nobody chose.
    Bound(TcpListener),
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Listen {
        Listen::At(address)
    }
}

impl From<TcpListener> for Listen {
    fn from(listener: TcpListener) -> Listen {
        Listen::Bound(listener)
    }
}

/// Everything that [`super::Links`] need to start.
#[derive(Debug)]
pub struct LinkOptions {
    pub node: NodeId,
    /// Counts this node's starts.
    pub incarnation: u32,
    /// The name of the cluster; peers of another one are refused.
    pub cluster: String,
    /// The version of what is spoken over the links; peers with another one are refused.
    pub version: u32,
    /// Into how many partitions the exchange is cut; peers with others are refused.
    pub topology: Topology,
    pub listen: Listen,
    /// Host and port of each peer; this node itself may be among them.
    pub peers: BTreeMap<NodeId, String>,
    /// None only on loopback.
    pub tls: Option<Tls>,
}
