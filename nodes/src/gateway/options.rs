//! How a gateway is set up.

use super::mirror::MirrorOptions;
use crate::auth::Accepts;
use crate::tls::Identity;
use crate::upstream::Upstream;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Far above what a person or a bot needs, far below what a partition takes.
pub const ORDERS_PER_SECOND_MAX: u32 = 10_000;

/// Everything [`serve`](super::serve) needs besides the exchange.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// Where it listens; port 0 for any that is free.
    pub listen: SocketAddr,
    /// Where operators call, and nobody else has to; none for the same address.
    pub listen_for_operators: Option<SocketAddr>,
    pub auth: Accepts,
    /// What it proves itself with; none for plain text.
    pub tls: Option<Identity>,
    /// Plain text on a listener that others can reach. Development tokens never work there.
    pub insecure: bool,
    /// Its market is founded after it serves: until [`Running::founded`](super::Running::founded)
    /// nobody is told that something is not there.
    pub is_founding: bool,
    /// Bytes of one message from a client.
    pub message_bytes_max: usize,
    /// Connections of clients at a time, as far as the process may have so many files open.
    pub connections_max: usize,
    /// Calls and streams of one connection at a time.
    pub streams_max: u32,
    /// Bytes of all headers of one call.
    pub header_bytes_max: u32,
    /// New orders and amends a second of one account; 0 for no bound.
    pub orders_per_second_max: u32,
    /// Where market data and boards are mirrored to.
    pub mirror: Option<MirrorOptions>,
    /// The outside markets that this node is told of.
    pub upstream: Upstream,
    /// How long calls under way are waited for when the gateway stops.
    pub drain: Duration,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        GatewayOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)),
            listen_for_operators: None,
            auth: Accepts::Nothing,
            tls: None,
            insecure: false,
            is_founding: false,
            message_bytes_max: 64 << 10,
            connections_max: 65_536,
            streams_max: 1_024,
            header_bytes_max: 16 << 10,
            orders_per_second_max: ORDERS_PER_SECOND_MAX,
            mirror: None,
            upstream: Upstream::default(),
            drain: Duration::from_secs(5),
        }
    }
}
