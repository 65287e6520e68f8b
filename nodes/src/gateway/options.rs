//! How a gateway is set up.

use crate::auth::Accepts;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Everything [`serve`](super::serve) needs besides the exchange.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// Where it listens; port 0 for any that is free.
    pub listen: SocketAddr,
    pub auth: Accepts,
    /// Plain text on a listener that others can reach. Development tokens never work there.
    pub insecure: bool,
    /// Bytes of one message from a client.
    pub message_bytes_max: usize,
    /// Calls and streams of one connection at a time.
    pub streams_max: u32,
    /// Bytes of all headers of one call.
    pub header_bytes_max: u32,
    /// How long calls under way are waited for when the gateway stops.
    pub drain: Duration,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        GatewayOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)),
            auth: Accepts::Nothing,
            insecure: false,
            message_bytes_max: 64 << 10,
            streams_max: 1_024,
            header_bytes_max: 16 << 10,
            drain: Duration::from_secs(5),
        }
    }
}
